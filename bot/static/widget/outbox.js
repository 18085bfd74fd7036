/** @import { Entry } from './types.js' */
import { ApiError } from './api.js';
import { backoff, Pause } from './pause.js';

const TRIES = 4;

/**
 * What the customer wrote and the server has not yet acknowledged. It is kept under the id it is sent with, so that
 * a reload, a second tab or a retry can send it again and it still counts once.
 */
export class Outbox {
  /** @type {Entry[]} */
  entries = [];

  /**
   * @param {{
   *   shelf: import('./shelf.js').Shelf,
   *   deliver: (entry: Entry) => Promise<unknown>,
   *   changed: () => void,
   * }} needs
   */
  constructor({ shelf, deliver, changed }) {
    this.shelf = shelf;
    this.deliver = deliver;
    this.changed = changed;
    this.pause = new Pause();
    this.busy = false;
  }

  /** Follows the shelf: entries of an earlier page, of another tab, or gone because that tab delivered them. */
  load() {
    const stored = this.shelf.keys('out:').map((key) => this.shelf.get(key));
    const mine = new Map(this.entries.map((entry) => [entry.id, entry]));
    const kept = this.entries.filter((entry) => entry.state === 'sent');
    const waiting = stored.filter((entry) => entry?.id).map((entry) => mine.get(entry.id) ?? entry);
    this.entries = [...new Set([...kept, ...waiting])].sort((a, b) => a.at - b.at);
    this.changed();
  }

  /** @param {Pick<Entry, 'id' | 'text' | 'choice' | 'conversation'>} message */
  add(message) {
    const at = Math.max(Date.now(), (this.entries.at(-1)?.at ?? 0) + 1);
    /** @type {Entry} */
    const entry = { ...message, at, state: 'sending' };
    this.entries.push(entry);
    this.keep(entry);
    this.flush();
  }

  /** @param {Entry} entry */
  keep(entry) {
    this.shelf.set(`out:${entry.id}`, entry);
    this.changed();
  }

  /** The log has it, or the customer took it back. @param {string} id */
  drop(id) {
    const entry = this.entries.find((other) => other.id === id);
    if (!entry) return;
    this.entries = this.entries.filter((other) => other !== entry);
    this.shelf.remove(`out:${id}`);
    this.changed();
    return entry;
  }

  /** Tries again what failed in passing, and at once. */
  resume() {
    for (const entry of this.entries) if (entry.state === 'failed' && !entry.final) entry.state = 'sending';
    this.changed();
    this.pause.wake();
    this.flush();
  }

  /** One at a time, oldest first: so they arrive in the order they were written. */
  async flush() {
    if (this.busy) return;
    this.busy = true;
    let tries = 0;
    for (let entry; (entry = this.entries.find((other) => other.state === 'sending')); ) {
      try {
        await this.deliver(entry);
        entry.state = 'sent';
        entry.code = undefined;
        this.shelf.remove(`out:${entry.id}`);
        tries = 0;
      } catch (error) {
        const { code, passing, wait } = error instanceof ApiError ? error : new ApiError(0, 'offline', '');
        entry.code = code;
        if (!passing) this.fail(entry, true);
        else if (++tries < TRIES && wait < 60_000) {
          this.changed();
          await this.pause.sleep(Math.max(wait, backoff(tries - 1)));
        } else for (const other of this.entries) if (other.state === 'sending') this.fail(other, false);
      }
      this.changed();
    }
    this.busy = false;
  }

  /** @param {Entry} entry @param {boolean} final */
  fail(entry, final) {
    entry.state = 'failed';
    entry.final = final;
    this.keep(entry);
  }
}
