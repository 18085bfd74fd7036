// @ts-check
import { read, write } from "./storage.js";

/** @typedef {import("./outbox.js").Kind} Kind */
/**
 * A reply, what canned replies left to fill in it, its files, and a private note beside it. `kind` is what was written last.
 * @typedef {{kind: Kind, message: string, gaps: string[], note: string, files: import("./types.js").Attachment[]}} Draft
 */

/** What the agent has begun to write, per conversation; it outlives a reload and a sign-out, not the browser's tab. */
export class Drafts {
  /** @param {string} user so that a colleague who signs in here does not find it */
  constructor(user) {
    this.user = user;
  }

  /** @param {string} conversation @returns {Draft} */
  get(conversation) {
    const none = { kind: "message", message: "", gaps: [], note: "", files: [] };
    return { ...none, ...read("session", this.#key(conversation), {}) };
  }

  /** @param {string} conversation @param {Draft} draft */
  set(conversation, draft) {
    const { kind, message, note, files } = draft;
    write("session", this.#key(conversation), message || note || files.length || kind === "note" ? draft : null);
  }

  /** @param {string} conversation */
  #key(conversation) {
    return `draft.${this.user}.${conversation}`;
  }
}
