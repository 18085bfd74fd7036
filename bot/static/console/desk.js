// @ts-check
import { ApiError } from "./api.js";
import { Away } from "./away.js";
import { visitorName } from "./chip.js";
import { Lists } from "./lists.js";
import { Live } from "./live.js";
import { listKey, where } from "./route.js";
import { Setup } from "./setup.js";
import { Signal } from "./signal.js";
import { Thread } from "./thread.js";

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").Record} Record */
/** @typedef {import("./route.js").Where} Where */

const THREADS_KEPT = 12;
/** Several changes in a row are one reading of the list. */
const SETTLE_MS = 400;
/** Every second ping is answered. */
const HERE_MS = 15_000;
/** When what could not be read after a reconnect is tried again. */
const AGAIN_MS = 3000;
const QUEUE = where("queue");

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
  /** Who else looks at a conversation. @type {Signal<{conversation: string, agents: import("./types.js").Onlooker[]}>} */
  presence = new Signal();
  /** A conversation came into the queue. @type {Signal<Summary>} */
  arrived = new Signal();
  /** A list could not be read. @type {Signal<ApiError|null>} */
  listFailed = new Signal();

  live = new Live("/api/console/events");
  /** @type {import("./types.js").Counts} */
  counts = { queue: 0, mine: 0, all: 0, mentions: 0, snoozed: 0, agents: 0, bot: 0, closed: 0, teams: {} };
  /** The list that is shown. */
  where = QUEUE;
  /** The open conversation. @type {string|null} */
  open = null;
  /** @type {Map<string, Thread>} */
  #threads = new Map();
  /** @type {Map<string, Promise<Thread>>} */
  #loading = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #settling;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #again;
  #answered = 0;

  /** @param {import("./api.js").Api} api @param {import("./types.js").User} user */
  constructor(api, user) {
    this.api = api;
    this.user = user;
    this.supervises = user.role === "supervisor" || user.role === "admin";
    this.lists = new Lists(user.id, this.supervises);
    this.setup = new Setup(api);
    this.away = new Away();
    this.live.event.on(({ event, data }) => this.#heard(event, data));
    // By the server's pings and not by a timer: those a browser holds up while its tab is hidden.
    this.live.pinged.on(() => this.#answer());
    this.live.state.on((state) => {
      if (state === "lost") this.away.left(this.lists, [...this.#threads]);
      // The first connection counts too: what happened between reading and listening is read again.
      if (state === "live") void this.refresh();
    });
    this.setup.changed.on(() => this.listChanged.emit());
  }

  start() {
    this.live.start();
    void this.refresh();
  }

  stop() {
    clearTimeout(this.#again);
    this.live.stop();
  }

  /** Reads the set-up, the lists and the open conversation anew; after an absence it then says what was missed. */
  async refresh() {
    void this.setup.load();
    const lists = [this.where, QUEUE, where("mine")].filter(
      (list, index, all) => list.view !== "search" && all.findIndex((one) => listKey(one) === listKey(list)) === index,
    );
    // Queue and own ones are always known, so that "a customer is waiting" and "wrote to you" are true in every view.
    const read = lists.map((list) => this.loadList(list));
    if (this.open)
      read.push(
        this.thread(this.open)
          .then(() => null)
          .catch((error) => error),
      );
    const failures = await Promise.all(read);
    if (this.live.current !== "live") return;
    // What was missed is told once all is known: "nothing" would be a guess.
    clearTimeout(this.#again);
    if (failures.some((error) => error?.transient)) this.#again = setTimeout(() => void this.refresh(), AGAIN_MS);
    else this.away.back(this.lists, this.#threads, this.user.id);
  }

  /** @param {Where} list */
  show(list) {
    this.where = list;
    this.listChanged.emit();
    if (list.view !== "search") void this.loadList();
  }

  /** @returns {Promise<ApiError|null>} why it could not be read */
  async loadList(list = this.where) {
    const shown = () => listKey(list) === listKey(this.where);
    if (shown()) clearTimeout(this.#settling);
    if (list.view === "search") return null;
    try {
      const { conversations, counts, next } = await this.api.list(list);
      const arrivals =
        list.view === "queue" && !list.tag && !list.team && this.lists.loaded(QUEUE)
          ? conversations.filter(({ id, epoch }) => (this.lists.get(id)?.epoch ?? -1) < epoch)
          : [];
      this.lists.replace(list, conversations, next ?? null);
      this.#count(counts);
      if (shown()) this.listFailed.emit(null);
      this.listChanged.emit();
      const open = this.open && this.lists.get(this.open);
      if (open) this.summaryChanged.emit(open);
      for (const summary of arrivals) this.arrived.emit(summary);
      return null;
    } catch (error) {
      if (shown()) this.listFailed.emit(/** @type {ApiError} */ (error));
      return /** @type {ApiError} */ (error);
    }
  }

  /** Reads the next page of the list that is shown. */
  async loadMore() {
    const list = this.where;
    const cursor = this.lists.next(list);
    if (!cursor) return;
    const { conversations, next } = await this.api.list(list, cursor);
    this.lists.extend(list, conversations, next ?? null);
    this.listChanged.emit();
  }

  /** The customer's name where somebody told it, else one made of the id. @param {Summary} summary */
  nameOf(summary) {
    const thread = this.#threads.get(summary.id);
    return summary.name || thread?.person?.name || visitorName(summary.id);
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
    const { conversation, packet, records, customer, orders } = await this.api.conversation(id, before?.seq ?? 0);
    const thread = this.#threads.get(id) ?? new Thread();
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    for (const old of this.#threads.keys()) {
      if (this.#threads.size <= THREADS_KEPT) break;
      if (old !== this.open && old !== id) this.#threads.delete(old);
    }
    Object.assign(thread, { packet, customer: customer ?? null, orders: orders ?? [] });
    const added = thread.add(records);
    this.take(conversation);
    if (added.length) this.recordsAdded.emit({ id, added });
    this.packetChanged.emit({ id });
    this.listChanged.emit();
    if (!before) void this.#readEarlier(id, thread);
    if (thread.gap && id === this.open) setTimeout(() => this.open === id && this.thread(id).catch(() => {}), 1000);
    return thread;
  }

  /** What else the customer wrote; nobody waits for it. @param {string} id @param {Thread} thread */
  async #readEarlier(id, thread) {
    try {
      const { conversations } = await this.api.earlier(id);
      thread.earlier = conversations;
      this.packetChanged.emit({ id });
    } catch {
      // It is read again when the conversation is opened anew.
    }
  }

  /** Takes news of a conversation, from the stream or from an answer. @param {Summary} summary */
  take(summary) {
    const { before, moved } = this.lists.upsert(summary);
    const current = this.lists.get(summary.id) ?? summary;
    this.summaryChanged.emit(current);
    this.listChanged.emit();
    if (moved && current.owner === "queue" && before && before.owner !== "queue") this.arrived.emit(current);
    if (moved) this.#settle();
    // Who it is was proved, or the proof has ended, and what is told of them is another.
    const proved = before && before.verified !== current.verified;
    if (proved && summary.id === this.open) void this.thread(summary.id).catch(() => {});
  }

  /** Shows that somebody is here; a machine that sleeps does not, however long its line seems to stand. */
  #answer() {
    if (Date.now() - this.#answered < HERE_MS) return;
    this.#answered = Date.now();
    this.api.here().catch(() => {});
  }

  /** @param {string} event @param {any} data */
  #heard(event, data) {
    if (event === "counts") this.#count(data.counts ?? data);
    else if (event === "typing") this.typing.emit(data);
    else if (event === "presence") this.presence.emit(data);
    else if (event === "desk") void this.setup.load();
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
    // What is known beside it is another then.
    const anew = added.some(({ event }) => event === "handoff" || event === "reopened");
    // Others are read when they are opened; a gap there does no harm.
    if (id === this.open && (thread.gap || anew)) void this.thread(id).catch(() => {});
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
