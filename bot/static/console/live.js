// @ts-check
import { unattended } from "./attended.js";
import { Signal } from "./signal.js";
import { readEvents } from "./sse.js";

const SILENCE_MS = 25_000;
const LONGEST_WAIT_MS = 10_000;

/** @typedef {"connecting"|"live"|"lost"|"stopped"} LiveState */

/** The console's event stream: connects, notices silence, comes back. */
export class Live {
  /** @type {Signal<LiveState>} */
  state = new Signal();
  /** @type {Signal<{event: string, data: any}>} */
  event = new Signal();
  /** The server showed that the line is alive. @type {Signal<void>} */
  pinged = new Signal();
  /** The session is over (401) or not allowed here (403). @type {Signal<number>} */
  refused = new Signal();

  /** @type {LiveState} */
  current = "stopped";
  /** @type {AbortController|null} */
  #connection = null;
  /** Grows with each start and stop; an older loop sees that it is over. */
  #run = 0;
  /** @type {(() => void)|null} */
  #wake = null;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    addEventListener("online", () => this.#wake?.());
    addEventListener("offline", () => this.#connection?.abort());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake?.());
  }

  start() {
    this.stop();
    this.#set("connecting");
    void this.#loop(++this.#run);
  }

  stop() {
    this.#run++;
    this.#connection?.abort();
    this.#wake?.();
    this.#set("stopped");
  }

  /** @param {number} run */
  async #loop(run) {
    let failures = 0;
    while (run === this.#run) {
      try {
        await this.#listen(run, () => (failures = 0));
      } catch {
        // Any way of losing the line is the same to us: say so and come back.
      }
      if (run !== this.#run) return;
      this.#set("lost");
      // The spread keeps a roomful of consoles from knocking at the same moment.
      await this.#pause(Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures++) * (0.6 + Math.random() * 0.4));
    }
  }

  /** @param {number} run @param {() => void} connected */
  async #listen(run, connected) {
    const connection = (this.#connection = new AbortController());
    let silence = setTimeout(() => connection.abort(), SILENCE_MS);
    try {
      const response = await fetch(this.url, {
        headers: { Accept: "text/event-stream", ...unattended() },
        cache: "no-store",
        credentials: "same-origin",
        signal: connection.signal,
      });
      if (run !== this.#run) return;
      if (response.status === 401 || response.status === 403) {
        this.stop();
        this.refused.emit(response.status);
        return;
      }
      if (!response.ok || !response.body) return;
      connected();
      this.#set("live");
      for await (const { event, data } of readEvents(response.body)) {
        if (run !== this.#run) return;
        clearTimeout(silence);
        silence = setTimeout(() => connection.abort(), SILENCE_MS);
        if (event) this.event.emit({ event, data: JSON.parse(data) });
        else this.pinged.emit();
      }
    } finally {
      clearTimeout(silence);
      connection.abort();
    }
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve(undefined);
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** @param {LiveState} state */
  #set(state) {
    if (this.current === state) return;
    this.current = state;
    this.state.emit(state);
  }
}
