// @ts-check
import { fill, h } from "/console/static/dom.js";
import { ago, fullTime } from "/console/static/time.js";
import { placeHash } from "./route.js";
import { drawDiff } from "./versions.js";

/** @typedef {"editor"|"folder"} Side */

const KINDS = /** @type {{[name: string]: string}} */ ({ new: "new", changed: "changed", gone: "goes" });

/** The Markdown folder: what a sync would do, and the conflicts that only a person can settle. */
export class FolderCard {
  #status = h("p", { role: "status", tabindex: -1, class: "folder-status" });
  #out = h("div", { class: "folder-standing" });
  #busy = false;

  /** @param {any} shared */
  constructor({ api, changed }) {
    this.api = api;
    this.changed = changed;
    this.element = h(
      "section",
      { class: "card folder", "aria-labelledby": "folder-head" },
      h("h3", { id: "folder-head" }, "Folder of Markdown files"),
      h("p", { class: "quiet" }, "A folder on the server, such as a git repository. A sync takes in what was changed there, ready to publish, and writes into its files what is ready or live here. Drafts stay here. Committing and pushing is left to whoever looks after the folder."),
      this.#status,
      this.#out,
    );
  }

  async show() {
    await this.#do("check", {});
  }

  /**
   * One call to the server, and how things stand after it. What was decided on an outdated view is refused there.
   * @param {"check"|"sync"|"settle"} what @param {{[name: string]: string}} body @param {string} [said] once it is done
   */
  async #do(what, body, said = "") {
    if (this.#busy) return;
    this.#busy = true;
    const working = what === "check" ? "Comparing…" : "Working…";
    const held = this.element.contains(document.activeElement);
    const place = [...this.#out.querySelectorAll(".clash")].findIndex((one) => one.contains(document.activeElement));
    fill(this.#status, h("span", { class: "spinner", "aria-hidden": "true" }), ` ${working}`);
    for (const button of this.#out.querySelectorAll("button")) button.disabled = true;
    const call = (/** @type {string} */ name, /** @type {object} */ sent) =>
      this.api.job(`folder/${name}`, sent, (/** @type {number} */ done, /** @type {number} */ of) => of > 1 && this.#progress(done, of));
    let trouble = "";
    try {
      let standing;
      try {
        standing = await call(what, body);
        if (what !== "check") this.changed();
      } catch (error) {
        if (what === "check") throw error;
        trouble = /** @type {Error} */ (error).message;
        standing = await call("check", {});
      }
      this.#draw(standing, trouble || standing.passed.length ? "" : said, trouble, body.entry);
    } catch (error) {
      fill(this.#status);
      fill(this.#out, failure(trouble || /** @type {Error} */ (error).message), this.#again());
    } finally {
      this.#busy = false;
    }
    // The button that was pressed is gone: go on at what went wrong, or at the conflict that took the place of the settled.
    const left = /** @type {NodeListOf<HTMLElement>} */ (this.#out.querySelectorAll(".clash"));
    const wrong = /** @type {HTMLElement|null} */ (this.#out.querySelector("[role=alert]"));
    if (held) (wrong ?? left[Math.min(place, left.length - 1)] ?? this.#status).focus();
  }

  /** A bar, which says how far it is to who asks; no screen reader hears each entry. @param {number} done @param {number} of */
  #progress(done, of) {
    const bar = this.#status.querySelector("progress") ?? h("progress", { "aria-label": "Entries brought in step" });
    bar.max = of;
    bar.value = done;
    if (!bar.isConnected) fill(this.#status, "Working… ", bar, h("span", { "aria-hidden": "true", class: "small" }));
    /** @type {HTMLElement} */ (this.#status.lastElementChild).textContent = ` ${done.toLocaleString("en-GB")} of ${of.toLocaleString("en-GB")}`;
  }

  #again() {
    return h("button", { class: "button", type: "button", "data-action": "look", onclick: () => this.#do("check", {}) }, "Look again");
  }

  /** @param {any} standing @param {string} said @param {string} trouble @param {string} [of] on which conflict */
  #draw(standing, said, trouble, of) {
    const there = standing.conflicts.some((/** @type {any} */ one) => one.id === of);
    const { steps, conflicts, undecided, last } = standing;
    const total = steps.length + standing.more;
    fill(
      this.#status,
      said && h("strong", null, `${said} `),
      h("code", null, standing.folder),
      standing.there ? " · " : " is not there yet; a sync makes it · ",
      last ? h("span", { title: fullTime(last.at) }, `last synced ${ago(last.at)}${last.by ? ` by ${last.by}` : ""}`) : "never synced from here",
      last && last.folder !== standing.folder && ` with ${last.folder}`,
    );
    const inward = steps.filter((/** @type {any} */ one) => one.editor);
    const outward = steps.filter((/** @type {any} */ one) => one.folder);
    fill(
      this.#out,
      trouble && !there && failure(trouble),
      standing.refused && h("p", { class: "form-error" }, standing.refused),
      standing.passed.length > 0 && list(`${count(standing.passed.length, "entry", "entries")} could not be brought in step`, standing.passed.map((/** @type {any} */ one) => `${one.id}: ${one.why}`)),
      !standing.refused && !total && !undecided && !standing.pictures && h("p", { "data-testid": "in-step" }, h("strong", null, "Both are in step.")),
      standing.comes > 0 && list(`Comes in: ${count(standing.comes, "entry", "entries")}`, inward.map(drawStep)),
      standing.goes > 0 && list(`Goes out: ${count(standing.goes, "entry", "entries")}`, outward.map(drawStep)),
      standing.more > 0 && h("p", { class: "quiet small" }, `The first ${steps.length} are shown.`),
      standing.pictures > 0 && h("p", null, `${count(standing.pictures, "picture comes", "pictures come")} along.`),
      standing.drafts.length > 0 && list(`${count(standing.drafts.length, "draft stays", "drafts stay")} here until ${standing.drafts.length === 1 ? "it is" : "they are"} ready`, standing.drafts.map((/** @type {string} */ id) => h("a", { href: placeHash("entries", id) }, id)), false),
      standing.warnings.length > 0 && h("ul", { class: "plain small" }, standing.warnings.map((/** @type {string} */ one) => h("li", null, one))),
      h(
        "div",
        { class: "try-buttons" },
        !standing.refused &&
          h("button", { class: "button primary", type: "button", "data-action": "sync", disabled: !total && !standing.pictures && last && last.folder === standing.folder, onclick: () => this.#do("sync", { digest: standing.digest }, undecided ? "Done, but for the conflicts." : "Both are in step.") }, "Sync now"),
        this.#again(),
      ),
      undecided > 0 && h("h4", { class: "folder-conflicts" }, count(undecided, "conflict", "conflicts")),
      undecided > 0 && h("p", { class: "quiet" }, "Both sides have changed these since the last sync. Nothing of them is touched until somebody decides. The editor’s text can always be found in the entry’s history, the file’s in git, as far as it was committed."),
      conflicts.map((/** @type {any} */ one) => this.#conflict(one, one.id === of ? trouble : "")),
      undecided > conflicts.length && h("p", { class: "quiet small" }, `The first ${conflicts.length} are shown.`),
    );
  }

  /** @param {any} one @param {string} trouble with a decision on it */
  #conflict(one, trouble) {
    const what = one.question || one.id;
    const choice = (/** @type {Side} */ side, /** @type {string} */ name, /** @type {string} */ said) =>
      h("button", { class: "button", type: "button", "data-side": side, "aria-label": `${name}: ${what}`, onclick: () => this.#do("settle", { entry: one.id, side, seen: one.seen }, said) }, name);
    return h(
      "section",
      { class: "clash", "data-entry": one.id, "aria-label": what, tabindex: -1 },
      h("h4", null, what),
      trouble && failure(trouble),
      h("p", { class: "quiet small" }, h("code", null, one.id), ` · ${one.why}.`),
      h(
        "div",
        { class: "versus" },
        side(one.drafted ? "The editor’s, a draft" : "The editor’s", one.editor, "Archived here"),
        side("The file’s", one.folder, "The file is gone"),
      ),
      one.drafted && h("p", { class: "small" }, one.keeps ? "To keep the draft, make the entry ready first; “keep the editor’s” writes into the file what is live now, and the draft stays a draft." : "Only a draft of it is here. To keep that, make it ready first."),
      h(
        "div",
        { class: "try-buttons" },
        one.keeps && (one.editor ? choice("editor", "Keep the editor’s", "The file says what the entry says.") : choice("editor", "Keep it archived, remove the file", "The file is gone.")),
        one.folder ? choice("folder", "Take the file’s", "The entry says what the file says, ready to publish.") : choice("folder", "Archive the entry too", "The entry is archived."),
        h("a", { class: "button", href: placeHash("entries", one.id, { merge: "folder" }), "data-action": "merge", "aria-label": `Merge by hand: ${what}` }, "Merge by hand"),
      ),
    );
  }
}

/** @param {string} name @param {any[]|null} diff @param {string} gone */
function side(name, diff, gone) {
  const body = diff === null ? h("p", null, gone) : diff.length ? diff.map((one) => drawDiff(one, "h5")) : h("p", null, "As at the last sync");
  return h("div", { class: "diff" }, h("p", { class: "quiet small" }, name), body);
}

/** @param {string} trouble */
function failure(trouble) {
  return h("p", { class: "form-error", role: "alert", tabindex: -1 }, trouble);
}

/** @param {any} one */
function drawStep(one) {
  return [one.question || one.id, h("span", { class: "quiet small" }, ` ${one.id} · ${one.editor && one.folder ? "merged" : KINDS[one.kind]}`)];
}

/** @param {string} name @param {any[]} items */
function list(name, items, open = items.length <= 10) {
  return h("details", { open }, h("summary", null, name), h("ul", { class: "plain" }, items.map((one) => h("li", null, one))));
}

/** @param {number} number @param {string} one @param {string} many */
function count(number, one, many) {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
}
