// @ts-check
// The requests of the page. What happens because of them comes back over the stream, not as their answer.

/** @import { AnyRecord, Session } from './user-hub.js' */

export class RequestFailed extends Error {
  /** @param {string} message @param {number} status 0 when the server could not be reached */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function request(method, path, body, signal) {
  let response;
  try {
    response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch {
    throw new RequestFailed('The server cannot be reached.', 0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const sentence = typeof answer?.error === 'string' ? answer.error : `The server refused this (${response.status}).`;
  throw new RequestFailed(sentence, response.status);
}

/** @param {string} path @param {unknown} [body] */
export const post = (path, body) => request('POST', path, body);

/** @param {string} user */
export const signIn = (user) => post('/api/sign-in', { user });
export const signOut = () => post('/api/sign-out');
export const signOutEverywhere = () => post('/api/sign-out/everywhere');

/** @returns {Promise<{ user: string, expiresAt: string }>} */
export const session = () => request('GET', '/api/session');

/** @returns {Promise<Session>} */
export async function checkSession() {
  try {
    await session();
    return 'valid';
  } catch (error) {
    return error instanceof RequestFailed && error.status === 401 ? 'ended' : 'unreachable';
  }
}

/**
 * What stands, for while nothing is pushed.
 * @param {AbortSignal} signal
 * @returns {Promise<{ user: string, records: AnyRecord[] }>}
 */
export const state = (signal) => request('GET', '/api/state', undefined, signal);
