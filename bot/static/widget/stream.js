import { asApiError } from './api.js';

/** The server writes a line every 10 s at least; after this much silence the connection is dead. */
const SILENCE = 25_000;
const DOUBTFUL = 12_000;

/**
 * Reads a `text/event-stream` from chunks that may be cut anywhere: inside a line, between CR and LF, inside a
 * UTF-8 character.
 * @type {import('./types.js').MakeParser}
 */
export const makeParser = (onEvent) => {
  const decoder = new TextDecoder();
  let rest = '';
  let type = '';
  /** @type {string[]} */
  let data = [];
  return (chunk) => {
    // A CR at the very end waits for the next chunk: it may be half of a CRLF.
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      else if (field === 'event') type = value;
      else if (!line) {
        const event = { type, data: data.join('\n') };
        const full = data.length > 0;
        type = '';
        data = [];
        if (full) onEvent(event);
      }
    }
  };
};

/** A sleep that can be cut short. @returns {import('./types.js').Pause} */
export const makePause = () => {
  let wake = () => {};
  return {
    sleep: (ms) =>
      new Promise((done) => {
        wake = done;
        setTimeout(done, ms);
      }),
    wake: () => wake(),
  };
};

/** Doubling up to 30 s, with jitter so that a restarted server is not met by everybody at once. @param {number} tries */
export const backoff = (tries) => Math.min(30_000, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);

/**
 * An event stream that stays up: it reconnects by itself until it is stopped or refused.
 * @type {import('./types.js').MakeStream}
 */
export const makeStream = ({ connect, onEvent, onLive, onRefused }) => {
  const pause = makePause();
  /** The run that may speak; one that was stopped no longer is it. @type {object | null} */
  let run = null;
  let connection = new AbortController();
  let heard = 0;
  let tries = 0;
  let hurry = false;

  /** One connection, until it ends. @param {object} mine @returns {Promise<number>} ms to stay away */
  const read = async (mine) => {
    const own = (connection = new AbortController());
    let watch = 0;
    const hear = () => {
      heard = Date.now();
      clearTimeout(watch);
      watch = setTimeout(() => own.abort(), SILENCE);
    };
    hurry = false;
    try {
      hear();
      const { body } = await connect(own.signal);
      const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
      const parse = makeParser((event) => run === mine && onEvent(event));
      for (;;) {
        const { done, value } = await reader.read();
        if (done || run !== mine) return 0;
        hear();
        tries = 0;
        onLive(true);
        parse(value);
      }
    } catch (error) {
      const { status, wait } = asApiError(error);
      if (status === 401 && run === mine) {
        run = null;
        onRefused();
      }
      return wait;
    } finally {
      clearTimeout(watch);
      own.abort();
    }
  };

  return {
    async start() {
      if (run) return;
      const mine = (run = {});
      tries = 0;
      while (run === mine) {
        const wait = await read(mine);
        if (run !== mine) return;
        onLive(false);
        if (!hurry) await pause.sleep(Math.max(wait, backoff(tries++)));
      }
    },
    stop() {
      run = null;
      connection.abort();
      pause.wake();
    },
    nudge(force) {
      tries = 0;
      pause.wake();
      if (!force && Date.now() - heard < DOUBTFUL) return;
      hurry = true;
      connection.abort();
    },
  };
};
