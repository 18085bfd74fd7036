// @ts-check
import { Signal } from "./signal.js";

/** @typedef {import("./types.js").View} View */
/** Which list: a view, narrowed to a team or a tag, or what is searched. @typedef {{view: View, team: string, tag: string, q: string}} Where */
/** @typedef {"list"|"conversation"|"context"} Pane */
/** @typedef {"wall"|"settings"} Page */
/**
 * @typedef {object} Place
 * @property {Page|null} page a page of its own instead of the inbox
 * @property {string} section of the settings
 * @property {Where} where
 * @property {string|null} conversation
 * @property {Pane} pane
 * @property {number} seq a message to show, 0 for the newest
 */

/** In the order of the rail, which is that of the keys 1 to 7. @type {View[]} */
export const VIEWS = ["mine", "queue", "mentions", "snoozed", "all", "bot", "closed"];

/** @type {{[view in View]: string}} */
export const VIEW_NAMES = {
  mine: "Mine",
  queue: "Unassigned",
  mentions: "Mentions",
  snoozed: "Snoozed",
  all: "All open",
  bot: "Bot",
  closed: "Closed",
  team: "Team",
  search: "Search",
};

/** @param {View} view @param {Partial<Where>} [more] @returns {Where} */
export function where(view, more = {}) {
  return { view, team: "", tag: "", q: "", ...more };
}

/** A list's name in memory: the same list has the same. @param {Where} list */
export const listKey = ({ view, team, tag }) => `${view} ${team} ${tag}`;

/**
 * @param {Where} list @param {string|null} [conversation] @param {Pane} [pane] @param {number} [seq]
 */
export function placeHash({ view, team, tag, q }, conversation = null, pane = "conversation", seq = 0) {
  const path = conversation
    ? `#/${view}/${encodeURIComponent(conversation)}${pane === "context" ? "/context" : ""}`
    : `#/${view}`;
  const more = new URLSearchParams();
  for (const [name, value] of Object.entries({ team, tag, q, at: seq ? String(seq) : "" }))
    if (value) more.set(name, value);
  return more.size ? `${path}?${more}` : path;
}

/** @param {Page} page @param {string} [section] */
export const pageHash = (page, section = "") => (section ? `#/${page}/${section}` : `#/${page}`);

/** @param {string} hash @returns {Place} */
export function readPlace(hash) {
  const [path, more] = hash.replace(/^#\/?/, "").split("?");
  const [first, second, pane] = path.split("/");
  const asked = new URLSearchParams(more ?? "");
  const names = /** @type {View[]} */ (Object.keys(VIEW_NAMES));
  let view = names.find((name) => name === first) ?? "queue";
  const team = asked.get("team") ?? "";
  if (view === "team" && !team) view = "queue";
  const page = first === "wall" || first === "settings" ? first : null;
  const conversation = !page && second ? safeDecode(second) : null;
  return {
    page,
    section: page ? (second ?? "") : "",
    where: where(view, { team, tag: asked.get("tag") ?? "", q: view === "search" ? (asked.get("q") ?? "") : "" }),
    conversation,
    pane: !conversation ? "list" : pane === "context" ? "context" : "conversation",
    seq: Number(asked.get("at")) || 0,
  };
}

/** Where the agent is, kept in the address, so that the browser's back button and a reload both do what one expects. */
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

  /**
   * @param {Where|View} list @param {string|null} [conversation] @param {Pane} [pane] @param {number} [seq]
   */
  go(list, conversation = null, pane = "conversation", seq = 0) {
    this.#to(placeHash(typeof list === "string" ? where(list) : list, conversation, pane, seq));
  }

  /** @param {Page} page @param {string} [section] */
  open(page, section) {
    this.#to(pageHash(page, section));
  }

  /** Another address for the same place, as while somebody types a search: no step for the back button. @param {Where} list */
  replace(list) {
    history.replaceState(null, "", placeHash(list));
    this.place = readPlace(location.hash);
    this.changed.emit(this.place);
  }

  /** @param {string} hash */
  #to(hash) {
    if (location.hash !== hash) location.hash = hash;
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
