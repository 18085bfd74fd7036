// @ts-check

/**
 * The browser's storage, which may be full, forbidden or hold rubbish: then the fallback stands.
 *
 * @template T
 * @param {"local"|"session"} where
 * @param {string} key
 * @param {T} fallback
 * @returns {T}
 */
export function read(where, key, fallback) {
  try {
    const text = store(where).getItem(`frontdesk.${key}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/**
 * @param {"local"|"session"} where
 * @param {string} key
 * @param {unknown} value null removes the key
 */
export function write(where, key, value) {
  try {
    if (value === null) store(where).removeItem(`frontdesk.${key}`);
    else store(where).setItem(`frontdesk.${key}`, JSON.stringify(value));
  } catch {
    // What cannot be stored still lives in this page until it is closed.
  }
}

/** @param {"local"|"session"} where */
function store(where) {
  return where === "local" ? localStorage : sessionStorage;
}
