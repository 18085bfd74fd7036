// @ts-check
import { read, write } from "./storage.js";

const KEPT = 400;

/** How far the agent has read each conversation, in this browser. */
export class Seen {
  /** @type {Map<string, number>} */
  #seqs;

  /** @param {string} user */
  constructor(user) {
    this.key = `seen.${user}`;
    this.#seqs = new Map(read("local", this.key, /** @type {[string, number][]} */ ([])));
  }

  /** @param {string} id @param {number} seq @returns {boolean} whether that is news */
  mark(id, seq) {
    if ((this.#seqs.get(id) ?? 0) >= seq) return false;
    this.#seqs.delete(id);
    this.#seqs.set(id, seq);
    write("local", this.key, [...this.#seqs].slice(-KEPT));
    return true;
  }

  /**
   * Who waits in the queue is unread until looked at; with an agent, only a customer's new word counts.
   * @param {import("./types.js").Summary} summary
   */
  unread(summary) {
    if (summary.seq <= (this.#seqs.get(summary.id) ?? 0)) return false;
    return summary.owner === "queue" || (summary.owner === "agent" && summary.last?.from === "customer");
  }
}
