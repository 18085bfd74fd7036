// @ts-check
import { listKey } from "./route.js";

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./route.js").Where} Where */

/** Their order is the server's alone: what is due first, what was mentioned and not read. */
const ORDERED = ["queue", "team", "mentions"];

/** Every conversation the page has heard of, and which of them each list shows in which order. No network, no DOM. */
export class Lists {
  /** @type {Map<string, Summary>} */
  summaries = new Map();
  /** Lists that were read from the server at least once. @type {Map<string, {where: Where, ids: Set<string>, next: string|null}>} */
  #lists = new Map();

  /** @param {string} me the signed-in agent's id @param {boolean} supervises */
  constructor(me, supervises) {
    this.me = me;
    this.supervises = supervises;
  }

  /** @param {string} id */
  get(id) {
    return this.summaries.get(id);
  }

  /** @param {Where} where */
  loaded(where) {
    return this.#lists.has(listKey(where));
  }

  /** The cursor of the page that follows; null where all is here. @param {Where} where */
  next(where) {
    return this.#lists.get(listKey(where))?.next ?? null;
  }

  /** Takes the server's answer for a list. @param {Where} where @param {Summary[]} summaries @param {string|null} next */
  replace(where, summaries, next) {
    for (const summary of summaries) this.#keep(summary);
    this.#lists.set(listKey(where), { where, ids: new Set(summaries.map(({ id }) => id)), next });
  }

  /** Takes a further page. @param {Where} where @param {Summary[]} summaries @param {string|null} next */
  extend(where, summaries, next) {
    const list = this.#lists.get(listKey(where));
    if (!list) return this.replace(where, summaries, next);
    for (const summary of summaries) {
      this.#keep(summary);
      list.ids.add(summary.id);
    }
    list.next = next;
  }

  /**
   * Takes news of one conversation.
   * @param {Summary} summary
   * @returns {{before: Summary|undefined, moved: boolean}} moved: another owner, order or list than before
   */
  upsert(summary) {
    const before = this.get(summary.id);
    if (!this.#keep(summary)) return { before, moved: false };
    for (const { where, ids } of this.#lists.values()) {
      if (this.belongs(where, summary)) ids.add(summary.id);
      // Who was mentioned keeps it in the list after reading.
      else if (where.view !== "mentions") ids.delete(summary.id);
    }
    const moved = ["owner", "team", "priority", "snoozed_until"].some(
      (name) => /** @type {any} */ (before)?.[name] !== /** @type {any} */ (summary)[name],
    );
    return { before, moved: moved || before?.agent?.id !== summary.agent?.id };
  }

  /** @param {Where} where @param {Summary} summary */
  belongs({ view, team, tag }, summary) {
    const open = summary.owner === "queue" || summary.owner === "agent";
    const sleeps = Boolean(summary.snoozed_until) && summary.owner === "agent";
    if (team && summary.team !== team) return false;
    if (tag && !summary.tags?.includes(tag)) return false;
    if (view === "mine") return this.isMine(summary) && !sleeps;
    if (view === "team") return open && !sleeps;
    if (view === "all") return open;
    if (view === "snoozed") return sleeps && (this.supervises || this.isMine(summary));
    if (view === "mentions") return Boolean(summary.mentions?.includes(this.me));
    return summary.owner === view;
  }

  /** @param {Summary|undefined} summary */
  isMine(summary) {
    return summary?.owner === "agent" && summary.agent?.id === this.me;
  }

  /** @param {Where} where @returns {Summary[]} */
  rows(where) {
    const rows = [...(this.#lists.get(listKey(where))?.ids ?? [])]
      .map((id) => this.get(id))
      .filter((summary) => summary !== undefined)
      .filter((summary) => where.view === "mentions" || this.belongs(where, summary));
    if (ORDERED.includes(where.view)) return rows;
    if (where.view === "snoozed") return rows.sort((a, b) => (a.snoozed_until ?? 0) - (b.snoozed_until ?? 0));
    if (where.view === "mine") return rows.sort(byTurn);
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

/** Whose turn is ours stands first, longest wait in front; then what moved last. @param {Summary} a @param {Summary} b */
function byTurn(a, b) {
  const ours = Number(b.last?.from === "customer") - Number(a.last?.from === "customer");
  if (ours) return ours;
  return a.last?.from === "customer" ? (a.last?.at ?? 0) - (b.last?.at ?? 0) : b.updated - a.updated;
}
