// @ts-check
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash, where } from "./route.js";

/** @typedef {import("./types.js").Summary} Summary */

/** Stands where the composer would be when the conversation is not the agent's: who has it, and what one can do. */
export class Standing {
  element = h("div", { class: "standing", hidden: true });
  #drawn = "";

  /**
   * @param {import("./actions.js").Actions} actions @param {import("./drafts.js").Drafts} drafts
   * @param {() => void} note opens the field for a note
   */
  constructor(actions, drafts, note) {
    this.actions = actions;
    this.drafts = drafts;
    this.note = note;
  }

  /** @param {Summary|null} summary null hides it */
  show(summary) {
    this.element.hidden = !summary;
    if (!summary) {
      this.#drawn = "";
      return;
    }
    const { id, owner, agent, epoch, merged_into: into } = summary;
    const kept = this.drafts.get(id).message.trim();
    const drawn = JSON.stringify([id, owner, agent, epoch, into, kept]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const can = this.actions.can(summary);
    fill(
      this.element,
      h(
        "p",
        null,
        words(summary),
        into && h("a", { href: placeHash(where("all"), into) }, "Go to the other one"),
        kept &&
          h(
            "span",
            { class: "quiet" },
            ` Your unsent draft is kept: “${kept.slice(0, 60)}${kept.length > 60 ? "…" : ""}”`,
          ),
      ),
      h(
        "div",
        { class: "standing-actions" },
        h(
          "button",
          { class: "button", type: "button", "data-action": "add-note", onclick: this.note },
          icon("lock"),
          "Add a note",
        ),
        (can.claim || can.takeOver) &&
          h(
            "button",
            {
              class: summary.owner === "queue" ? "button primary" : "button",
              type: "button",
              "data-action": "claim",
              title: "Claim (c)",
              "aria-keyshortcuts": "c",
              onclick: () => this.actions.claim(summary),
            },
            icon("hand"),
            can.takeOver ? "Take over" : summary.owner === "bot" ? "Step in" : "Claim",
          ),
      ),
    );
  }
}

/** @param {Summary} summary */
function words(summary) {
  if (summary.owner === "queue") return "This customer waits for a person. Claim the conversation to answer.";
  if (summary.owner === "bot") return "The bot looks after this one. It comes to the queue when it needs a person.";
  if (summary.merged_into) return "It was merged into another conversation. ";
  if (summary.owner === "closed") return "This conversation is closed. If the customer writes again, it opens again.";
  return `${summary.agent?.name ?? "A colleague"} looks after this one.`;
}
