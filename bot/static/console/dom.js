// @ts-check

/** @typedef {Node|string|number|null|undefined|false} Child */

/**
 * Makes an element. Text children become text nodes, so nothing a person typed can turn into markup.
 *
 *     h("button", { class: "button", type: "button", onclick: claim }, icon("hand"), "Claim")
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{[name: string]: any}|null} [props] `on…` functions are listeners; false and null leave an attribute out
 * @param {...(Child|Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, ...children);
  return element;
}

/**
 * @param {Element} parent
 * @param {...(Child|Child[])} children
 */
export function append(parent, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces all children.
 * @param {Element} parent
 * @param {...(Child|Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, ...children);
}

/** Text for screen readers only. @param {string} text */
export function hidden(text) {
  return h("span", { class: "visually-hidden" }, text);
}

/**
 * Whether a key belongs to an input method that composes a character. Safari ends the composition before it tells of
 * the Enter that ended it; the code 229 is all that sets that one apart.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** @param {EventTarget|null} target */
export function isEditable(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["button", "submit", "radio", "checkbox"].includes(target.type);
}
