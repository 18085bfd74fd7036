// @ts-check
import { h } from "./dom.js";
import { optionsFor } from "./options.js";
import { stepsField } from "./steps.js";
import { weekField } from "./week.js";

/**
 * @typedef {object} Field one thing that is set
 * @property {string} name
 * @property {string} label
 * @property {"text"|"long"|"number"|"choice"|"words"|"dates"|"checks"|"week"|"steps"} kind
 * @property {string} [help]
 * @property {string} [unit]
 * @property {boolean} [required]
 * @property {(setup: import("./types.js").DeskSetup) => {value: string, label: string}[]} [options]
 * @property {string} [none] a choice's words for null
 */
/** @typedef {{element: HTMLElement, read: () => unknown}} Control */

/**
 * A field with its label; `read` gives what the server takes.
 * @param {Field} field @param {any} value @param {import("./types.js").DeskSetup} setup
 * @returns {Control}
 */
export function control(field, value, setup) {
  const id = `set-${field.name}`;
  const help = field.help ? h("p", { class: "quiet small", id: `${id}-help` }, field.help) : null;
  const about = { id, name: field.name, "aria-describedby": help && `${id}-help` };
  const label = h("label", { for: id }, field.label, !field.required && optional(field.kind));
  /** @param {HTMLElement} input @param {() => unknown} read @returns {Control} */
  const made = (input, read) => ({ element: h("div", { class: "field" }, label, input, help), read });
  switch (field.kind) {
    case "text": {
      const input = h("input", { ...about, required: field.required, autocomplete: "off", maxlength: "200" });
      input.value = value ?? "";
      return made(input, () => input.value.trim());
    }
    case "long": {
      const input = h("textarea", { ...about, rows: "6", required: field.required, maxlength: "2000" });
      input.value = value ?? "";
      return made(input, () => input.value.trim());
    }
    case "number": {
      const input = h("input", { ...about, type: "number", min: "0", required: field.required });
      input.value = value ?? "";
      const row = h("div", { class: "with-unit" }, input, field.unit && h("span", { class: "quiet" }, field.unit));
      return made(row, () => {
        // The browser gives what it cannot read as nothing.
        if (input.validity.badInput)
          throw Object.assign(new Error(`${field.label}: please enter a number.`), { field: field.name });
        return input.value === "" ? null : Number(input.value);
      });
    }
    case "choice": {
      const input = h(
        "select",
        about,
        field.none && h("option", { value: "" }, field.none),
        optionsFor(field.options?.(setup) ?? [], String(value ?? "")),
      );
      return made(input, () => input.value || null);
    }
    case "words":
    case "dates": {
      const input = h("input", { ...about, autocomplete: "off" });
      input.value = (value ?? []).join(", ");
      return made(input, () =>
        input.value
          .split(",")
          .map((word) => word.trim())
          .filter(Boolean),
      );
    }
    case "checks":
      return checks(field, value ?? [], setup, help);
    case "week":
      return weekField(field.label, value ?? {});
    case "steps":
      return stepsField(field.label, value ?? [], setup);
  }
}

/** @param {Field} field @param {string[]} value @param {import("./types.js").DeskSetup} setup @param {HTMLElement|null} help */
function checks(field, value, setup, help) {
  const options = field.options?.(setup) ?? [];
  const element = h(
    "fieldset",
    { class: "pills" },
    h("legend", null, field.label),
    options.map((one) =>
      h(
        "label",
        { class: "pill" },
        h("input", { type: "checkbox", name: field.name, value: one.value, checked: value.includes(one.value) }),
        h("span", null, one.label),
      ),
    ),
    !options.length && h("p", { class: "quiet small" }, "Nothing to choose from yet."),
    help,
  );
  const boxes = () => /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll("input")]);
  return {
    element,
    read: () =>
      boxes()
        .filter(({ checked }) => checked)
        .map((box) => box.value),
  };
}

/** @param {Field["kind"]} kind */
function optional(kind) {
  return kind === "choice" ? null : h("span", { class: "quiet" }, " (optional)");
}
