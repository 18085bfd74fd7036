// @ts-check
import { fill, h } from "/console/static/dom.js";
import { openDialog } from "/console/static/dialog.js";
import { icon } from "/console/static/icons.js";
import { placeHash } from "./route.js";

/** Languages that are offered beside those which the library has. Any other tag can be typed. */
const COMMON = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "pt-BR", "da", "sv", "nb", "fi", "cs", "tr", "uk", "ar", "zh-Hans", "ja"];
const TAG = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;

/** `pt-BR` → `Brazilian Portuguese`. @param {string} tag */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** How a translation stands, in a word; nothing where it is live and up to date. @param {any} one */
export function standing(one) {
  if (one.status === "archived") return "archived";
  if (one.outdated) return "out of date";
  return one.live ? "" : "not live";
}

/** The languages of an entry: where each translation stands, the way to it, and to a new one. */
export class FamilyBar {
  #list = h("ul", { class: "family-list" });
  #note = h("div", { class: "family-note" });
  element = h("nav", { class: "family", "aria-label": "Languages of this entry" }, this.#list, this.#note);
  /** @type {string[]} */
  #spoken = [];
  /** What is drawn: a save that changes nothing of it leaves the focus where it is. */
  #drawn = "";

  /** @param {any} parts */
  constructor({ api, route, announcer, entry }) {
    this.api = api;
    this.route = route;
    this.announcer = announcer;
    this.entry = entry;
  }

  /** Those that the library has translations in. @param {string[]} languages */
  speaks(languages) {
    this.#spoken = languages;
  }

  /** @param {any} kept null for an entry that was never saved @param {any} fields */
  draw(kept, fields) {
    const source = kept ? kept.translation_of || kept.id : fields.translation_of;
    this.element.hidden = !source;
    if (!source) return;
    const original = kept && !kept.translation_of ? kept : kept?.original;
    const translations = kept?.translations ?? [];
    const drawn = JSON.stringify([kept?.id, kept?.outdated, source, original?.language, translations, fields.translation_of, fields.language]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    fill(
      this.#list,
      h("li", null, this.#link(source, kept?.id, original?.language ? languageName(original.language) : "Original", original?.language && "original")),
      translations.map((/** @type {any} */ one) => h("li", null, this.#link(one.id, kept?.id, languageName(one.language), standing(one)))),
      !kept && h("li", null, h("span", { class: "chip", "aria-current": "page" }, languageName(fields.language), " · new")),
      kept &&
        h(
          "li",
          null,
          h("button", { class: "button small", type: "button", "data-action": "translate", onclick: () => this.#ask(source, original, translations) }, "Add a translation"),
        ),
    );
    fill(this.#note, this.#notes(kept, fields));
  }

  /** @param {string} id @param {string|undefined} open @param {string} name @param {string} state */
  #link(id, open, name, state) {
    return h(
      "a",
      { class: "chip", href: placeHash("entries", id), "aria-current": id === open ? "page" : null, "data-state": state },
      state === "out of date" && icon("warn"),
      name,
      state && ` · ${state}`,
    );
  }

  /** @param {any} kept @param {any} fields */
  #notes(kept, fields) {
    if (!kept?.outdated) return fields.translation_of && h("p", { class: "quiet small" }, "Category, audience, task and related entries are the original’s.");
    return h(
      "p",
      { class: "small outdated" },
      icon("warn"),
      h("span", null, "The original has changed since this was written. Write it anew, or say that it still fits. "),
      h("button", { class: "button small", type: "button", "data-action": "fits", onclick: () => this.#fits(kept.id) }, "It still fits"),
    );
  }

  /** @param {string} id */
  async #fits(id) {
    // It is said of what stands in the form.
    if (!(await this.entry.saveNow())) return;
    try {
      this.entry.replace(await this.api.follow(id));
      this.announcer.toast("Up to date with its original.");
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
  }

  /** @param {string} source @param {any} original @param {any[]} translations */
  #ask(source, original, translations) {
    const taken = new Set([original?.language, ...translations.map((one) => one.language)].filter(Boolean).map((tag) => tag.toLowerCase()));
    const offered = [...new Set([...this.#spoken, ...COMMON])].filter((tag) => !taken.has(tag.toLowerCase()));
    openDialog({
      name: "translate",
      title: "Add a translation",
      fields: [
        h(
          "div",
          { class: "field" },
          h("label", { for: "translate-language" }, "Language"),
          h("input", { id: "translate-language", name: "language", class: "input", list: "translate-languages", maxlength: "32", autocomplete: "off", "aria-describedby": "translate-help", autofocus: true }),
          h("datalist", { id: "translate-languages" }, offered.map((tag) => h("option", { value: tag }, languageName(tag)))),
          h("p", { class: "quiet small", id: "translate-help" }, "A language tag, such as de for German or pt-BR for Brazilian Portuguese."),
        ),
      ],
      submit: "Write it",
      run: (data) => {
        const language = String(data.get("language") ?? "").trim();
        if (!TAG.test(language)) throw new Error("Please write a language tag, such as de or pt-BR.");
        if (taken.has(language.toLowerCase())) throw new Error(`This entry is there in ${languageName(language)} already.`);
        this.route.go("entries", null, { new: "1", translation_of: source, language });
      },
    });
  }
}

/** The original of a translation, to look at while writing. */
export class OriginalPanel {
  #body = h("div", { class: "original" });
  #shown = "";
  element = h("div", { class: "panel" }, h("p", { class: "quiet small" }, "The original as it stands now. It is not changed here."), this.#body);

  /** @param {any} parts */
  constructor({ api }) {
    this.api = api;
  }

  /** @param {string} id */
  async of(id) {
    if (this.#shown !== id) fill(this.#body, h("p", { class: "quiet" }, "Loading…"));
    this.#shown = id;
    if (!id) return;
    try {
      const { fields } = await this.api.entry(id);
      if (this.#shown !== id) return;
      const lang = fields.language || null;
      const part = (/** @type {string} */ label, /** @type {any} */ content) => content && [h("h3", null, label), content];
      const list = (/** @type {string[]} */ lines) => lines.length > 0 && h("ul", { lang }, lines.map((line) => h("li", null, line)));
      fill(
        this.#body,
        part("Question", h("p", { lang }, fields.question)),
        part("Answer", h("pre", { class: "source", lang, tabindex: "0", "aria-label": "Answer" }, fields.answer)),
        part("How customers put it", list(fields.phrasings)),
        part("Test questions", list(fields.tests)),
        h("p", null, h("a", { href: placeHash("entries", id) }, "Open the original")),
      );
    } catch (error) {
      if (this.#shown === id) fill(this.#body, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
  }
}
