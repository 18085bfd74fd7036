// @ts-check
import { ApiError, ownerInWords } from "./api.js";
import { Signal } from "./signal.js";
import { read, write } from "./storage.js";
import { now } from "./time.js";

/** @typedef {"message"|"note"} Kind */
/**
 * @typedef {object} Outgoing
 * @property {string} id the sender's own id: sent twice, it is still one message
 * @property {string} conversation
 * @property {Kind} kind
 * @property {string} text
 * @property {import("./types.js").Attachment[]} [files]
 * @property {string[]} [mentions] of a note
 * @property {number} at
 * @property {"sending"|"sent"|"failed"} state
 * @property {string} [reason] why it failed, for people
 * @property {boolean} [transient] a later try may succeed by itself
 */

const TRIES = 3;

/** What the agent sent and has not yet seen in the log. One at a time per conversation, so that the order is kept. */
export class Outbox {
  /** The conversation whose outgoing messages changed. @type {Signal<string>} */
  changed = new Signal();
  /** A message was accepted. @type {Signal<{conversation: string, seq: number}>} */
  accepted = new Signal();
  /** A 409: the conversation is no longer ours. @type {Signal<string>} */
  lost = new Signal();
  /** @type {Outgoing[]} */
  #items;
  /** @type {Set<string>} */
  #pumping = new Set();

  /** @param {import("./api.js").Api} api @param {string} user */
  constructor(api, user) {
    this.api = api;
    this.key = `outbox.${user}`;
    this.#items = read("session", this.key, /** @type {Outgoing[]} */ ([]));
  }

  /** @param {string} conversation */
  of(conversation) {
    return this.#items.filter((item) => item.conversation === conversation);
  }

  /**
   * @param {string} conversation @param {Kind} kind @param {string} text
   * @param {{files?: import("./types.js").Attachment[], mentions?: string[]}} [more]
   */
  add(conversation, kind, text, { files = [], mentions = [] } = {}) {
    // What failed for want of a line goes before it, or the conversation would arrive out of order.
    this.#again(conversation);
    this.#items.push({ id: newId(), conversation, kind, text, files, mentions, at: now(), state: "sending" });
    this.#tell(conversation);
    void this.#pump(conversation);
  }

  /** Sends all that failed in a conversation again, in order. @param {string} conversation */
  retry(conversation) {
    for (const item of this.of(conversation)) if (item.state === "failed") item.state = "sending";
    this.#tell(conversation);
    void this.#pump(conversation);
  }

  /** Takes a failed message out, for example to edit it. @param {string} id */
  discard(id) {
    const item = this.#items.find((one) => one.id === id);
    this.#items = this.#items.filter((one) => one.id !== id);
    if (item) this.#tell(item.conversation);
    return item;
  }

  /** The log has shown these ids. @param {string} conversation @param {(string|undefined)[]} ids */
  settle(conversation, ids) {
    const left = this.#items.filter((item) => item.conversation !== conversation || !ids.includes(item.id));
    if (left.length === this.#items.length) return;
    this.#items = left;
    this.#tell(conversation);
  }

  /** The line is back: what failed for want of it goes out by itself. */
  resume() {
    for (const conversation of new Set(this.#items.map((item) => item.conversation))) {
      this.#again(conversation);
      this.#tell(conversation);
      void this.#pump(conversation);
    }
  }

  /** @param {string} conversation */
  #again(conversation) {
    for (const item of this.of(conversation)) if (item.state === "failed" && item.transient) item.state = "sending";
  }

  /** @param {string} conversation */
  async #pump(conversation) {
    if (this.#pumping.has(conversation)) return;
    this.#pumping.add(conversation);
    try {
      for (let item; (item = this.of(conversation).find(({ state }) => state === "sending"));) {
        const error = await this.#send(item);
        if (!error) continue;
        // What follows a failed message waits with it: a conversation must not arrive out of order.
        for (const later of this.of(conversation)) {
          if (later.state !== "sending") continue;
          Object.assign(later, {
            state: "failed",
            reason: reasonFor(error),
            transient: error.transient || error.status === 401,
          });
        }
        this.#tell(conversation);
        if (error.code === "stale" || error.code === "closed") this.lost.emit(conversation);
      }
    } finally {
      this.#pumping.delete(conversation);
    }
  }

  /** @param {Outgoing} item @returns {Promise<ApiError|null>} */
  async #send(item) {
    for (let tries = 1; ; tries++) {
      try {
        const { seq } = await this.api.send(item.conversation, item.kind, {
          id: item.id,
          text: item.text,
          ...(item.files?.length ? { attachments: item.files.map(({ id }) => id) } : {}),
          ...(item.mentions?.length ? { mentions: item.mentions } : {}),
        });
        item.state = "sent";
        this.#tell(item.conversation);
        this.accepted.emit({ conversation: item.conversation, seq });
        return null;
      } catch (error) {
        const failure =
          error instanceof ApiError ? error : new ApiError(0, "unknown", "Something went wrong in this page.");
        if (!failure.transient || tries === TRIES) return failure;
        await new Promise((resolve) => setTimeout(resolve, (failure.retryAfter ?? 3 ** (tries - 1)) * 1000));
      }
    }
  }

  /** @param {string} conversation */
  #tell(conversation) {
    write("session", this.key, this.#items.length ? this.#items : null);
    this.changed.emit(conversation);
  }
}

/** @param {ApiError} error */
function reasonFor(error) {
  if (error.code === "stale") return `The conversation is now with ${ownerInWords(error.owner)}.`;
  if (error.status === 401) return "You were signed out. It goes out once you are back.";
  return error.message;
}

/** An id for what is sent. Works without a secure context too, where `crypto.randomUUID` is missing. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
