// @ts-check
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {(seq: number) => Promise<unknown>} Propose */

/**
 * The button that makes a draft for the editors of what an agent answered; nothing on what is no answer.
 * @param {import("./types.js").Record} record @param {Propose} propose
 */
export function proposal(record, propose) {
  if (record.kind !== "message" || record.from !== "agent" || record.deleted || !record.text?.trim()) return null;
  const button = h(
    "button",
    {
      class: "icon-button small propose",
      type: "button",
      "data-action": "propose",
      title: "Propose as an answer for the knowledge base",
      onclick: async () => {
        button.disabled = true;
        await propose(record.seq).finally(() => (button.disabled = false));
      },
    },
    icon("book"),
    hidden("Propose as an answer for the knowledge base"),
  );
  return button;
}
