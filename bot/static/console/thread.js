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

  /** @param {Record[]} records @returns {Record[]} */
  add(records) {
    const before = this.seq;
    for (const record of records) {
      if (record.seq > this.seq) this.#early.set(record.seq, record);
      for (let next; (next = this.#early.get(this.seq + 1));) {
        this.#early.delete(next.seq);
        this.records.push(next);
      }
    }
    return this.records.slice(before);
  }

  /** @param {number} seq @returns {Record|undefined} */
  at(seq) {
    return this.records[seq - 1];
  }
}
