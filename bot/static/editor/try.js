// @ts-check
import { fill, h, hidden, isComposing } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { placeHash } from "./route.js";

const DECISIONS = /** @type {{[name: string]: string}} */ ({
  answer: "Answers",
  task: "Starts a task",
  clarify: "Offers the nearest entries",
  handoff: "Hands over to people",
  abstain: "Says that it cannot help",
  chat: "Small talk",
});

/** A decision in words. @param {{decision: string}} told */
export function decisionName(told) {
  return DECISIONS[told.decision] ?? told.decision;
}

/** Type as a customer: what would the bot do that is live, and what with the draft? */
export class TryPanel {
  #input = h("textarea", {
    class: "input",
    id: "try-text",
    rows: "2",
    placeholder: "where is my parcel??",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      void this.#run();
    },
  });
  #go = h("button", { class: "button primary", type: "button", "data-action": "try", onclick: () => this.#run() }, "Try");
  #forecast = h("button", { class: "button", type: "button", "data-action": "forecast", onclick: () => this.#foretell() }, "Forecast");
  #out = h("div", { class: "try-out", "aria-live": "polite" });
  /** Counts what was asked: an answer belongs to the entry that it was asked for. */
  #asked = 0;

  /** @param {any} parts */
  constructor({ api, entry, announcer }) {
    this.api = api;
    this.entry = entry;
    this.announcer = announcer;
    this.element = h(
      "div",
      { class: "panel try" },
      h("label", { for: "try-text" }, "Type as a customer would"),
      this.#input,
      h("div", { class: "try-buttons" }, this.#go, this.#forecast),
      h("p", { class: "quiet small" }, "Forecast asks the newest real questions and all tests with this entry as it stands."),
      this.#out,
    );
  }

  focus() {
    this.#input.focus();
  }

  /** For another entry. */
  reset() {
    this.#asked++;
    this.#go.disabled = this.#forecast.disabled = false;
    fill(this.#out);
    // What a try needs takes some seconds to load, and an entry is read before it is tried.
    this.api.getReady().catch(() => {});
  }

  /** @param {() => Promise<any>} work */
  async #work(work) {
    const asked = ++this.#asked;
    const pressed = /** @type {HTMLElement|null} */ (document.activeElement);
    this.#go.disabled = this.#forecast.disabled = true;
    fill(this.#out, h("p", { class: "quiet loading" }, h("span", { class: "spinner", "aria-hidden": "true" }), " Asking… The first time takes a few seconds."));
    try {
      const drawn = await work();
      if (asked === this.#asked) fill(this.#out, drawn);
    } catch (error) {
      if (asked === this.#asked) fill(this.#out, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    } finally {
      if (asked === this.#asked) {
        this.#go.disabled = this.#forecast.disabled = false;
        // A button lets go of the focus while it is disabled.
        if (document.activeElement === document.body) pressed?.focus();
      }
    }
  }

  #draft() {
    const fields = this.entry.fields;
    return fields.question && fields.answer ? { ...fields, id: fields.id || "this-entry" } : null;
  }

  async #run() {
    const text = this.#input.value.trim();
    if (!text) return this.#input.focus();
    await this.#work(async () => {
      const told = await this.api.attempt(text, this.#draft());
      return [
        this.#side("Published", told.published, "Nothing is published yet."),
        this.#side("Draft", told.draft, "There is no draft to compare with."),
        this.#judge(text),
      ];
    });
  }

  async #foretell() {
    const fields = this.#draft();
    if (!fields) return this.announcer.toast("Write a question and an answer first.", "trouble");
    await this.#work(async () => {
      return foretold(await this.api.forecast(fields));
    });
  }

  /** @param {string} name @param {any} told @param {string} none */
  #side(name, told, none) {
    if (!told) return h("section", { class: "card" }, h("h3", null, name), h("p", { class: "quiet" }, none));
    const own = this.entry.fields.id;
    return h(
      "section",
      { class: "card", "data-side": name.toLowerCase(), "data-decision": told.decision },
      h("h3", null, name, h("span", { class: "chip", "data-decision": told.decision }, decisionName(told))),
      told.decision === "answer" && h("p", { class: "answered" }, told.candidates.find((/** @type {any} */ c) => c.entry === told.entry)?.question),
      h("p", { class: "quiet small" }, `${told.why}. Sure of the nearest entry: ${percent(told.sure)}; the bar is ${told.bar >= 1 ? "out of reach" : percent(told.bar)}.`),
      meter(told.sure, told.bar),
      h(
        "ol",
        { class: "candidates" },
        told.candidates.slice(0, 5).map((/** @type {any} */ one) =>
          h(
            "li",
            { class: one.entry === own ? "own" : "" },
            h("a", { href: placeHash("entries", one.entry) }, one.question, one.entry === own && hidden(" (this entry)")),
            h("span", { class: "quiet small", title: "Together · meaning · words in common" }, `${one.score.toFixed(2)} · ${one.nearest.toFixed(2)} · ${one.lexical.toFixed(1)}`),
          ),
        ),
      ),
    );
  }

  /** Keeps the question with its right answer, for every publish to come. @param {string} text */
  #judge(text) {
    const own = this.entry.kept?.id;
    const fixed = h("input", { type: "checkbox", id: "try-protect" });
    const said = h("p", { class: "quiet small", role: "status" });
    const keep = async (/** @type {string} */ entry) => {
      try {
        await this.api.remember(text, entry, fixed.checked);
        said.textContent = "Kept. Each publish asks this question.";
      } catch (error) {
        said.textContent = /** @type {Error} */ (error).message;
      }
    };
    return h(
      "section",
      { class: "card" },
      h("h3", null, "Keep this question"),
      h("p", { class: "quiet small" }, "Each publish then asks it too, and says when it gets worse."),
      h(
        "div",
        { class: "try-buttons" },
        own && h("button", { class: "button", type: "button", "data-action": "keep", onclick: () => keep(own) }, icon("check"), "This entry answers it"),
        h("button", { class: "button", type: "button", onclick: () => keep("") }, "No entry should"),
      ),
      h("label", { class: "check small" }, fixed, "Protected: no publish may lose it"),
      said,
    );
  }
}

/** A forecast in words. @param {{asked: number, answered: number, tests: number, broken: string[]}} told */
export function foretold(told) {
  return h(
    "div",
    { class: "card" },
    h(
      "p",
      null,
      "This would have answered ",
      h("strong", null, String(told.answered)),
      ` more of the last ${told.asked} real questions, and broken `,
      h("strong", null, told.broken.length ? String(told.broken.length) : "none"),
      ` of ${told.tests} tests.`,
    ),
    told.broken.length ? h("ul", { class: "plain" }, told.broken.map((text) => h("li", null, text))) : null,
  );
}

/** @param {number} sure @param {number} bar */
function meter(sure, bar) {
  return h(
    "div",
    { class: "meter", "aria-hidden": "true" },
    h("span", { class: "meter-fill", style: `width:${(100 * sure).toFixed(1)}%`, "data-above": String(sure >= bar) }),
    bar < 1 && h("span", { class: "meter-bar", style: `left:${(100 * bar).toFixed(1)}%` }),
  );
}

/** @param {number} share */
export function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 || share > 0.99 ? 1 : 0)}\u00a0%`;
}
