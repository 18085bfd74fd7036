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

  /** Only a customer's word that waits for people makes a conversation unread. @param {import("./types.js").Summary} summary */
  unread(summary) {
    if (summary.owner !== "queue" && summary.owner !== "agent") return false;
    return summary.last?.from === "customer" && summary.seq > (this.#seqs.get(summary.id) ?? 0);
  }
}
