/** @import { Config, LogRecord, Session, Status } from './types.js' */

/** A call that was refused or never arrived (`status` 0). */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {number} [wait] ms to stay away */
  constructor(status, code, message, wait = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.wait = wait;
  }

  /** Whether the same call may well work later. */
  get passing() {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500;
  }
}

/** The customer's side of docs/api.md. The token goes into a header, never into a URL. */
export class Api {
  /** @param {string} base */
  constructor(base) {
    this.base = base;
  }

  /**
   * @param {string} path
   * @param {{token?: string, body?: object, headers?: Record<string, string>, signal?: AbortSignal}} [options]
   */
  async fetch(path, { token, body, headers, signal } = {}) {
    let response;
    try {
      response = await fetch(`${this.base}api/widget/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        body: body && JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        signal: signal ?? AbortSignal.timeout(15_000),
      });
    } catch (error) {
      throw new ApiError(0, 'offline', String(error));
    }
    if (response.ok) return response;
    const { code, message } = (await response.json().catch(() => null))?.error ?? {};
    const after = response.headers.get('Retry-After') ?? '';
    const wait = (+after || (Date.parse(after) - Date.now()) / 1000 || 0) * 1000;
    throw new ApiError(response.status, code ?? 'unavailable', message ?? response.statusText, wait);
  }

  /** @param {string} path @param {Parameters<Api['fetch']>[1]} [options] */
  async json(path, options) {
    const response = await this.fetch(path, options);
    return response.json().catch((error) => {
      throw new ApiError(0, 'offline', String(error));
    });
  }

  /** @returns {Promise<Config>} */
  config() {
    return this.json('config');
  }

  /** @param {string} locale @returns {Promise<Session>} */
  mint(locale) {
    // Without the fragment and the query: those can hold what the customer never meant to tell.
    const page = location.origin + location.pathname;
    return this.json('conversations', { body: { page, locale } });
  }

  /** @param {string} token @returns {Promise<{status?: Status, records: LogRecord[]}>} */
  conversation(token) {
    return this.json('conversation?after=0', { token });
  }

  /** @param {string} token @param {object} body @returns {Promise<{id: string, seq: number}>} */
  message(token, body) {
    return this.json('messages', { token, body });
  }

  /** @param {string} token */
  typing(token) {
    return this.fetch('typing', { token, body: { typing: true } });
  }

  /** @param {string} token @param {number} last @param {AbortSignal} signal */
  events(token, last, signal) {
    return this.fetch('events', {
      token,
      signal,
      headers: { Accept: 'text/event-stream', 'Last-Event-ID': String(last) },
    });
  }
}
