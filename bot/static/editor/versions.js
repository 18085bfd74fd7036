// @ts-check
import { fill, h } from "/console/static/dom.js";
import { ago, fullTime } from "/console/static/time.js";
import { fieldName } from "./conflict.js";

/** Who changed what and when, the difference of any two versions, and the way back to each. */
export class VersionsPanel {
  element = h("div", { class: "panel" });
  /** @type {any} */
  #kept = null;
  #diff = h("div", { class: "diff", "aria-live": "polite" });
  #compared = 0;
  /** Which two a person has chosen to compare; a save of the entry leaves them. @type {[number, number]|null} */
  #chosen = null;

  /** @param {any} parts */
  constructor({ api, entry, announcer }) {
    this.api = api;
    this.entry = entry;
    this.announcer = announcer;
  }

  /** @param {any} kept */
  async show(kept) {
    // Nothing of one entry is restored or compared in another.
    if (kept?.id !== this.#kept?.id) {
      fill(this.element, h("p", { class: "quiet" }, "Loading…"));
      fill(this.#diff);
      this.#compared++;
      this.#chosen = null;
    }
    this.#kept = kept;
    if (!kept) return fill(this.element, h("p", { class: "quiet" }, "The history begins with the first save."));
    try {
      const { versions } = await this.api.versions(kept.id);
      if (kept === this.#kept) this.#draw(versions);
    } catch (error) {
      if (kept === this.#kept) fill(this.element, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {any[]} versions */
  #draw(versions) {
    const choice = (/** @type {string} */ name, /** @type {number} */ chosen) =>
      h(
        "select",
        { class: "input", name, "aria-label": name === "from" ? "Compare version" : "with version", onchange: () => this.#choose() },
        versions.map((one) => h("option", { value: one.number, selected: one.number === chosen }, `Version ${one.number}`)),
      );
    const [from, to] = this.#chosen ?? [versions[1]?.number ?? versions[0].number, versions[0].number];
    const held = this.element.contains(document.activeElement) && document.activeElement?.getAttribute("name");
    this.from = choice("from", from);
    this.to = choice("to", to);
    fill(
      this.element,
      h(
        "ol",
        { class: "versions" },
        versions.map((one) =>
          h(
            "li",
            null,
            h(
              "div",
              { class: "grow" },
              h("strong", null, `Version ${one.number}`),
              one.live ? h("span", { class: "chip", "data-status": "published" }, "Live") : one.was_live && h("span", { class: "chip" }, "Was live"),
              h("p", { class: "quiet small", title: fullTime(one.at) }, `${one.by || "Nobody named"} · ${ago(one.at)}${one.note ? ` · ${one.note}` : ""}`),
            ),
            one.number !== this.#kept.version &&
              h("button", { class: "button", type: "button", name: `restore-${one.number}`, "data-restore": one.number, onclick: () => this.#restore(one.number) }, "Restore"),
          ),
        ),
      ),
      versions.length > 1 && h("div", { class: "compare" }, h("span", null, "Compare"), this.from, h("span", null, "with"), this.to),
      this.#diff,
    );
    if (versions.length > 1) void this.#compare();
    else fill(this.#diff);
    // Each control is a new one: whoever was on one goes on there.
    if (held) /** @type {HTMLElement|null} */ (this.element.querySelector(`[name="${held}"]`))?.focus();
  }

  #choose() {
    this.#chosen = [Number(this.from?.value), Number(this.to?.value)];
    void this.#compare();
  }

  async #compare() {
    const compared = ++this.#compared;
    try {
      const { diff } = await this.api.diff(this.#kept.id, Number(this.from?.value), Number(this.to?.value));
      if (compared !== this.#compared) return;
      fill(this.#diff, diff.length ? diff.map((/** @type {any} */ one) => drawDiff(one)) : h("p", { class: "quiet" }, "These two are the same."));
    } catch (error) {
      if (compared === this.#compared) fill(this.#diff, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {number} number */
  async #restore(number) {
    const { id } = this.#kept;
    if (!(await this.entry.saveNow()) || this.entry.kept?.id !== id) return;
    try {
      const kept = await this.api.restore(id, number, this.entry.kept.revision);
      this.announcer.toast(`Version ${number} is the newest again. Nothing in between is lost.`);
      this.entry.replace(kept);
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
  }
}

/** @param {{field: string, parts: [string, string][]}} one @param {"h3"|"h5"} heading */
export function drawDiff({ field, parts }, heading = "h3") {
  return h(
    "section",
    null,
    h(heading, null, fieldName(field)),
    h("p", { class: "diff-text" }, drawParts(parts)),
  );
}

/** @param {[string, string][]} parts */
export function drawParts(parts) {
  return parts.map(([op, text]) => (op === "=" ? text : h(op === "-" ? "del" : "ins", null, text)));
}
