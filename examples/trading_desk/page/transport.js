// @ts-check
// The two transports as links: text frames in, one closed notice at the end.

/** @typedef {import('./client.js').Transport} Transport */
/** @typedef {import('./client.js').LinkHandlers} LinkHandlers */
/** @typedef {import('./client.js').Link} Link */

/**
 * @param {Transport} transport
 * @param {string | null} resume
 */
function address(transport, resume) {
  const url = new URL(transport === 'sse' ? '/events' : '/ws', location.href);
  if (transport === 'websocket') url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (resume) url.searchParams.set('resume', resume);
  return url.href;
}

/**
 * @param {Transport} transport
 * @param {string | null} resume
 * @param {LinkHandlers} handlers
 * @returns {Link}
 */
export function openLink(transport, resume, handlers) {
  return transport === 'sse' ? openEvents(resume, handlers) : openSocket(resume, handlers);
}

/** @param {string | null} resume @param {LinkHandlers} handlers @returns {Link} */
function openSocket(resume, handlers) {
  const socket = new WebSocket(address('websocket', resume));
  socket.onmessage = (event) => typeof event.data === 'string' && handlers.onFrame(event.data);
  socket.onclose = (event) => handlers.onClosed({ code: event.code, refused: false });
  return { close: () => socket.close(1000) };
}

/** @param {string | null} resume @param {LinkHandlers} handlers @returns {Link} */
function openEvents(resume, handlers) {
  const source = new EventSource(address('sse', resume));
  source.onmessage = (event) => handlers.onFrame(event.data);
  source.onerror = () => {
    const refused = source.readyState === EventSource.CLOSED;
    // Its own return would take the address of the first request, with a cursor that is old by now.
    source.close();
    handlers.onClosed({ code: null, refused });
  };
  return { close: () => source.close() };
}

/**
 * An EventSource does not show the status of its answer, and 204 alone means "stay away".
 * @param {Transport} transport
 * @param {string | null} resume
 */
export async function staysAway(transport, resume) {
  if (transport !== 'sse') return false;
  const abort = new AbortController();
  try {
    const response = await fetch(address('sse', resume), {
      headers: { accept: 'text/event-stream' },
      signal: abort.signal,
    });
    return response.status === 204;
  } catch {
    return false;
  } finally {
    abort.abort();
  }
}
