// @ts-check
import { Signal } from "./signal.js";
import { now } from "./time.js";

/** @typedef {{since: number, news: {id: string, count: number}[]}} Missed */

/**
 * What happened while the line was down: how far each conversation was known then, and what has come since.
 *
 *     away.left(lists, threads)   // the line is gone
 *     away.back(lists, threads)   // it is there again and all was read: `missed` tells
 *     away.from(id)               // the last seq seen before, until the conversation has been looked at
 */
export class Away {
  /** @type {Signal<Missed>} */
  missed = new Signal();
  #since = 0;
  /** How far each conversation was known. @type {Map<string, number>} */
  #seqs = new Map();
  /** What has news since. @type {Map<string, number>} */
  #news = new Map();

  /**
   * @param {import("./lists.js").Lists} lists @param {[string, import("./thread.js").Thread][]} threads
   */
  left(lists, threads) {
    if (this.#since) return;
    this.#since = now();
    for (const [id, { seq }] of lists.summaries) if (!this.#seqs.has(id)) this.#seqs.set(id, seq);
    for (const [id, { seq }] of threads) this.#seqs.set(id, seq);
  }

  /**
   * @param {import("./lists.js").Lists} lists @param {Map<string, import("./thread.js").Thread>} threads
   * @param {string} me what one did oneself is no news
   */
  back(lists, threads, me) {
    if (!this.#since) return;
    const since = this.#since;
    this.#since = 0;
    for (const [id, { seq, owner }] of lists.summaries) {
      // What the bot answers by itself is nobody's news.
      if (owner === "bot") continue;
      const known = this.#seqs.get(id) ?? 0;
      const own = (threads.get(id)?.records ?? []).filter((record) => record.seq > known && record.by?.id === me);
      const count = seq - known - own.length;
      if (count > 0) this.#news.set(id, count);
      else this.#seqs.delete(id);
    }
    this.missed.emit({ since, news: [...this.#news].map(([id, count]) => ({ id, count })) });
  }

  /** The last seq that was known when the line went down; undefined where nothing was missed. @param {string} id */
  from(id) {
    return this.#since || this.#news.has(id) ? this.#seqs.get(id) : undefined;
  }

  /** How many records came meanwhile. @param {string} id */
  count(id) {
    return this.#news.get(id) ?? 0;
  }

  /** It has been looked at. @param {string} id */
  read(id) {
    if (this.#since) return;
    this.#news.delete(id);
    this.#seqs.delete(id);
  }
}
