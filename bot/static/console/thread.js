// @ts-check

/** @typedef {import("./types.js").Record} Record */

/**
 * The records of one conversation as this page knows them: from seq 1 without a gap, each once, in order. What arrives
 * too early waits in a side room until the gap before it is filled.
 *
 *     thread.add([record])  // → the records that are now to be shown after those before
 *     thread.gap            // → true: fetch everything after thread.seq
 */
export class Thread {
  /** @type {Record[]} */
  records = [];
  /** @type {import("./types.js").Packet|null} */
  packet = null;
  /** @type {import("./types.js").Customer|null} */
  customer = null;
  /** @type {import("./types.js").Lookup[]} */
  orders = [];
  /** @type {import("./types.js").Summary[]} */
  earlier = [];
  /** @type {Map<number, Record>} */
  #early = new Map();

  /** The last seq shown; everything up to it is here. */
  get seq() {
    return this.records.length;
  }

  /** Something after a missing record has arrived. */
  get gap() {
    return this.#early.size > 0;
  }

  /** The customer as they are known now: who it was before it was opened again may be somebody else. */
  get person() {
    return this.customer?.earlier ? null : this.customer;
  }

  /** @param {Record[]} records @returns {Record[]} */
  add(records) {
    const before = this.seq;
    for (const record of records) {
      if (record.seq > this.seq) this.#early.set(record.seq, record);
      for (let next; (next = this.#early.get(this.seq + 1));) {
        this.#early.delete(next.seq);
        this.records.push(next);
        this.#amend(next);
      }
    }
    return this.records.slice(before);
  }

  /** @param {number} seq @returns {Record|undefined} */
  at(seq) {
    return this.records[seq - 1];
  }

  /** The log only grows: what was changed or taken back is said by a later record. @param {Record} record */
  #amend({ event, of, text }) {
    const found = of && (event === "edited" || event === "deleted") ? this.at(of) : undefined;
    if (!found) return;
    const changed = event === "edited" && !found.deleted;
    this.records[found.seq - 1] = changed
      ? { ...found, text, edited: true }
      : { ...found, text: "", attachments: undefined, deleted: true };
  }
}
