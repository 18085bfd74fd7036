/** @import { Entry } from './types.js' */
import { asApiError } from './api.js';
import { backoff, makePause } from './stream.js';

const TRIES = 4;
/** Told to stay away for longer than this, we ask the customer. */
const PATIENCE = 60_000;

/**
 * What the customer wrote and the server has not yet acknowledged. It is kept under the id it is sent with, so that
 * a reload, a second tab or a retry can send it again and it still counts once.
 * @type {import('./types.js').MakeOutbox}
 */
export const makeOutbox = (shelf, deliver, changed) => {
  const pause = makePause();
  let busy = false;

  /** @param {Entry} entry @param {Partial<Entry>} [change] */
  const keep = (entry, change) => {
    // It may have been cleared away while it was under way.
    if (!outbox.entries.includes(entry)) return;
    shelf.set(`out:${entry.id}`, Object.assign(entry, change));
    changed();
  };

  const waiting = () => outbox.entries.filter(({ state }) => state === 'sending');

  /** What failed for want of a connection has its turn before whatever is written later. */
  const again = () => {
    for (const entry of outbox.entries) if (entry.state === 'failed' && !entry.final) entry.state = 'sending';
  };

  /** One at a time, oldest first: so they arrive in the order they were written. */
  const flush = async () => {
    if (busy) return;
    busy = true;
    let tries = 0;
    for (let entry; ([entry] = waiting()), entry; changed()) {
      try {
        await deliver(entry);
        entry.state = 'sent';
        shelf.remove(`out:${entry.id}`);
        tries = 0;
      } catch (error) {
        const { code, passing, wait } = asApiError(error);
        entry.code = code;
        if (!passing) keep(entry, { state: 'failed', final: true });
        else if (++tries < TRIES && wait < PATIENCE) {
          changed();
          await pause.sleep(Math.max(wait, backoff(tries - 1)));
        } else for (const other of waiting()) keep(other, { state: 'failed' });
      }
    }
    busy = false;
  };

  /** @type {import('./types.js').Outbox} */
  const outbox = {
    entries: [],
    load() {
      const known = new Map(outbox.entries.map((entry) => [entry.id, entry]));
      const stored = shelf.keys('out:').map((key) => shelf.get(key)).filter((entry) => entry?.id);
      const sent = outbox.entries.filter(({ state }) => state === 'sent');
      outbox.entries = [...new Set([...sent, ...stored.map((entry) => known.get(entry.id) ?? entry)])];
      outbox.entries.sort((a, b) => a.at - b.at);
      changed();
    },
    add(message) {
      const at = Math.max(Date.now(), (outbox.entries.at(-1)?.at ?? 0) + 1);
      /** @type {Entry} */
      const entry = { ...message, at, state: 'sending' };
      outbox.entries.push(entry);
      again();
      keep(entry);
      flush();
    },
    drop(id) {
      const entry = outbox.entries.find((other) => other.id === id);
      outbox.entries = outbox.entries.filter((other) => other !== entry);
      if (entry) shelf.remove(`out:${id}`);
      changed();
      return entry;
    },
    clear(until) {
      for (const { id, at } of outbox.entries) if (at <= until) outbox.drop(id);
    },
    resume() {
      again();
      changed();
      pause.wake();
      flush();
    },
  };
  return outbox;
};
