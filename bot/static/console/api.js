// @ts-check
import { unattended } from "./attended.js";
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
   * @param {{owner?: unknown, retryAfter?: number|null, now?: any, field?: string|null}} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.owner = more.owner ?? null;
    this.retryAfter = more.retryAfter ?? null;
    /** How it stands now, where somebody else has saved it first. */
    this.now = more.now ?? null;
    this.field = more.field ?? null;
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
  /** Somebody signed out, here or in another tab: nothing of theirs may stay on the page. @type {Signal<void>} */
  signedOut = new Signal();
  /** All tabs of this browser share one session. */
  #tabs = new BroadcastChannel("frontdesk.signed-out");

  constructor() {
    this.#tabs.onmessage = () => this.signedOut.emit();
  }

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

  async signOut() {
    await this.#call("DELETE", "/api/session", undefined, true);
    this.#tabs.postMessage(null);
    this.signedOut.emit();
  }

  /**
   * @param {import("./route.js").Where} where @param {string} [before] the cursor of the page before
   * @returns {Promise<{conversations: Summary[], counts: import("./types.js").Counts, next?: string|null}>}
   */
  list({ view, team, tag }, before) {
    return this.#call("GET", `/api/console/conversations?${query({ view, team, tag, before })}`);
  }

  /** @param {string} words @param {number} [offset] @returns {Promise<{hits: import("./types.js").Hit[], more: boolean}>} */
  search(words, offset = 0) {
    return this.#call("GET", `/api/console/search?${query({ q: words, offset: offset || null })}`);
  }

  /**
   * @param {string} id @param {number} after
   * @returns {Promise<{conversation: Summary, packet: import("./types.js").Packet|null, records: Record[],
   *   customer?: import("./types.js").Customer|null, orders?: import("./types.js").Lookup[]}>}
   */
  conversation(id, after) {
    return this.#call("GET", `${path(id)}?after=${after}`);
  }

  /** @param {string} id @returns {Promise<{conversations: Summary[]}>} */
  earlier(id) {
    return this.#call("GET", `${path(id)}/earlier`);
  }

  /** Entries that may answer the newest words of the customer. @param {string} id @returns {Promise<{suggestions: import("./types.js").Suggestion[]}>} */
  suggestions(id) {
    return this.#call("GET", `${path(id)}/suggestions`);
  }

  /** @param {string} words @returns {Promise<{suggestions: import("./types.js").Suggestion[]}>} */
  knowledge(words) {
    return this.#call("GET", `/api/console/kb?${query({ q: words })}`);
  }

  /**
   * Makes a draft for the editors of an agent's message; a second time finds the first.
   * @param {string} conversation @param {number} seq @returns {Promise<{entry: string, question: string, created: boolean}>}
   */
  propose(conversation, seq) {
    return this.#call("POST", "/api/editor/drafts", { conversation, seq });
  }

  /** @param {Summary} summary @param {boolean} [force] from another agent; supervisors only @returns {Promise<{conversation: Summary}>} */
  claim(summary, force = false) {
    return this.act(summary.id, "claim", { epoch: summary.epoch, ...(force ? { force } : {}) });
  }

  /**
   * One of the acts of docs/api.md on a conversation. Fields that are empty are left out.
   * @param {string} id @param {string} act @param {{[field: string]: unknown}} [fields]
   * @returns {Promise<any>}
   */
  act(id, act, fields = {}) {
    const given = Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined);
    return this.#call("POST", `${path(id)}/${act}`, Object.fromEntries(given));
  }

  /**
   * @param {string} conversation @param {"message"|"note"} kind
   * @param {{id: string, text: string, attachments?: string[], mentions?: string[]}} body
   * @returns {Promise<{id: string, seq: number, duplicate: boolean}>}
   */
  send(conversation, kind, body) {
    return this.#call("POST", `${path(conversation)}/${kind}s`, body);
  }

  /** @param {string} conversation @param {boolean} typing */
  typing(conversation, typing) {
    return this.act(conversation, "typing", { typing });
  }

  /**
   * Sends a file ahead of the message that will carry it.
   * @param {string} conversation @param {File} file @param {(share: number) => void} progress between 0 and 1
   * @param {AbortSignal} stop
   * @returns {Promise<import("./types.js").Attachment>}
   */
  upload(conversation, file, progress, stop) {
    const request = new XMLHttpRequest();
    // fetch does not tell how far an upload is.
    request.open("POST", `${path(conversation)}/attachments?${query({ name: file.name })}`);
    request.setRequestHeader("X-Frontdesk", "1");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => total && progress(loaded / total));
    stop.addEventListener("abort", () => request.abort());
    return new Promise((resolve, reject) => {
      request.addEventListener("load", () => {
        if (request.status === 201 && request.response) return resolve(request.response.attachment);
        if (request.status === 401) this.expired.emit();
        const { code, message } = request.response?.error ?? {};
        reject(new ApiError(request.status, code ?? "unknown", message ?? "The file was not taken."));
      });
      for (const event of ["error", "abort", "timeout"])
        request.addEventListener(event, () => reject(new ApiError(0, "unreachable", "The file did not get through.")));
      request.send(file);
    });
  }

  /** The shop's name, as customers know it. @returns {Promise<string>} */
  async shop() {
    return (await this.#call("GET", "/api/widget/config")).shop;
  }

  /** How the desk is set up. @returns {Promise<import("./types.js").DeskSetup>} */
  desk() {
    return this.#call("GET", "/api/console/desk");
  }

  /** @param {"online"|"away"} status */
  status(status) {
    return this.#call("POST", "/api/console/me", { status });
  }

  /** Somebody is here. */
  here() {
    return this.#call("POST", "/api/console/here");
  }

  /** @returns {Promise<import("./types.js").Wall>} */
  wall() {
    return this.#call("GET", `/api/console/wall?zone=${encodeURIComponent(ownZone())}`);
  }

  /**
   * The rest of the console's interface: settings, keys, webhooks.
   * @param {"GET"|"POST"|"PUT"|"DELETE"} method @param {string} place below /api/console @param {object} [body]
   * @returns {Promise<any>}
   */
  call(method, place, body) {
    return this.#call(method, `/api/console/${place}`, body);
  }

  /**
   * @param {string} method @param {string} url @param {object} [body]
   * @param {boolean} [signingIn] then a 401 is an answer, not the end of a session
   * @returns {Promise<any>}
   */
  async #call(method, url, body, signingIn = false) {
    /** @type {{[name: string]: string}} */
    const headers = { Accept: "application/json", ...unattended() };
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

/** What is empty is left out. @param {{[name: string]: string|number|null|undefined}} fields */
function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/** @param {string} id */
export function path(id) {
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
    {
      owner: error.owner ?? answer?.owner ?? null,
      retryAfter: seconds > 0 ? seconds : null,
      now: error.now,
      field: error.field,
    },
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

/** The time zone that this machine keeps. Some name an old one, or none, for want of the newer name. */
function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
