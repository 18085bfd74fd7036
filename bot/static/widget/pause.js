/** A sleep that can be cut short. */
export class Pause {
  /** @type {() => void} */
  wake = () => {};

  /** @param {number} ms */
  sleep(ms) {
    return new Promise((/** @type {(value?: unknown) => void} */ done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}

/**
 * Doubling up to `cap`, with jitter so that a restarted server is not met by everybody at once.
 * @param {number} tries
 */
export const backoff = (tries, cap = 30_000) => Math.min(cap, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
