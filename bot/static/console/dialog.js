// @ts-check
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { Signal } from "./signal.js";

/** What went wrong in a dialog that was closed before its work was done. @type {Signal<string>} */
export const failedUnseen = new Signal();

/**
 * Asks something in a modal dialog. `run` gets the form's data; what it throws is shown and the dialog stays open.
 *
 * @param {object} ask
 * @param {string} ask.name for tests and styles
 * @param {string} ask.title
 * @param {string} [ask.text]
 * @param {Node[]} ask.fields
 * @param {string} [ask.submit] without it the dialog only tells
 * @param {(data: FormData) => Promise<void>|void} [ask.run]
 */
export function openDialog({ name, title, text, fields, submit, run }) {
  const error = h("p", { class: "form-error", role: "alert" });
  const cancel = h(
    "button",
    { class: "button", type: "button", onclick: () => dialog.close() },
    submit ? "Cancel" : "Close",
  );
  const send = submit ? h("button", { class: "button primary", type: "submit" }, submit) : null;
  const form = h(
    "form",
    { method: "dialog", novalidate: true, onsubmit: send_ },
    h(
      // No header, which would be a second banner of the page.
      "div",
      { class: "dialog-head" },
      h("h2", { id: `${name}-title` }, title),
      h(
        "button",
        { class: "icon-button", type: "button", onclick: () => dialog.close() },
        icon("close"),
        hidden("Close"),
      ),
    ),
    text && h("p", { class: "quiet", id: `${name}-text` }, text),
    fields,
    error,
    h("div", { class: "dialog-foot" }, cancel, send),
  );
  const dialog = h(
    "dialog",
    {
      "data-dialog": name,
      "aria-labelledby": `${name}-title`,
      "aria-describedby": text ? `${name}-text` : null,
      onclose: () => dialog.remove(),
      onpointerdown: (/** @type {PointerEvent} */ event) => isBeside(dialog, event) && dialog.close(),
    },
    form,
  );

  /** @param {Event} event */
  async function send_(event) {
    event.preventDefault();
    if (!send || send.disabled) return;
    error.textContent = "";
    send.disabled = true;
    try {
      await run?.(new FormData(form));
      dialog.close();
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : "Something went wrong.";
      if (!dialog.open) return failedUnseen.emit(message);
      error.textContent = message;
      send.disabled = false;
      send.focus();
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Whether a press was on the backdrop. It hits the dialog itself, as one on the dialog's scroll bar does.
 * @param {HTMLDialogElement} dialog @param {PointerEvent} event
 */
export function isBeside(dialog, { target, clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (clientX < left || clientX >= right || clientY < top || clientY >= bottom);
}

/**
 * A labelled choice; the first of `options` is chosen unless `value` names another.
 * @param {string} name @param {string} label
 * @param {({value: string, label: string}|{group: string, options: {value: string, label: string}[]})[]} options
 * @param {{value?: string, autofocus?: boolean, help?: string}} [more]
 */
export function selectField(name, label, options, { value = "", autofocus = false, help = "" } = {}) {
  const option = (/** @type {{value: string, label: string}} */ one) =>
    h("option", { value: one.value, selected: one.value === value }, one.label);
  return h(
    "div",
    { class: "field" },
    h("label", { for: `dialog-${name}` }, label),
    h(
      "select",
      { id: `dialog-${name}`, name, autofocus, "aria-describedby": help ? `dialog-${name}-help` : null },
      options.map((one) =>
        "group" in one ? h("optgroup", { label: one.group }, one.options.map(option)) : option(one),
      ),
    ),
    help && h("p", { class: "quiet small", id: `dialog-${name}-help` }, help),
  );
}

/**
 * Radio buttons, one a line.
 * @param {string} name @param {string} label
 * @param {{value: string, label: string, help?: string, key?: string}[]} options @param {string} [value] the one that is chosen
 */
export function radioField(name, label, options, value = "") {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", null, label),
    options.map((one, index) =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "radio",
          name,
          value: one.value,
          checked: one.value === value,
          autofocus: value ? one.value === value : index === 0,
        }),
        h("span", null, h("strong", null, one.label), one.help && h("span", { class: "quiet small" }, one.help)),
      ),
    ),
  );
}

/**
 * A labelled text area for a note. Control + Enter in it submits.
 * @param {string} label @param {string} help @param {{autofocus?: boolean, required?: boolean}} [options]
 */
export function noteField(label, help, { autofocus = false, required = false } = {}) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: "dialog-note" }, label, !required && h("span", { class: "quiet" }, " (optional)")),
    h("textarea", {
      id: "dialog-note",
      name: "note",
      rows: "3",
      maxlength: "2000",
      autofocus,
      "aria-describedby": "dialog-note-help",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
          /** @type {HTMLTextAreaElement} */ (event.target).form?.requestSubmit();
      },
    }),
    h("p", { class: "quiet small", id: "dialog-note-help" }, help),
  );
}
