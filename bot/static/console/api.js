// @ts-check
import { Signal } from "./signal.js";
import { learnClock } from "./time.js";

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").Record} Record */

const TIMEOUT_MS = 15_000;

/** A call that did not succeed. `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{owner?: unknown, retryAfter?: number|null}} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.owner = more.owner ?? null;
    this.retryAfter = more.retryAfter ?? null;
  }

  /** Nothing was accepted and the same call may succeed in a moment. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The staff side of docs/api.md. */
export class Api {
  /** The session ended (401 on a call that needs one). @type {Signal<void>} */
  expired = new Signal();

  /** @returns {Promise<import("./types.js").User|null>} null when nobody is signed in */
  async session() {
    try {
      return (await this.#call("GET", "/api/session", undefined, true)).user;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }

  /** @param {string} email @param {string} password @returns {Promise<import("./types.js").User>} */
  async signIn(email, password) {
    return (await this.#call("POST", "/api/session", { email, password }, true)).user;
  }

  signOut() {
    return this.#call("DELETE", "/api/session", undefined, true);
  }

  /**
   * @param {import("./types.js").View} view
   * @returns {Promise<{conversations: Summary[], counts: import("./types.js").Counts}>}
   */
  list(view) {
    return this.#call("GET", `/api/console/conversations?view=${view}`);
  }

  /**
   * @param {string} id @param {number} after
   * @returns {Promise<{conversation: Summary, packet: import("./types.js").Packet|null, records: Record[]}>}
   */
  conversation(id, after) {
    return this.#call("GET", `${path(id)}?after=${after}`);
  }

  /** @param {Summary} summary @returns {Promise<{conversation: Summary}>} */
  claim(summary) {
    return this.#call("POST", `${path(summary.id)}/claim`, { epoch: summary.epoch });
  }

  /** @param {string} id @param {string} note */
  release(id, note) {
    return this.#call("POST", `${path(id)}/release`, note ? { note } : {});
  }

  /** @param {string} id @param {string} note */
  handBack(id, note) {
    return this.#call("POST", `${path(id)}/handback`, note ? { note } : {});
  }

  /** @param {string} id @param {string} outcome @param {string} note */
  close(id, outcome, note) {
    return this.#call("POST", `${path(id)}/close`, note ? { outcome, note } : { outcome });
  }

  /**
   * @param {string} conversation @param {"message"|"note"} kind @param {string} id @param {string} text
   * @returns {Promise<{id: string, seq: number, duplicate: boolean}>}
   */
  send(conversation, kind, id, text) {
    return this.#call("POST", `${path(conversation)}/${kind}s`, { id, text });
  }

  /** @param {string} conversation @param {boolean} typing */
  typing(conversation, typing) {
    return this.#call("POST", `${path(conversation)}/typing`, { typing });
  }

  /**
   * @param {string} method @param {string} url @param {object} [body]
   * @param {boolean} [signingIn] then a 401 is an answer, not the end of a session
   * @returns {Promise<any>}
   */
  async #call(method, url, body, signingIn = false) {
    /** @type {{[name: string]: string}} */
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-Frontdesk"] = "1";
    if (body) headers["Content-Type"] = "application/json";
    /** @type {Response} */
    let response;
    try {
      response = await fetch(url, {
        method,
        headers,
        cache: "no-store",
        credentials: "same-origin",
        body: body ? JSON.stringify(body) : undefined,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new ApiError(0, "unreachable", "The server cannot be reached just now.");
    }
    learnClock(response.headers.get("Date"));
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    if (response.status === 401 && !signingIn) this.expired.emit();
    throw readError(response, answer);
  }
}

/** @param {string} id */
function path(id) {
  return `/api/console/conversations/${encodeURIComponent(id)}`;
}

/** @param {Response} response @param {any} answer */
function readError(response, answer) {
  const error = answer?.error ?? {};
  const seconds = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.ok ? 502 : response.status,
    error.code ?? "unknown",
    error.message ?? "The server gave an answer that makes no sense here.",
    { owner: error.owner ?? answer?.owner ?? null, retryAfter: seconds > 0 ? seconds : null },
  );
}

/** Who has the conversation, from a 409's `owner`, in words. @param {unknown} owner */
export function ownerInWords(owner) {
  if (typeof owner === "string") {
    const known = /** @type {{[name: string]: string}} */ ({
      bot: "the bot",
      queue: "the queue",
      agent: "a colleague",
      closed: "nobody: it is closed",
    });
    return known[owner] ?? owner;
  }
  if (owner && typeof owner === "object") {
    const { name, agent, owner: kind } = /** @type {any} */ (owner);
    if (name) return String(name);
    if (agent?.name) return String(agent.name);
    if (kind) return ownerInWords(String(kind));
  }
  return "somebody else";
}
