// @ts-check

/** What is left to fill stands in these, so that one sees it and cannot send it. */
const GAP = /«[^«»]*»/;

/**
 * A canned reply with what is known put in; what is not stands as «name» for the agent.
 * @param {string} text @param {{[name: string]: string|null|undefined}} values
 */
export function filled(text, values) {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name) => values[name] || `«${name}»`);
}

/** The first gap at or after a place in the text, else the first of all. @param {string} text @param {number} [from] @returns {[number, number]|null} */
export function gap(text, from = 0) {
  const found = GAP.exec(text.slice(from));
  if (found) return [from + found.index, from + found.index + found[0].length];
  return from ? gap(text) : null;
}
