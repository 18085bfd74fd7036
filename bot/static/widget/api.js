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

/** @param {number} status @param {any} body @param {string | null} wait */
const refusal = (status, body, wait) =>
  new ApiError(status, body?.error?.code ?? 'unavailable', body?.error?.message ?? '', Number(wait) * 1000 || 0);

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
    throw refusal(response.status, await response.json().catch(() => null), response.headers.get('Retry-After'));
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
    file: async (token, path) => (await call(path, { token, signal: AbortSignal.timeout(60_000) })).blob(),
    // Not by fetch, which does not tell how far it is.
    upload: (token, file, signal, progress) =>
      new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open('POST', `${base}api/widget/attachments?name=${encodeURIComponent(file.name)}`);
        request.setRequestHeader('Authorization', `Bearer ${token}`);
        request.setRequestHeader('Content-Type', 'application/octet-stream');
        request.responseType = 'json';
        request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
        request.onload = () => {
          const { status, response } = request;
          if (status === 201) resolve(response.attachment);
          else reject(refusal(status, response, request.getResponseHeader('Retry-After')));
        };
        request.onerror = request.onabort = () => reject(asApiError('gone'));
        signal.addEventListener('abort', () => request.abort());
        request.send(file);
      }),
    tell: (token, what, body) => call(what, { token, body }),
    resume: (code, token) => json('resume', { token, body: { code } }),
    events: (token, last, signal) => call('events', { token, signal, headers: { 'Last-Event-ID': `${last}` } }),
  };
};
