import { ApiError } from './api.js';
import { backoff, Pause } from './pause.js';
import { EventParser } from './sse.js';

/** The server writes a line every 10 s at least; a line this old means that the connection is dead. */
const SILENCE = 25_000;
const DOUBTFUL = 12_000;

/** An event stream that stays up: it reconnects by itself until it is stopped or refused. */
export class Stream {
  /**
   * @param {{
   *   connect: (signal: AbortSignal) => Promise<Response>,
   *   onEvent: (event: {type: string, id: string, data: string}) => void,
   *   onLive: (live: boolean) => void,
   *   onRefused: () => void,
   * }} needs
   */
  constructor({ connect, onEvent, onLive, onRefused }) {
    this.connect = connect;
    this.onEvent = onEvent;
    this.onLive = onLive;
    this.onRefused = onRefused;
    this.pause = new Pause();
    /** The run that may speak; one that was stopped no longer is it. @type {object | null} */
    this.run = null;
    this.connection = new AbortController();
    this.heard = 0;
    this.tries = 0;
    this.hurry = false;
  }

  start() {
    if (this.run) return;
    this.tries = 0;
    this.loop((this.run = {}));
  }

  stop() {
    this.run = null;
    this.connection.abort();
    this.pause.wake();
  }

  /** Reconnects at once where the connection is down or may be dead; with `force` in any case. */
  nudge(force = false) {
    this.tries = 0;
    this.pause.wake();
    if (!force && Date.now() - this.heard < DOUBTFUL) return;
    this.hurry = true;
    this.connection.abort();
  }

  /** @param {object} run */
  async loop(run) {
    while (this.run === run) {
      const wait = await this.read(run);
      if (this.run !== run) return;
      this.onLive(false);
      if (!this.hurry) await this.pause.sleep(Math.max(wait, backoff(this.tries++)));
    }
  }

  /** One connection, until it ends. @param {object} run @returns {Promise<number>} ms the server asks to stay away */
  async read(run) {
    const connection = (this.connection = new AbortController());
    const current = () => this.run === run;
    this.hurry = false;
    let watch = 0;
    const hear = () => {
      this.heard = Date.now();
      clearTimeout(watch);
      watch = setTimeout(() => connection.abort(), SILENCE);
    };
    try {
      hear();
      const response = await this.connect(connection.signal);
      const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
      const parser = new EventParser((event) => {
        if (current()) this.onEvent(event);
      });
      for (;;) {
        const { done, value } = await reader.read();
        if (done || !current()) return 0;
        hear();
        this.tries = 0;
        this.onLive(true);
        parser.push(value);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401 && current()) {
        this.run = null;
        this.onRefused();
      }
      return error instanceof ApiError ? error.wait : 0;
    } finally {
      clearTimeout(watch);
      connection.abort();
    }
  }
}
