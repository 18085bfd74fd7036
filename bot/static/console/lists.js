// @ts-check

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").View} View */

/** Every conversation the page has heard of, and which of them each view shows in which order. No network, no DOM. */
export class Lists {
  /** @type {Map<string, Summary>} */
  summaries = new Map();
  /** Views that were read from the server at least once. @type {Map<View, Set<string>>} */
  #views = new Map();
  /** The queue's own order, which only the server knows (a returned conversation stands in front). @type {string[]} */
  #queue = [];

  /** @param {string} me the signed-in agent's id */
  constructor(me) {
    this.me = me;
  }

  /** @param {string} id */
  get(id) {
    return this.summaries.get(id);
  }

  /** @param {View} view */
  loaded(view) {
    return this.#views.has(view);
  }

  /** Takes the server's answer for a view. @param {View} view @param {Summary[]} summaries */
  replace(view, summaries) {
    for (const summary of summaries) this.#keep(summary);
    this.#views.set(view, new Set(summaries.map(({ id }) => id)));
    if (view === "queue") this.#queue = summaries.map(({ id }) => id);
  }

  /**
   * Takes news of one conversation.
   * @param {Summary} summary
   * @returns {{before: Summary|undefined, moved: boolean}} moved: another owner than before
   */
  upsert(summary) {
    const before = this.get(summary.id);
    if (!this.#keep(summary)) return { before, moved: false };
    for (const [view, ids] of this.#views) {
      if (this.belongs(view, summary)) ids.add(summary.id);
      else ids.delete(summary.id);
    }
    if (summary.owner === "queue" && !this.#queue.includes(summary.id)) this.#queue.push(summary.id);
    return { before, moved: before?.owner !== summary.owner || before?.agent?.id !== summary.agent?.id };
  }

  /** @param {View} view @param {Summary} summary */
  belongs(view, summary) {
    if (view === "mine") return this.isMine(summary);
    if (view === "agents") return summary.owner === "agent";
    return summary.owner === view;
  }

  /** @param {Summary|undefined} summary */
  isMine(summary) {
    return summary?.owner === "agent" && summary.agent?.id === this.me;
  }

  /** @param {View} view @returns {Summary[]} */
  rows(view) {
    const rows = [...(this.#views.get(view) ?? [])]
      .map((id) => this.get(id))
      .filter((summary) => summary !== undefined)
      .filter((summary) => this.belongs(view, summary));
    if (view === "queue") return rows.sort((a, b) => this.#queue.indexOf(a.id) - this.#queue.indexOf(b.id));
    return rows.sort((a, b) => b.updated - a.updated);
  }

  /** An answer that was on its way while something newer came must not undo it. @param {Summary} summary */
  #keep(summary) {
    const known = this.get(summary.id);
    if (known && (summary.epoch < known.epoch || (summary.epoch === known.epoch && summary.seq < known.seq)))
      return false;
    this.summaries.set(summary.id, summary);
    return true;
  }
}
