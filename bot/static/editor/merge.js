// @ts-check
import { fill, h } from "/console/static/dom.js";
import { fieldName } from "./conflict.js";
import { placeHash } from "./route.js";
import { drawParts } from "./versions.js";

/** The file's side of a conflict beside the form, so that one text can be made of both, and then settled. */
export class MergePanel {
  #head = h("h3", { tabindex: -1 }, "Merge with the file");
  #status = h("p", { role: "status", class: "small" });
  #body = h("div", { class: "merge" });
  element = h("div", { class: "panel merging" }, this.#head, this.#status, this.#body);
  /** Of which entry it is; empty where nothing is merged. */
  #id = "";
  /** The file's fields as they are shown. */
  #file = "";

  /** @param {any} parts */
  constructor({ api, entry, announcer, route, changed }) {
    this.api = api;
    this.entry = entry;
    this.announcer = announcer;
    this.route = route;
    this.changed = changed;
  }

  /** @param {string} id */
  async of(id) {
    this.#id = id;
    fill(this.#body);
    if (!id) return;
    this.#say("Comparing…");
    await this.#look(id, "");
    if (this.#id === id) this.#head.focus();
  }

  /** How things stand now. @param {string} id @param {string} said */
  async #look(id, said) {
    try {
      const found = await this.#conflict(id);
      if (this.#id !== id) return;
      this.#draw(found);
      this.#say(said);
    } catch (error) {
      if (this.#id === id) this.#fail(error);
    }
  }

  /** @param {string} id */
  async #conflict(id) {
    const { conflicts } = await this.api.job("folder/check", {}, () => {});
    return conflicts.find((/** @type {any} */ one) => one.id === id);
  }

  /** @param {any} conflict */
  #draw(conflict) {
    const back = h("a", { class: "button", href: placeHash("transfer") }, "Back to the folder");
    this.#file = JSON.stringify(conflict?.file ?? null);
    if (!conflict?.file) {
      const why = conflict ? "The file is gone: say there whether the entry goes too." : "There is no conflict on this entry, or no more.";
      fill(this.#body, h("p", null, why), h("div", { class: "try-buttons" }, back));
      return;
    }
    const { editor, folder, file } = conflict;
    const names = [...new Set([...(editor ?? []), ...folder].map((one) => one.field))];
    fill(
      this.#body,
      h("p", { class: "quiet small" }, "The form has the entry’s text. Put together there what is to stand; then the file gets it too."),
      names.map((name) => {
        const label = fieldName(name);
        const side = (/** @type {string} */ whose, /** @type {any[]|null} */ diff) => {
          const parts = diff?.find((one) => one.field === name)?.parts;
          return [h("p", { class: "quiet small" }, whose), h("p", { class: "diff-text" }, parts ? drawParts(parts) : "As at the last sync")];
        };
        return h(
          "section",
          { "data-field": name, "aria-label": label },
          h("h4", null, label),
          side(conflict.drafted ? "The editor’s, a draft" : "The editor’s", editor),
          side("The file’s", folder),
          h("button", { class: "button", type: "button", "data-take": name, "aria-label": `Take the file’s: ${label}`, onclick: () => this.#take(name, file[name]) }, "Take the file’s"),
        );
      }),
      h("div", { class: "try-buttons" }, h("button", { class: "button primary", type: "button", "data-action": "settle", onclick: () => this.#settle() }, "Settle with what the form says"), back),
    );
  }

  /** @param {string} name @param {any} value */
  #take(name, value) {
    this.entry.put(name, value);
    this.#say(`${fieldName(name)}: the form has the file’s now. Undo takes it back.`);
  }

  /** Makes the entry ready, and has the file say the same; not where the file is another than the one shown. */
  async #settle() {
    const id = this.#id;
    this.#say("Settling…");
    try {
      if (!(await this.entry.saveNow())) return this.#say("");
      const isWaiting = () => this.#id === id && ["draft", "archived"].includes(this.entry.kept.status);
      if (isWaiting()) await this.entry.setStatus("review");
      // What is live would go into the file in place of what the form says.
      if (isWaiting()) return this.#say("Nothing was settled: the entry could not be made ready.");
      if (this.#id !== id) return;
      const found = await this.#conflict(id);
      if (this.#id !== id) return;
      if (found && JSON.stringify(found.file) !== this.#file) {
        this.#draw(found);
        this.#head.focus();
        return this.#say("The file has been changed meanwhile; nothing was settled. Here is how it stands now.");
      }
      if (found) await this.api.job("folder/settle", { entry: id, side: "editor", seen: found.seen }, () => {});
      this.announcer.toast(found ? "The file says what the entry says." : "There is no conflict any more; a sync does the rest.");
      this.changed();
      this.route.go("transfer");
    } catch (error) {
      if (this.#id === id) this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    fill(this.#status, h("span", { class: "form-error" }, /** @type {Error} */ (error).message));
  }

  /** @param {string} text */
  #say(text) {
    fill(this.#status, text);
  }
}
