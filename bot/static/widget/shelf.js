/**
 * Web storage that may be forbidden or full (private mode, blocked cookies): what it refuses is kept in memory and
 * lives as long as the page.
 */
export class Shelf {
  /**
   * @param {'localStorage' | 'sessionStorage'} area
   * @param {string} prefix keeps apart what belongs to another server
   */
  constructor(area, prefix) {
    this.prefix = prefix;
    /** @type {Map<string, string>} */
    this.memory = new Map();
    /** @type {Storage | null} */
    this.area = null;
    try {
      this.area = window[area];
    } catch {
      // Even naming it can throw.
    }
  }

  /** @param {string} key @returns {any} */
  get(key) {
    let raw;
    try {
      raw = this.area?.getItem(this.prefix + key);
    } catch {}
    try {
      return JSON.parse(raw ?? this.memory.get(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    const raw = JSON.stringify(value);
    try {
      if (!this.area) throw 0;
      this.area.setItem(this.prefix + key, raw);
      this.memory.delete(key);
    } catch {
      this.memory.set(key, raw);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.memory.delete(key);
    try {
      this.area?.removeItem(this.prefix + key);
    } catch {}
  }

  /** @param {string} start */
  keys(start) {
    /** @type {string[]} */
    let stored = [];
    try {
      const all = Object.keys(this.area ?? {});
      stored = all.filter((key) => key.startsWith(this.prefix)).map((key) => key.slice(this.prefix.length));
    } catch {}
    return [...new Set([...stored, ...this.memory.keys()])].filter((key) => key.startsWith(start));
  }
}
