// What a browser has, as far as the client uses it, for as long as a test runs.

import type { TestContext } from "node:test";

import type { LinkHandlers } from "user-hub";

/** Puts a value in the place of a global one, once in a test; its end puts the former one back. */
export function replace(test: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  test.after(() => {
    if (before) Object.defineProperty(globalThis, name, before);
    else delete (globalThis as Record<string, unknown>)[name];
  });
}

/** Lets a page be at this address. */
export function pageAt(test: TestContext, href: string): { href: string } {
  const location = { href };
  replace(test, "location", location);
  return location;
}

export class FakeWebSocket {
  static opened: FakeWebSocket[] = [];
  readonly url: string;
  readonly protocols: unknown;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closedWith: number | undefined;

  constructor(url: string | URL, protocols?: unknown) {
    this.url = String(url);
    this.protocols = protocols;
    FakeWebSocket.opened.push(this);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  static install(test: TestContext): FakeWebSocket[] {
    FakeWebSocket.opened = [];
    replace(test, "WebSocket", FakeWebSocket);
    return FakeWebSocket.opened;
  }
}

export class FakeEventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static opened: FakeEventSource[] = [];
  readonly url: string;
  readonly withCredentials: boolean;
  readyState: number = FakeEventSource.CONNECTING;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(url: string | URL, { withCredentials = false } = {}) {
    this.url = String(url);
    this.withCredentials = withCredentials;
    FakeEventSource.opened.push(this);
  }

  close(): void {
    this.closed = true;
    this.readyState = FakeEventSource.CLOSED;
  }

  /** The connection was cut: the browser is about to come back by itself. */
  cut(): void {
    this.readyState = FakeEventSource.CONNECTING;
    this.onerror?.();
  }

  /** The answer was no stream: the browser has given up. */
  refuse(): void {
    this.readyState = FakeEventSource.CLOSED;
    this.onerror?.();
  }

  static install(test: TestContext): FakeEventSource[] {
    FakeEventSource.opened = [];
    replace(test, "EventSource", FakeEventSource);
    return FakeEventSource.opened;
  }
}

export interface FakeRequest {
  readonly url: string;
  readonly init: RequestInit & { signal: AbortSignal };
  answer(status: number): void;
  fail(): void;
}

/** Requests that are answered when the test says so. */
export function fakeFetch(test: TestContext): FakeRequest[] {
  const requests: FakeRequest[] = [];
  replace(test, "fetch", (url: URL, init: FakeRequest["init"]) => {
    return new Promise((resolve, reject) => {
      init.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      requests.push({
        url: String(url),
        init,
        answer: (status) => resolve({ status }),
        fail: () => reject(new TypeError("no network")),
      });
    });
  });
  return requests;
}

/** Remembers what a link says. */
export function listening(): LinkHandlers & { readonly said: unknown[] } {
  const said: unknown[] = [];
  return { said, onFrame: (text) => void said.push(text), onClosed: (code) => void said.push(code) };
}

/** A document and a window that a test can wake. */
export function fakePage(test: TestContext): { page: EventTarget & { visibilityState: string }; window: EventTarget } {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const window = new EventTarget();
  replace(test, "document", page);
  replace(test, "addEventListener", window.addEventListener.bind(window));
  return { page, window };
}
