// @ts-check
import { fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { openDialog } from "/console/static/dialog.js";
import { foretold } from "./try.js";
import { unsaved } from "./unsaved.js";

/** What customers asked and the bot did not answer, grouped by meaning. */
export class GapsPage {
  #list = h("ol", { class: "groups" });
  #status = h("p", { class: "quiet", role: "status" });
  #progress = h("progress", { "aria-label": "Grouping questions" });
  #asked = 0;

  /** @param {any} shared */
  constructor({ api, write }) {
    this.api = api;
    /** Begins a new entry in place of one that waits. @type {(fields: any, replies: any[]) => void} */
    this.write = write;
    this.element = h(
      "section",
      { class: "pane page-main", "aria-labelledby": "gaps-head" },
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h2", { id: "gaps-head" }, "Asked, and not answered"), this.#status)),
      this.#progress,
      h("div", { class: "scroll" }, this.#list),
    );
  }

  async show() {
    const asked = ++this.#asked;
    this.#progress.hidden = false;
    this.#status.textContent = "Reading the newest questions…";
    try {
      const told = await this.api.job("unanswered", {}, () => {});
      if (asked !== this.#asked) return;
      this.#status.textContent = told.asked
        ? `Of the newest ${told.asked.toLocaleString("en-GB")} questions in closed conversations the bot would not answer ${told.unanswered.toLocaleString("en-GB")} today.`
        : "There are no closed conversations to learn from yet.";
      fill(this.#list, told.groups.map((/** @type {any} */ group) => this.#group(group)));
    } catch (error) {
      if (asked === this.#asked) this.#status.textContent = /** @type {Error} */ (error).message;
    } finally {
      if (asked === this.#asked) this.#progress.hidden = true;
    }
  }

  /** @param {any} group */
  #group(group) {
    const most = Math.max(...group.trend, 1);
    return h(
      "li",
      { class: "card group" },
      h(
        "div",
        { class: "group-head" },
        h("strong", { class: "group-count" }, String(group.count)),
        h("p", { class: "grow" }, `“${group.examples[0]}”`),
        h(
          "span",
          { class: "trend", title: "The last eight weeks" },
          hidden(`In the last eight weeks, oldest first: ${group.trend.join(", ")}.`),
          group.trend.map((/** @type {number} */ count) => h("i", { "aria-hidden": "true", style: `height:${Math.max(8, (100 * count) / most)}%` })),
        ),
      ),
      h("ul", { class: "plain quiet small" }, group.examples.slice(1).map((/** @type {string} */ text) => h("li", null, text))),
      group.replies.length > 0 && quotes(group.replies),
      h(
        "div",
        { class: "try-buttons" },
        h("button", { class: "button primary", type: "button", "data-action": "write", onclick: () => this.#write(group) }, icon("talk"), "Write the answer"),
        h("button", { class: "button", type: "button", "data-action": "foretell", onclick: (/** @type {Event} */ e) => this.#foretell(group, /** @type {HTMLButtonElement} */ (e.currentTarget)) }, "What would it change?"),
      ),
      h("div", { class: "foretold", "aria-live": "polite" }),
    );
  }

  /** Asks the newest real questions and all tests with an entry of the group's wordings. @param {any} group @param {HTMLButtonElement} button */
  async #foretell(group, button) {
    const out = /** @type {HTMLElement} */ (button.closest(".group")?.querySelector(".foretold"));
    button.disabled = true;
    fill(out, h("p", { class: "quiet loading" }, h("span", { class: "spinner", "aria-hidden": "true" }), " Asking…"));
    try {
      const fields = { id: "this-entry", answer: group.replies[0]?.text ?? group.examples[0], ...wordings(group) };
      fill(out, foretold(await this.api.forecast(fields)));
    } catch (error) {
      fill(out, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    } finally {
      button.disabled = false;
      // It let go of the focus meanwhile.
      if (document.activeElement === document.body) button.focus();
    }
  }

  /** A new entry with the group's wordings. @param {any} group */
  #write(group) {
    const begin = () => this.write(wordings(group), group.replies);
    const waiting = unsaved({})?.fields;
    if (!waiting || isBlank(waiting) || JSON.stringify(waiting) === JSON.stringify(wordings(group))) return begin();
    openDialog({
      name: "waiting",
      title: "A new entry waits to be saved",
      text: `Under New stands ${waiting.question ? `“${waiting.question}”` : "one without a question yet"}. Writing this answer drops it.`,
      fields: [],
      submit: "Drop it, write this one",
      run: begin,
    });
  }
}

/** Whether nothing was written that could be lost. @param {any} fields */
function isBlank({ question, answer, phrasings, tests }) {
  return ![question, answer, phrasings, tests].some((written) => written?.length);
}

/** Half of the wordings are kept back as tests, or the entry would measure itself. @param {any} group */
function wordings(group) {
  const texts = /** @type {string[]} */ (group.texts).filter((text) => text.length <= 200);
  return {
    question: group.examples[0],
    phrasings: texts.filter((_, at) => at % 2 === 0).slice(0, 10),
    tests: texts.filter((_, at) => at % 2 === 1).slice(0, 10),
  };
}

/**
 * What agents answered, quoted; with `use`, to take over.
 * @param {{text: string, by: string}[]} replies @param {(text: string) => void} [use]
 */
export function quotes(replies, use) {
  return h(
    // No landmark of its own: a page of groups would have one of the same name in each.
    "div",
    { class: "quotes" },
    h("h3", { class: "small" }, replies.length === 1 ? "An agent answered" : "Agents answered"),
    replies.map((one) =>
      h(
        "figure",
        { class: "quote" },
        h("blockquote", null, one.text),
        h("figcaption", { class: "quiet small" }, one.by || "An agent", use && h("button", { class: "button small", type: "button", "data-action": "use-reply", onclick: () => use(one.text) }, "Use as the answer")),
      ),
    ),
  );
}
