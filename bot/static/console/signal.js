// @ts-check

/**
 * One thing that happens, and those who want to know.
 *
 *     const changed = new Signal();
 *     changed.on((value) => …);
 *     changed.emit(value);
 *
 * @template T
 */
export class Signal {
  /** @type {Set<(value: T) => void>} */
  #listeners = new Set();

  /** @param {(value: T) => void} listener */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {T} value */
  emit(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
