// @ts-check
import { fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { write } from "/console/static/storage.js";

/** What customers asked and the bot did not answer, grouped by meaning. */
export class GapsPage {
  #list = h("ol", { class: "groups" });
  #status = h("p", { class: "quiet", role: "status" });
  #progress = h("progress", { "aria-label": "Grouping questions" });

  /** @param {any} shared */
  constructor({ api, route }) {
    this.api = api;
    this.route = route;
    this.element = h(
      "section",
      { class: "pane page-main", "aria-labelledby": "gaps-head" },
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h2", { id: "gaps-head" }, "Asked, and not answered"), this.#status)),
      this.#progress,
      h("div", { class: "scroll" }, this.#list),
    );
  }

  async show() {
    this.#progress.hidden = false;
    this.#status.textContent = "Reading the newest questions…";
    try {
      const told = await this.api.job("unanswered", {}, () => {});
      this.#status.textContent = told.asked
        ? `Of the newest ${told.asked.toLocaleString("en-GB")} questions in closed conversations the bot would not answer ${told.unanswered.toLocaleString("en-GB")} today.`
        : "There are no closed conversations to learn from yet.";
      fill(this.#list, told.groups.map((/** @type {any} */ group) => this.#group(group)));
    } catch (error) {
      this.#status.textContent = /** @type {Error} */ (error).message;
    } finally {
      this.#progress.hidden = true;
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
      h("button", { class: "button", type: "button", "data-action": "write", onclick: () => this.#write(group) }, icon("talk"), "Write the answer"),
    );
  }

  /** A new entry with the group's wordings. Half of them are kept back as tests, or the entry would measure itself. @param {any} group */
  #write(group) {
    const texts = /** @type {string[]} */ (group.texts).filter((text) => text.length <= 200);
    write("session", "new-entry", {
      question: group.examples[0],
      phrasings: texts.filter((_, at) => at % 2 === 0).slice(0, 10),
      tests: texts.filter((_, at) => at % 2 === 1).slice(0, 10),
    });
    this.route.go("entries", null, { new: "1" });
  }
}
