// Server-sent events as a link.
//
// An EventSource comes back by itself, with the address that it was made with, so with a cursor that is old by then: it is
// closed at the first error, and the client makes a new one. It does not show the status of an answer that it did not
// like; the same request by `fetch` does.
import { SESSION_EXPIRED, STAY_AWAY } from "./close.js";
export function openEvents(url, withCredentials, handlers) {
    const source = new EventSource(url, { withCredentials });
    let open = true;
    const closed = (code) => {
        if (open)
            handlers.onClosed(code);
        open = false;
    };
    source.onmessage = (event) => handlers.onFrame(event.data);
    source.onerror = () => {
        const refused = source.readyState === EventSource.CLOSED;
        source.close();
        if (refused)
            void meaning(url, withCredentials).then(closed);
        else
            closed(null);
    };
    return {
        close() {
            open = false;
            source.onmessage = source.onerror = null;
            source.close();
        },
    };
}
/** Why a request was refused, as a close code. */
async function meaning(url, withCredentials) {
    const abort = new AbortController();
    try {
        const { status } = await fetch(url, {
            headers: { accept: "text/event-stream" },
            credentials: withCredentials ? "include" : "same-origin",
            cache: "no-store",
            signal: abort.signal,
        });
        return status === 204 ? STAY_AWAY : status === 401 ? SESSION_EXPIRED : null;
    }
    catch {
        return null;
    }
    finally {
        abort.abort();
    }
}
