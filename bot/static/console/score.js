// @ts-check
import { h } from "./dom.js";

/** @typedef {import("./types.js").Candidate} Candidate */

/**
 * Knowledge entries with their scores as small bars.
 * @param {Candidate[]} candidates
 * @param {string} [chosen] the entry that was answered
 */
export function scoreList(candidates, chosen) {
  return h(
    "ol",
    { class: "scores" },
    candidates.map((candidate) => {
      const shown = candidate.shown ?? candidate.entry === chosen;
      const bar = h("span", { class: "score-fill" });
      // By the object model, because the content policy forbids style attributes.
      bar.style.width = `${Math.min(100, Math.max(0, (candidate.score ?? 0) * 100))}%`;
      return h(
        "li",
        { "data-entry": candidate.entry, "data-shown": String(shown) },
        h("span", { class: "score-name", title: candidate.entry }, candidate.question ?? candidate.entry),
        h("span", { class: "score-value" }, (candidate.score ?? 0).toFixed(2)),
        h("span", { class: "score-bar", "aria-hidden": "true" }, bar),
        shown && h("span", { class: "score-shown" }, "shown to the customer"),
      );
    }),
  );
}

/**
 * Pairs of name and value; those without a value are left out.
 * @param {[string, string|number|Node|null|undefined|false][]} pairs
 */
export function facts(pairs) {
  const list = h("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === false || value === "") continue;
    list.append(h("dt", null, name), h("dd", null, value));
  }
  return list.childElementCount ? list : null;
}
