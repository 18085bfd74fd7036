/** Runs what may be forbidden. @type {<T>(act: () => T) => T | undefined} */
const attempt = (act) => {
  try {
    return act();
  } catch {}
};

/**
 * Web storage that may be forbidden or full (private mode, blocked cookies): what it refuses is kept in memory and
 * lives as long as the page.
 * @type {import('./types.js').MakeShelf}
 */
export const makeShelf = (area, prefix) => {
  const refused = new Map();
  // Even naming it can throw.
  const store = /** @type {Storage} */ (attempt(() => window[area]));
  const stored = () => Object.keys(store).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return {
    prefix,
    get: (key) => attempt(() => JSON.parse(refused.get(key) ?? store.getItem(prefix + key))) ?? null,
    set(key, value) {
      const raw = JSON.stringify(value);
      refused.set(key, raw);
      attempt(() => {
        store.setItem(prefix + key, raw);
        refused.delete(key);
      });
    },
    remove(key) {
      refused.delete(key);
      attempt(() => store.removeItem(prefix + key));
    },
    keys: (start) => [...(attempt(stored) ?? []), ...refused.keys()].filter((key) => key.startsWith(start)),
  };
};
