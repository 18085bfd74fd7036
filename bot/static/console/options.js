// @ts-check
import { h } from "./dom.js";

/**
 * The options of a choice. What is set and there no more stays among them, or the first would be taken for it unseen.
 * @param {{value: string, label: string}[]} options @param {string} value what is set; empty is nothing
 */
export function optionsFor(options, value) {
  const gone = value && !options.some((one) => one.value === value) ? [{ value, label: "(removed)" }] : [];
  return [...gone, ...options].map((one) =>
    h("option", { value: one.value, selected: one.value === value }, one.label),
  );
}
