// @ts-check
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./row.js";

/** @typedef {import("./types.js").Suggestion} Suggestion */

const TYPED_MS = 250;
/** Below this a suggestion is more in the way than a help, until one asks for it. */
const GOOD = 0.5;

/** Answers of the knowledge base while one writes: what fits the customer's newest words, and a search. */
export class Knowledge {
  #hint = h("p", { class: "suggestion", hidden: true, "data-testid": "suggestion" });
  #search = h("input", {
    class: "search",
    type: "search",
    placeholder: "Search the knowledge base",
    "aria-label": "Search the knowledge base",
    oninput: () => this.#typed(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
  });
  #results = h("ul", { class: "answers", "data-testid": "answers" });
  #none = h("p", { class: "quiet small", role: "status" });
  #panel = h(
    "section",
    { class: "knowledge", "aria-label": "Knowledge base", hidden: true },
    h(
      "div",
      { class: "knowledge-head" },
      h("div", { class: "search-box" }, icon("search"), this.#search),
      h(
        "button",
        { class: "icon-button", type: "button", onclick: () => this.close(true) },
        icon("close"),
        hidden("Close the knowledge base"),
      ),
    ),
    this.#results,
    this.#none,
  );
  element = h("div", { class: "knowledge-room" }, this.#hint, this.#panel);
  /** @type {string|null} */
  #conversation = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #waiting;
  #asked = 0;

  /** @param {import("./api.js").Api} api @param {(text: string) => void} insert */
  constructor(api, insert) {
    this.api = api;
    this.insert = insert;
  }

  /** Offers the best answer to the customer's newest words above the field, if it is good. @param {import("./types.js").Summary} summary */
  async suggest({ id, owner }) {
    this.#conversation = id;
    this.#hint.hidden = true;
    // In the open panel somebody searches: that answer is still wanted.
    if (owner !== "agent" || !this.#panel.hidden) return;
    const asked = ++this.#asked;
    const found = await this.api.suggestions(id).catch(() => ({ suggestions: [] }));
    const [best] = found.suggestions;
    if (asked !== this.#asked || id !== this.#conversation || !best || best.score < GOOD || !this.#panel.hidden) return;
    this.#hint.hidden = false;
    fill(
      this.#hint,
      icon("book"),
      h("span", { class: "suggestion-text" }, hidden("Suggested answer: "), best.question),
      audienceChip(best),
      isForCustomers(best) &&
        h(
          "button",
          { class: "link", type: "button", "data-action": "insert-suggestion", onclick: () => this.#take(best.answer) },
          "Insert",
        ),
      h(
        "button",
        { class: "link", type: "button", onclick: () => this.open({ id }) },
        isForCustomers(best) ? "More" : "Read",
      ),
      h(
        "button",
        { class: "icon-button small", type: "button", onclick: () => (this.#hint.hidden = true) },
        icon("close"),
        hidden("Dismiss the suggestion"),
      ),
    );
  }

  /** @param {{id: string}} summary */
  open({ id }) {
    this.#conversation = id;
    this.#hint.hidden = true;
    this.#panel.hidden = false;
    this.#search.value = "";
    this.#search.focus();
    void this.#read();
  }

  /** @param {boolean} [back] to the field where one writes */
  close(back = false) {
    this.#asked++;
    this.#hint.hidden = true;
    this.#panel.hidden = true;
    fill(this.#results);
    if (back) this.insert("");
  }

  #typed() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#read(), TYPED_MS);
  }

  async #read() {
    const words = this.#search.value.trim();
    const asked = ++this.#asked;
    try {
      const { suggestions } = words
        ? await this.api.knowledge(words)
        : await this.api.suggestions(/** @type {string} */ (this.#conversation));
      if (asked !== this.#asked) return;
      fill(
        this.#results,
        suggestions.map((one) => this.#answer(one)),
      );
      this.#none.textContent = suggestions.length
        ? ""
        : words
          ? `Nothing found for “${words}”.`
          : "Nothing fits the customer's last words. Search with yours.";
    } catch (error) {
      if (asked === this.#asked) this.#none.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {Suggestion} one */
  #answer(one) {
    const link = one.url && new URL(one.url, location.origin).href;
    return h(
      "li",
      { class: "answer", "data-entry": one.entry },
      h(
        "details",
        null,
        h(
          "summary",
          null,
          h("strong", null, one.question),
          audienceChip(one),
          h("span", { class: "answer-text" }, plain(one.answer)),
        ),
        markup(one.html),
      ),
      h(
        "span",
        { class: "button-row" },
        isForCustomers(one) &&
          h(
            "button",
            { class: "button", type: "button", "data-action": "insert", onclick: () => this.#take(one.answer) },
            "Insert",
            hidden(` “${one.question}”`),
          ),
        link &&
          h(
            "button",
            { class: "button", type: "button", "data-action": "send-link", onclick: () => this.#take(link) },
            "Insert link",
            hidden(` to “${one.question}”`),
          ),
      ),
    );
  }

  /** @param {string} text */
  #take(text) {
    this.close();
    this.insert(text);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Enter") {
      // Enter in the search must not send what stands in the field.
      event.preventDefault();
      /** @type {HTMLElement|null} */ (this.#results.querySelector("[data-action=insert]"))?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close(true);
    }
  }
}

/** What is for agents only is read, and never put into a reply with one click. @param {Suggestion} one */
function isForCustomers(one) {
  return one.audience !== "agents";
}

/** Who may see it, where that is not everybody. @param {Suggestion} one */
function audienceChip(one) {
  if (one.audience === "agents") return h("span", { class: "chip", "data-audience": "agents" }, "For agents only");
  if (one.audience === "verified") return h("span", { class: "chip", "data-audience": "verified" }, "Verified customers");
  return null;
}

/** An entry as the customer would see it: rendered and sanitised by the server. @param {string} html */
function markup(html) {
  const text = h("div", { class: "text rich" });
  text.innerHTML = html;
  for (const link of text.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  return text;
}
