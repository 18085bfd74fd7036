// @ts-check
import { fill, h } from "./dom.js";

/** @typedef {{id: string, title: string, detail?: string, mark?: string}} Item */
/**
 * @typedef {object} Source
 * @property {string} sign the character that opens it, at the start of a word
 * @property {string} name for screen readers
 * @property {() => boolean} when
 * @property {(words: string) => Item[]} find
 * @property {(item: Item, replace: (text: string) => void) => void} choose
 */

const MOST = 8;

/**
 * A list that opens over a text field while somebody types `/` or `@`, and is worked with arrows and Enter.
 *
 *     new Picker(textarea, [{ sign: "@", name: "Colleagues", … }], announcer)
 */
export class Picker {
  element = h("ul", { class: "picker", id: "picker", role: "listbox", "aria-label": "Choices", hidden: true });
  /** @type {Item[]} */
  #items = [];
  /** @type {{source: Source, from: number, to: number}|null} */
  #at = null;
  #chosen = 0;

  /** @param {HTMLTextAreaElement} text @param {Source[]} sources @param {import("./announcer.js").Announcer} announcer */
  constructor(text, sources, announcer) {
    this.text = text;
    this.sources = sources;
    this.announcer = announcer;
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-haspopup", "listbox");
    text.setAttribute("aria-controls", "picker");
    text.addEventListener("input", () => this.#look());
    text.addEventListener("click", () => this.#look());
    // A press in the list comes before the field loses the focus.
    text.addEventListener("blur", () => setTimeout(() => document.activeElement !== text && this.close(), 150));
  }

  get open() {
    return this.#at !== null;
  }

  /** Opens a list as if its sign had been typed. @param {string} sign */
  start(sign) {
    const { selectionStart, value } = this.text;
    const space = selectionStart > 0 && !/\s/.test(value[selectionStart - 1]) ? " " : "";
    this.text.focus();
    this.text.setRangeText(space + sign, selectionStart, this.text.selectionEnd, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  key(event) {
    if (!this.#at) return false;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) this.#mark((this.#chosen + step + this.#items.length) % this.#items.length);
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    this.#at = null;
    this.element.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }

  #look() {
    const caret = this.text.selectionStart;
    const before = this.text.value.slice(0, caret);
    for (const source of this.sources) {
      const found = new RegExp(`(?:^|\\s)(${escaped(source.sign)}([^\\s${escaped(source.sign)}]*))$`).exec(before);
      if (!found || !source.when()) continue;
      this.#items = source.find(found[2].toLowerCase()).slice(0, MOST);
      if (!this.#items.length) break;
      const first = !this.#at;
      this.#at = { source, from: caret - found[1].length, to: caret };
      this.#draw();
      if (first) this.announcer.say(`${source.name}: ${this.#items.length}. Arrows choose, Enter takes.`);
      return;
    }
    this.close();
  }

  #draw() {
    this.element.hidden = false;
    this.element.setAttribute("aria-label", this.#at?.source.name ?? "");
    fill(
      this.element,
      this.#items.map((item, index) =>
        h(
          "li",
          {
            id: `picker-${index}`,
            role: "option",
            "data-item": item.id,
            onpointerdown: (/** @type {Event} */ event) => {
              event.preventDefault();
              this.#choose(index);
            },
          },
          h("span", { class: "picker-title" }, item.title, item.mark && h("kbd", null, item.mark)),
          item.detail && h("span", { class: "picker-detail" }, item.detail),
        ),
      ),
    );
    this.#mark(0);
  }

  /** @param {number} index */
  #mark(index) {
    this.#chosen = index;
    [...this.element.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    this.element.children[index]?.scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", `picker-${index}`);
  }

  /** @param {number} index */
  #choose(index) {
    if (!this.#at) return;
    const { source, from, to } = this.#at;
    const item = this.#items[index];
    this.close();
    source.choose(item, (text) => {
      this.text.setRangeText(text, from, to, "end");
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

/** @param {string} sign */
function escaped(sign) {
  return sign.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
