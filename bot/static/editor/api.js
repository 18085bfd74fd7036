// @ts-check
import { ApiError } from "/console/static/api.js";
import { Signal } from "/console/static/signal.js";

const TIMEOUT_MS = 60_000;
const POLL_MS = 250;
/** A job goes on while nobody can ask after it: the network is gone, or the session has ended. */
const RETRY_MS = 2_000;
const PATIENCE_MS = 180_000;

/** @typedef {{[name: string]: any}} Fields */

/** The editors' side of docs/api.md. */
export class Api {
  /** The session ended. @type {Signal<void>} */
  expired = new Signal();

  /** @param {{[name: string]: string|number}} query */
  entries(query) {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== "") asked.set(name, String(value));
    return this.call("GET", `/entries?${asked}`);
  }

  facets() {
    return this.call("GET", "/facets");
  }

  /** @param {string} id */
  entry(id) {
    return this.call("GET", path(id));
  }

  /** @param {Fields} fields */
  create(fields) {
    return this.call("POST", "/entries", { fields });
  }

  /** @param {string} id @param {Fields} fields @param {number} revision @param {string} [status] */
  save(id, fields, revision, status) {
    return this.call("PUT", path(id), { fields, revision, ...(status ? { status } : {}) });
  }

  /** Says that a translation fits its original as that is now. @param {string} id */
  follow(id) {
    return this.call("POST", `${path(id)}/follow`);
  }

  /** @param {string[]} ids @param {Fields} changes */
  bulk(ids, changes) {
    return this.call("POST", "/bulk", { ids, ...changes });
  }

  /** @param {string} id */
  versions(id) {
    return this.call("GET", `${path(id)}/versions`);
  }

  /** @param {string} id @param {number} from @param {number} to */
  diff(id, from, to) {
    return this.call("GET", `${path(id)}/diff?from=${from}&to=${to}`);
  }

  /** @param {string} id @param {number} version @param {number} revision */
  restore(id, version, revision) {
    return this.call("POST", `${path(id)}/restore`, { version, revision });
  }

  /** @param {string} id */
  comments(id) {
    return this.call("GET", `${path(id)}/comments`);
  }

  /** @param {string} id @param {Fields} change */
  comment(id, change) {
    return this.call("POST", `${path(id)}/comments`, change);
  }

  /** @param {string} answer */
  preview(answer) {
    return this.call("POST", "/preview", { answer });
  }

  /** @param {string} text @param {Fields|null} fields */
  attempt(text, fields) {
    return this.call("POST", "/try", fields ? { text, fields } : { text });
  }

  /** Somebody is about to try something. */
  getReady() {
    return this.call("POST", "/try/ready");
  }

  /** @param {Fields} fields */
  forecast(fields) {
    return this.call("POST", "/forecast", { fields });
  }

  /** @param {string} text @param {string} entry @param {boolean} isProtected */
  remember(text, entry, isProtected) {
    return this.call("POST", "/questions", { text, entry, protected: isProtected });
  }

  questions() {
    return this.call("GET", "/questions");
  }

  /** @param {number} id */
  forget(id) {
    return this.call("DELETE", `/questions/${id}`);
  }

  pending() {
    return this.call("GET", "/pending");
  }

  publications() {
    return this.call("GET", "/publications");
  }

  /** @param {number} seq */
  publication(seq) {
    return this.call("GET", `/publications/${seq}`);
  }

  /** @param {string} snapshot */
  rollBack(snapshot) {
    return this.call("POST", "/rollback", { snapshot });
  }

  /**
   * A long call: begun, then asked after until it is over. Raises what it failed with.
   * @param {string} what @param {object} body @param {(done: number, of: number) => void} progress
   */
  async job(what, body, progress) {
    return this.#until(await this.call("POST", `/${what}`, body), progress);
  }

  /** Puts a picture where answers can show it. @param {File} file @returns {Promise<{address: string}>} */
  picture(file) {
    return this.call("POST", `/pictures?${new URLSearchParams({ name: file.name || "picture.png" })}`, file);
  }

  /** @param {File} file @param {{commit: boolean, only: boolean}} how */
  async import(file, { commit, only }) {
    const asked = new URLSearchParams({ name: file.name, commit: commit ? "1" : "0", only: only ? "1" : "0" });
    return this.#until(await this.call("POST", `/import?${asked}`, file), () => {});
  }

  /**
   * The result of a job. Raises what it failed with, and where nobody knows how it ended, an error that is `lost`.
   * @param {any} job @param {(done: number, of: number) => void} progress
   */
  async #until(job, progress) {
    let heard = performance.now();
    while (job.state === "working") {
      progress(job.done, job.of);
      await pause(POLL_MS);
      try {
        job = await this.call("GET", `/jobs/${job.job}`);
        heard = performance.now();
      } catch (error) {
        const { transient, status } = /** @type {ApiError} */ (error);
        if (!(transient || status === 401) || performance.now() - heard > PATIENCE_MS) throw Object.assign(/** @type {Error} */ (error), { lost: true });
        await pause(RETRY_MS);
      }
    }
    if (job.state === "done") return job.result;
    // Of one whose workshop has died nobody knows how far it came.
    throw Object.assign(refusal(409, job.error), { lost: job.error.code === "unavailable" });
  }

  /** @param {string} method @param {string} url @param {any} [body] @returns {Promise<any>} */
  async call(method, url, body) {
    /** @type {{[name: string]: string}} */
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-Frontdesk"] = "1";
    const isFile = body instanceof Blob;
    if (body) headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
    /** @type {Response} */
    let response;
    try {
      response = await fetch(`/api/editor${url}`, {
        method,
        headers,
        cache: "no-store",
        credentials: "same-origin",
        body: body ? (isFile ? body : JSON.stringify(body)) : undefined,
        signal: AbortSignal.timeout(isFile ? 10 * TIMEOUT_MS : TIMEOUT_MS),
      });
    } catch {
      throw new ApiError(0, "unreachable", "The server cannot be reached just now.");
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    if (response.status === 401) this.expired.emit();
    throw refusal(response.ok ? 502 : response.status, answer?.error);
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** @param {number} status @param {any} error */
function refusal(status, error) {
  const failure = new ApiError(status, error?.code ?? "unknown", error?.message ?? "The server gave no sensible answer.");
  return Object.assign(failure, { now: error?.now, report: error?.report });
}

/** @param {string} id */
function path(id) {
  return `/entries/${encodeURIComponent(id)}`;
}
