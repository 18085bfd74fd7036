// @ts-check
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./types.js").Summary} Summary */

/** Stands where the composer would be when the conversation is not the agent's: who has it, and what one can do. */
export class Standing {
  element = h("div", { class: "standing", hidden: true });
  #drawn = "";

  /** @param {import("./actions.js").Actions} actions @param {import("./drafts.js").Drafts} drafts */
  constructor(actions, drafts) {
    this.actions = actions;
    this.drafts = drafts;
  }

  /** @param {Summary|null} summary null hides it */
  show(summary) {
    this.element.hidden = !summary;
    if (!summary) {
      this.#drawn = "";
      return;
    }
    const drawn = JSON.stringify([summary.id, summary.owner, summary.agent, summary.epoch]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const kept = this.drafts.get(summary.id).text.trim();
    const can = this.actions.can(summary);
    fill(
      this.element,
      h(
        "p",
        null,
        words(summary),
        kept &&
          h(
            "span",
            { class: "quiet" },
            ` Your unsent draft is kept: “${kept.length > 60 ? `${kept.slice(0, 60)}…` : kept}”`,
          ),
      ),
      h(
        "div",
        { class: "standing-actions" },
        h(
          "button",
          { class: "button", type: "button", "data-action": "add-note", onclick: () => this.actions.note(summary) },
          icon("lock"),
          "Add a note",
        ),
        can.claim &&
          h(
            "button",
            {
              class: "button primary",
              type: "button",
              "data-action": "claim",
              title: "Claim (c)",
              "aria-keyshortcuts": "c",
              onclick: () => this.actions.claim(summary),
            },
            icon("hand"),
            "Claim",
          ),
      ),
    );
  }
}

/** @param {Summary} summary */
function words(summary) {
  if (summary.owner === "queue") return "This customer waits for a person. Claim the conversation to answer.";
  if (summary.owner === "bot") return "The bot looks after this one. It comes to the queue when it needs you.";
  if (summary.owner === "closed")
    return "This conversation is closed. If the customer writes again, the bot picks it up.";
  return `${summary.agent?.name ?? "A colleague"} looks after this one.`;
}
