// @ts-check
import { ApiError } from "./api.js";
import { visitorName } from "./chip.js";
import { Lists } from "./lists.js";
import { Live } from "./live.js";
import { Signal } from "./signal.js";
import { Thread } from "./thread.js";

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").Record} Record */
/** @typedef {import("./types.js").View} View */

const THREADS_KEPT = 12;
/** Several changes in a row are one reading of the list. */
const SETTLE_MS = 400;

/** What the console knows, kept true by the event stream. Views listen to its signals and never fetch by themselves. */
export class Desk {
  /** @type {Signal<void>} */
  listChanged = new Signal();
  /** @type {Signal<import("./types.js").Counts>} */
  countsChanged = new Signal();
  /** @type {Signal<Summary>} */
  summaryChanged = new Signal();
  /** @type {Signal<{id: string, added: Record[]}>} */
  recordsAdded = new Signal();
  /** @type {Signal<{id: string}>} */
  packetChanged = new Signal();
  /** @type {Signal<import("./types.js").Typing>} */
  typing = new Signal();
  /** A conversation came into the queue. @type {Signal<Summary>} */
  arrived = new Signal();
  /** A list could not be read. @type {Signal<ApiError|null>} */
  listFailed = new Signal();

  live = new Live("/api/console/events");
  /** @type {import("./types.js").Counts} */
  counts = { queue: 0, mine: 0, agents: 0, bot: 0, closed: 0 };
  /** @type {View} */
  view = "queue";
  /** The open conversation. @type {string|null} */
  open = null;
  /** @type {Map<string, Thread>} */
  #threads = new Map();
  /** @type {Map<string, Promise<Thread>>} */
  #loading = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #settling;

  /** @param {import("./api.js").Api} api @param {import("./types.js").User} user */
  constructor(api, user) {
    this.api = api;
    this.user = user;
    this.lists = new Lists(user.id);
    this.live.event.on(({ event, data }) => this.#heard(event, data));
    // The first connection counts too: what happened between reading and listening is read again.
    this.live.state.on((state) => state === "live" && this.refresh());
  }

  start() {
    this.live.start();
    this.refresh();
  }

  stop() {
    this.live.stop();
  }

  /** Reads the lists and the open conversation anew. */
  refresh() {
    void this.loadList();
    // The queue is always known, so that "a customer is waiting" is true in every view.
    if (this.view !== "queue") void this.loadList("queue");
    if (this.open) void this.thread(this.open).catch(() => {});
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    this.listChanged.emit();
    void this.loadList();
  }

  async loadList(view = this.view) {
    if (view === this.view) clearTimeout(this.#settling);
    try {
      const { conversations, counts } = await this.api.list(view);
      const arrivals =
        view === "queue" && this.lists.loaded("queue")
          ? conversations.filter(({ id, epoch }) => {
              const known = this.lists.get(id);
              return !known || known.epoch < epoch;
            })
          : [];
      this.lists.replace(view, conversations);
      this.#count(counts);
      if (view === this.view) this.listFailed.emit(null);
      this.listChanged.emit();
      const open = this.open && this.lists.get(this.open);
      if (open) this.summaryChanged.emit(open);
      for (const summary of arrivals) this.arrived.emit(summary);
    } catch (error) {
      if (view === this.view) this.listFailed.emit(/** @type {ApiError} */ (error));
    }
  }

  /** The customer's name where somebody told it, else one made of the id. @param {Summary} summary */
  nameOf(summary) {
    return summary.name ?? this.#threads.get(summary.id)?.packet?.who?.name ?? visitorName(summary.id);
  }

  /** The thread if it was read before. @param {string} id */
  known(id) {
    return this.#threads.get(id);
  }

  /**
   * Reads what is new of a conversation; two readings at once are one.
   * @param {string} id
   * @returns {Promise<Thread>}
   */
  thread(id) {
    const running = this.#loading.get(id);
    if (running) return running;
    const loading = this.#load(id).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  /** @param {string} id */
  async #load(id) {
    const before = this.#threads.get(id);
    const { conversation, packet, records } = await this.api.conversation(id, before?.seq ?? 0);
    const thread = this.#threads.get(id) ?? new Thread();
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    for (const old of this.#threads.keys()) {
      if (this.#threads.size <= THREADS_KEPT) break;
      if (old !== this.open && old !== id) this.#threads.delete(old);
    }
    thread.packet = packet;
    const added = thread.add(records);
    this.take(conversation);
    if (added.length) this.recordsAdded.emit({ id, added });
    this.packetChanged.emit({ id });
    this.listChanged.emit();
    if (thread.gap && id === this.open) setTimeout(() => this.open === id && this.thread(id).catch(() => {}), 1000);
    return thread;
  }

  /** Takes news of a conversation, from the stream or from an answer. @param {Summary} summary */
  take(summary) {
    const { before, moved } = this.lists.upsert(summary);
    const current = this.lists.get(summary.id) ?? summary;
    this.summaryChanged.emit(current);
    this.listChanged.emit();
    if (moved && current.owner === "queue" && before) this.arrived.emit(current);
    if (moved) this.#settle();
  }

  /** @param {string} event @param {any} data */
  #heard(event, data) {
    if (event === "counts") this.#count(data.counts ?? data);
    else if (event === "typing") this.typing.emit(data);
    else if (event === "record") this.#record(data.conversation, data.record);
    else if (event === "conversation") {
      const summary = data.conversation ?? data;
      const isNew = !this.lists.get(summary.id);
      this.take(summary);
      if (isNew && summary.owner === "queue") this.arrived.emit(summary);
    }
  }

  /** @param {string} id @param {Record} record */
  #record(id, record) {
    const thread = this.#threads.get(id);
    if (!thread) return;
    const added = thread.add([record]);
    if (added.length) this.recordsAdded.emit({ id, added });
    const newPacket = added.some(({ event }) => event === "handoff");
    // Others are read when they are opened; a gap there does no harm.
    if (id === this.open && (thread.gap || newPacket)) void this.thread(id).catch(() => {});
  }

  /** @param {import("./types.js").Counts} counts */
  #count(counts) {
    this.counts = { ...this.counts, ...counts };
    this.countsChanged.emit(this.counts);
  }

  /** The order and the counts are the server's: after a move they are read again, soon. */
  #settle() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.loadList(), SETTLE_MS);
  }
}
