// @ts-check

/**
 * A note in pieces: what stands at the odd places is an @ with one of the names, as a word of its own. Of two names that
 * begin alike the longer one is meant: @Ben Ito is not Ben, and neither an address nor a longer word names anybody.
 * @param {string} text @param {string[]} names @returns {string[]}
 */
export function splitByNames(text, names) {
  if (!names.length) return [text];
  const longestFirst = [...names].sort((one, other) => other.length - one.length);
  const any = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  // Splitting by a captured pattern puts the matches at the odd places.
  return text.split(new RegExp(`(?<![\\p{L}\\p{N}_.@-])(@(?:${any}))(?![\\p{L}\\p{N}_])`, "u"));
}
