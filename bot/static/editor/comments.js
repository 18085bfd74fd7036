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

  /** @param {any} parts */
  constructor({ api }) {
    this.api = api;
    this.element = h(
      "div",
      { class: "panel" },
      this.#list,
      h("div", { class: "field" }, h("label", { for: "comment-text" }, "Your comment"), this.#text),
      this.#error,
      h("button", { class: "button", type: "button", onclick: () => this.#send({ text: this.#text.value }) }, "Comment"),
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
    if (kept) await this.#do(() => this.api.comments(kept.id));
  }

  /** @param {{[name: string]: any}} change */
  async #send(change) {
    if (!this.#kept) return void (this.#error.textContent = "Save the entry first.");
    if ("text" in change && !change.text.trim()) return this.#text.focus();
    const { id } = this.#kept;
    if (!(await this.#do(() => this.api.comment(id, change))) || !("text" in change)) return;
    if (this.#kept?.id === id) this.#text.value = "";
    else this.#begun.delete(id);
  }

  /** @param {() => Promise<any>} call */
  async #do(call) {
    this.#error.textContent = "";
    const of = this.#kept.id;
    try {
      const { comments } = await call();
      if (this.#kept?.id !== of) return true;
      fill(
        this.#list,
        comments.map((/** @type {any} */ one) =>
          h(
            "li",
            { class: one.done ? "done" : "" },
            h("p", { class: "quiet small", title: fullTime(one.at) }, `${one.by} · ${ago(one.at)}${one.done ? " · settled" : ""}`),
            h("p", { class: "comment-text" }, one.text),
            h(
              "button",
              { class: "link small", type: "button", onclick: () => this.#send({ [one.done ? "open" : "done"]: one.id }) },
              one.done ? "Open again" : "Settle",
            ),
          ),
        ),
      );
      return true;
    } catch (error) {
      if (this.#kept?.id === of) this.#error.textContent = /** @type {Error} */ (error).message;
      return false;
    }
  }
}
