/** A call that was refused, or never arrived (`status` 0). */
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
    return [0, 401, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** Whatever a call fails with, as an ApiError. @param {unknown} error */
export const asApiError = (error) => (error instanceof ApiError ? error : new ApiError(0, 'offline', String(error)));

/**
 * The customer's side of docs/api.md. The token goes into a header, never into a URL.
 * @type {import('./types.js').MakeApi}
 */
export const makeApi = (base) => {
  /** @type {import('./types.js').Call} */
  const call = async (path, { token, body, headers, signal } = {}) => {
    const response = await fetch(`${base}api/widget/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      signal: signal ?? AbortSignal.timeout(15_000),
    });
    if (response.ok) return response;
    const { code, message } = (await response.json().catch(() => null))?.error ?? {};
    const wait = Number(response.headers.get('Retry-After')) * 1000 || 0;
    throw new ApiError(response.status, code ?? 'unavailable', message ?? '', wait);
  };
  /** @param {Parameters<typeof call>} args */
  const json = async (...args) => (await call(...args)).json();

  return {
    config: () => json('config'),
    // The page without query and fragment: those can hold what the customer never meant to tell.
    mint: (locale, identity) =>
      json('conversations', { body: { page: location.origin + location.pathname, locale, ...(identity && { identity }) } }),
    identify: (token, identity) => call('identity', { token, body: { identity } }),
    conversation: (token) => json('conversation?after=0', { token }),
    message: (token, body) => json('messages', { token, body }),
    typing: (token) => call('typing', { token, body: { typing: true } }),
    events: (token, last, signal) => call('events', { token, signal, headers: { 'Last-Event-ID': `${last}` } }),
  };
};
