// @ts-check
import { h } from "/console/static/dom.js";

const DRAW_MS = 200;

/** The answer as the widget shows it: the widget's own styles, and the server's own rendering. */
export class PreviewPanel {
  #words = h("div", { class: "text", dir: "auto" });
  #host = h("div", { class: "preview-host" });
  #note = h("p", { class: "quiet small", role: "status" });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #drawn = "";
  /** Counts what was to be drawn: an answer that is overtaken is none. */
  #asked = 0;

  /** @param {any} parts */
  constructor({ api }) {
    this.api = api;
    const root = this.#host.attachShadow({ mode: "open" });
    root.append(
      h("link", { rel: "stylesheet", href: "/widget/widget.css" }),
      h("link", { rel: "stylesheet", href: "/editor/static/preview.css" }),
      h(
        "div",
        { class: "row bot first last" },
        h("div", { class: "stack" }, this.#words),
      ),
    );
    this.element = h("div", { class: "panel" }, h("p", { class: "quiet small" }, "As customers see it in the chat."), this.#host, this.#note);
  }

  /** @param {string} answer */
  draw(answer) {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    if (answer === this.#drawn) return;
    this.#timer = setTimeout(async () => {
      try {
        const { html } = await this.api.preview(answer);
        if (asked !== this.#asked) return;
        this.#drawn = answer;
        // Rendered and sanitised by the server, as at a publish.
        this.#words.innerHTML = html;
        // What may be wider than the chat is to scroll by keyboard too.
        for (const stop of /** @type {NodeListOf<HTMLElement>} */ (this.#words.querySelectorAll("a, pre, table"))) stop.tabIndex = 0;
        const words = answer.split(/\s+/).filter(Boolean).length;
        this.#note.textContent = words > 120 ? `${words} words: long for a chat. Could it be two entries?` : "";
      } catch (error) {
        if (asked === this.#asked) this.#note.textContent = /** @type {Error} */ (error).message;
      }
    }, DRAW_MS);
  }
}
