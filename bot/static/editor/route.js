// @ts-check
import { Signal } from "/console/static/signal.js";

/** @typedef {"entries"|"publish"|"history"|"gaps"|"transfer"} Page */
/** @typedef {{page: Page, id: string|null, query: {[name: string]: string}}} Place */

/** @type {[Page, string][]} */
export const PAGES = [
  ["entries", "Entries"],
  ["publish", "Publish"],
  ["gaps", "Unanswered"],
  ["history", "Published"],
  ["transfer", "Import & export"],
];

/** @param {string} hash @returns {Place} */
export function readPlace(hash) {
  const [where, search] = hash.replace(/^#\/?/, "").split("?");
  const [page, id] = where.split("/");
  return {
    page: PAGES.find(([name]) => name === page)?.[0] ?? "entries",
    id: id ? safeDecode(id) : null,
    query: Object.fromEntries(new URLSearchParams(search ?? "")),
  };
}

/** @param {Page} page @param {string|null} [id] @param {{[name: string]: string}} [query] */
export function placeHash(page, id = null, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

/** Where the editor is, kept in the address: the back button and a reload do what one expects. */
export class Route {
  /** @type {Signal<Place>} */
  changed = new Signal();
  place = readPlace(location.hash);

  constructor() {
    addEventListener("hashchange", () => {
      this.place = readPlace(location.hash);
      this.changed.emit(this.place);
    });
  }

  /** @param {Page} page @param {string|null} [id] @param {{[name: string]: string}} [query] */
  go(page, id = null, query = {}) {
    const hash = placeHash(page, id, query);
    if (location.hash !== hash) location.hash = hash;
  }

  /** Keeps more in the address of where the editor is. Nobody is told, for nothing else is shown. @param {{[name: string]: string}} query */
  note(query) {
    history.replaceState(null, "", placeHash(this.place.page, this.place.id, query));
    this.place = readPlace(location.hash);
  }

  /** As `go`, without a step in the browser's history. @param {Page} page @param {string|null} id @param {{[name: string]: string}} query */
  replace(page, id, query) {
    history.replaceState(null, "", placeHash(page, id, query));
    this.place = readPlace(location.hash);
    this.changed.emit(this.place);
  }
}

/** @param {string} text */
function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
