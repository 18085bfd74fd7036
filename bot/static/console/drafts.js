// @ts-check
import { read, write } from "./storage.js";

/** @typedef {{kind: import("./outbox.js").Kind, text: string, files?: import("./types.js").Attachment[]}} Draft */

/** What the agent has begun to write, per conversation; it outlives a reload and a sign-out, not the browser's tab. */
export class Drafts {
  /** @param {string} user so that a colleague who signs in here does not find it */
  constructor(user) {
    this.user = user;
  }

  /** @param {string} conversation @returns {Draft} */
  get(conversation) {
    return read("session", this.#key(conversation), { kind: "message", text: "" });
  }

  /** @param {string} conversation @param {Draft} draft */
  set(conversation, draft) {
    write(
      "session",
      this.#key(conversation),
      draft.text || draft.files?.length || draft.kind === "note" ? draft : null,
    );
  }

  /** @param {string} conversation */
  #key(conversation) {
    return `draft.${this.user}.${conversation}`;
  }
}
