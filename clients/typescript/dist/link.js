// A link: one connection of one transport. Text frames come in, and at the end one notice that it is closed.
import { openEvents } from "./sse.js";
import { openSocket } from "./websocket.js";
/**
 * The links of a browser, which a client opens by default; for an `open` that wraps them. The cursor is in the query,
 * as `resume`. Throws a `TypeError` for an address that is none, as a relative one without a page.
 */
export function browserLinks(addresses) {
    return (transport, resume, handlers) => {
        const address = addresses[transport];
        const url = new URL(typeof address === "function" ? address() : address, globalThis.location?.href);
        if (resume)
            url.searchParams.set("resume", resume);
        return transport === "sse"
            ? openEvents(url, addresses.withCredentials ?? false, handlers)
            : openSocket(url, handlers);
    };
}
