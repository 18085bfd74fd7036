/** @import { LogRecord } from './types.js' */

/** The records of one conversation: each once, in order, without a gap. */
export class Log {
  /** @type {LogRecord[]} */
  records = [];

  get last() {
    return this.records.at(-1)?.seq ?? 0;
  }

  /** @param {LogRecord} record @returns {boolean} false where records before it are missing: then it is not taken */
  add(record) {
    if (record.seq > this.last + 1) return false;
    if (record.seq > this.last) this.records.push(record);
    return true;
  }

  /** Takes the server's whole list instead of its own. @param {LogRecord[]} records */
  replace(records) {
    const bySeq = new Map(records.map((record) => [record.seq, record]));
    this.records = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  /** How many messages to the customer stand after `seq`. @param {number} seq */
  unread(seq) {
    return this.records.filter(
      (record) => record.seq > seq && record.kind === 'message' && /bot|agent/.test(record.from),
    ).length;
  }
}
