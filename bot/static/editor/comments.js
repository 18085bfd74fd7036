// @ts-check
import { fill, h } from "/console/static/dom.js";
import { ago, fullTime } from "/console/static/time.js";

/** What colleagues say about an entry. Customers never see it. */
export class CommentsPanel {
  #list = h("ol", { class: "comments" });
  #text = h("textarea", { class: "input", id: "comment-text", rows: "3", maxlength: "5000" });
  #error = h("p", { class: "form-error", role: "alert" });
  /** @type {any} */
  #kept = null;
  /** Comments that were begun, by their entry. @type {Map<string, string>} */
  #begun = new Map();
  /** The entry of which a change is on its way. Its answer has the newest list. */
  #changing = "";
  #asked = 0;
  /** A comment that was sent, and nothing came back: it may be there. @type {{id: string, text: string}|null} */
  #unanswered = null;

  /** @param {any} parts */
  constructor({ api, user }) {
    this.api = api;
    this.user = user;
    this.element = h(
      "div",
      { class: "panel" },
      this.#list,
      h("div", { class: "field" }, h("label", { for: "comment-text" }, "Your comment"), this.#text),
      this.#error,
      h("button", { class: "button", type: "button", onclick: () => this.#comment() }, "Comment"),
    );
  }

  focus() {
    this.#text.focus();
  }

  /** For another entry: a comment that was begun waits with its own. @param {any} kept */
  reset(kept) {
    if (this.#kept) this.#begun.set(this.#kept.id, this.#text.value);
    this.#text.value = this.#begun.get(kept?.id) ?? "";
    this.#error.textContent = "";
    this.#kept = kept;
    fill(this.#list);
  }

  /** @param {any} kept */
  async show(kept) {
    this.#kept = kept;
    if (!kept || kept.id === this.#changing) return;
    const asked = ++this.#asked;
    const isNewest = () => asked === this.#asked && this.#kept?.id === kept.id;
    try {
      const { comments } = await this.api.comments(kept.id);
      if (isNewest()) this.#draw(comments);
    } catch (error) {
      if (isNewest()) this.#error.textContent = /** @type {Error} */ (error).message;
    }
  }

  async #comment() {
    if (!this.#kept) return void (this.#error.textContent = "Save the entry first.");
    const text = this.#text.value;
    if (!text.trim()) return this.#text.focus();
    const { id } = this.#kept;
    if (!(await this.#change({ text }))) return;
    // What was typed meanwhile is the next comment.
    if (this.#begun.get(id) === text) this.#begun.delete(id);
    if (this.#kept?.id === id && this.#text.value === text) this.#text.value = "";
  }

  /** One at a time: a second press would say it twice. @param {{[name: string]: any}} change */
  async #change(change) {
    if (this.#changing) return false;
    const id = (this.#changing = this.#kept.id);
    // What was asked before does not have it yet.
    this.#asked++;
    this.#error.textContent = "";
    try {
      const { comments } = (await this.#saidBefore(id, change.text)) ?? (await this.api.comment(id, change));
      this.#unanswered = null;
      if (this.#kept?.id === id) this.#draw(comments);
      return true;
    } catch (error) {
      if (/** @type {any} */ (error).transient && change.text) this.#unanswered = { id, text: change.text };
      if (this.#kept?.id === id) this.#error.textContent = /** @type {Error} */ (error).message;
      return false;
    } finally {
      this.#changing = "";
    }
  }

  /** What is said of an entry, where the comment is among it although its answer was lost. @param {string} id @param {string} [text] */
  async #saidBefore(id, text) {
    if (!text || this.#unanswered?.id !== id || this.#unanswered.text !== text) return null;
    const told = await this.api.comments(id);
    const last = told.comments.findLast((/** @type {any} */ one) => one.by === this.user.name);
    return last?.text === text.trim() ? told : null;
  }

  /** @param {any[]} comments */
  #draw(comments) {
    this.#error.textContent = "";
    const held = this.#list.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).dataset.comment;
    fill(
      this.#list,
      comments.map((one) =>
        h(
          "li",
          { class: one.done ? "done" : "" },
          h("p", { class: "quiet small", title: fullTime(one.at) }, `${one.by} · ${ago(one.at)}${one.done ? " · settled" : ""}`),
          h("p", { class: "comment-text" }, one.text),
          h(
            "button",
            { class: "link small", type: "button", "data-comment": one.id, onclick: () => this.#change({ [one.done ? "open" : "done"]: one.id }) },
            one.done ? "Open again" : "Settle",
          ),
        ),
      ),
    );
    // Each button is a new one: whoever was on one goes on there.
    if (held) /** @type {HTMLElement|null} */ (this.#list.querySelector(`[data-comment="${held}"]`))?.focus();
  }
}
