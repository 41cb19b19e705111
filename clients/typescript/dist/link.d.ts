export type Transport = "websocket" | "sse";
/** An address, or a function that is asked for it before each connection. A relative one is resolved against the page. */
export type Address = string | URL | (() => string | URL);
export interface LinkHandlers {
    onFrame(text: string): void;
    /**
     * At most once, and nothing after it. The code of the WebSocket close, or what the answer to a request for server-sent
     * events means in the same terms; null when nobody knows.
     */
    onClosed(code: number | null): void;
}
export interface Link {
    /** Ends it. No handler is called any more. */
    close(): void;
}
/** Opens a link that resumes from a cursor, or begins anew. */
export type OpenLink = (transport: Transport, resume: string | null, handlers: LinkHandlers) => Link;
export interface Addresses {
    /** Where the WebSocket is, as in `/ws`; http is ws, https is wss. */
    readonly websocket?: Address;
    /** Where the server-sent events are, as in `/events`. */
    readonly sse?: Address;
    /** Whether server-sent events of another origin get this one's cookies. Default false. */
    readonly withCredentials?: boolean;
}
/** The links of a browser. */
export declare function browserLinks(addresses: Addresses): OpenLink;
