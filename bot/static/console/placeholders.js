// @ts-check

/**
 * A canned reply with what is known put in; what is not stands as «name» for the agent, and is a gap.
 * @param {string} text @param {{[name: string]: string|null|undefined}} values
 * @returns {{text: string, gaps: string[]}}
 */
export function filled(text, values) {
  /** @type {string[]} */
  const gaps = [];
  const put = text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name) => {
    if (values[name]) return values[name];
    gaps.push(`«${name}»`);
    return `«${name}»`;
  });
  return { text: put, gaps };
}

/**
 * Where the first of the gaps stands at or after a place in the text. Only these count: a text may well have such quotes.
 * @param {string} text @param {string[]} gaps @param {number} [from] @returns {[number, number]|null}
 */
export function gap(text, gaps, from = 0) {
  const places = gaps.map((one) => /** @type {[number, number]} */ ([text.indexOf(one, from), one.length]));
  const [first] = places.filter(([at]) => at >= 0).sort(([one], [other]) => one - other);
  return first ? [first[0], first[0] + first[1]] : null;
}
