// @ts-check
import { h, hidden, isComposing } from "./dom.js";
import { icon } from "./icons.js";
import { now } from "./time.js";

/** How long an own message can be changed, in seconds; the server counts too. */
const CHANGEABLE = 60;

/** @typedef {{edit: (seq: number, text: string) => Promise<unknown>, remove: (seq: number) => Promise<unknown>}} Amend */

/**
 * Edit and delete for an own message of the last minute; both go by themselves when it is over.
 * @param {import("./types.js").Record} record @param {Amend} amend
 */
export function ownActions(record, amend) {
  const until = record.at + CHANGEABLE;
  if (record.deleted || until <= now()) return null;
  const actions = h(
    "span",
    { class: "mark-actions", "data-until": until },
    h(
      "button",
      { class: "link", type: "button", "data-action": "edit", onclick: () => startEdit(record, actions, amend) },
      "Edit",
      hidden(" this message"),
    ),
    h(
      "button",
      {
        class: "link",
        type: "button",
        "data-action": "delete",
        onclick: () => void settle(actions, () => amend.remove(record.seq)),
      },
      "Delete",
      hidden(" this message"),
    ),
  );
  return actions;
}

/**
 * Turns the bubble into a field, where it stands.
 * @param {import("./types.js").Record} record @param {HTMLElement} actions @param {Amend} amend
 */
function startEdit(record, actions, amend) {
  const item = actions.closest("li");
  const text = item?.querySelector(".text");
  if (!item || !text || item.querySelector(".edit-own")) return;
  const field = h("textarea", { class: "edit-own", rows: "2", "aria-label": "Your message", maxlength: "2000" });
  field.value = record.text ?? "";
  const done = () => {
    form.remove();
    /** @type {HTMLElement} */ (text).hidden = false;
    item.focus();
  };
  const form = h(
    "form",
    {
      class: "edit-form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const changed = field.value.trim();
        if (!changed || changed === record.text) return done();
        void settle(actions, () => amend.edit(record.seq, changed)).then((worked) => worked && done());
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        event.stopPropagation();
        if (isComposing(event)) return;
        if (event.key === "Escape") done();
        else if (event.key === "Enter" && !event.shiftKey) {
          event.preventDefault();
          form.requestSubmit();
        }
      },
    },
    field,
    h(
      "span",
      { class: "button-row" },
      h("button", { class: "button primary", type: "submit" }, icon("check"), "Save"),
      h("button", { class: "button", type: "button", onclick: done }, "Cancel"),
    ),
  );
  /** @type {HTMLElement} */ (text).hidden = true;
  text.after(form);
  field.focus();
  // With its buttons, which the focus alone would leave below the edge.
  form.scrollIntoView({ block: "nearest" });
  field.setSelectionRange(field.value.length, field.value.length);
}

/** @param {HTMLElement} actions @param {() => Promise<unknown>} work @returns {Promise<boolean>} */
async function settle(actions, work) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...actions.querySelectorAll("button")]);
  for (const button of buttons) button.disabled = true;
  try {
    await work();
    return true;
  } catch {
    // Whoever did the work has said why.
    return false;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}
