// @ts-check
import { Signal } from "./signal.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {"list"|"conversation"|"context"} Pane */
/** @typedef {{view: View, conversation: string|null, pane: Pane}} Place */

/** @type {View[]} */
export const VIEWS = ["queue", "mine", "agents", "bot", "closed"];

/** @type {{[view in View]: string}} */
export const VIEW_NAMES = { queue: "Queue", mine: "Mine", agents: "With agents", bot: "Bot", closed: "Closed" };

/**
 * @param {View} view
 * @param {string|null} [conversation]
 * @param {Pane} [pane]
 */
export function placeHash(view, conversation = null, pane = "conversation") {
  if (!conversation) return `#/${view}`;
  return `#/${view}/${encodeURIComponent(conversation)}${pane === "context" ? "/context" : ""}`;
}

/** @param {string} hash @returns {Place} */
export function readPlace(hash) {
  const [view, conversation, pane] = hash.replace(/^#\/?/, "").split("/");
  return {
    view: VIEWS.find((name) => name === view) ?? "queue",
    conversation: conversation ? safeDecode(conversation) : null,
    pane: !conversation ? "list" : pane === "context" ? "context" : "conversation",
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
   * @param {View} view
   * @param {string|null} [conversation]
   * @param {Pane} [pane]
   */
  go(view, conversation = null, pane = "conversation") {
    const hash = placeHash(view, conversation, pane);
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
