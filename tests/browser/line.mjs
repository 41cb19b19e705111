// The network between a browser and the server, and what networks do: cut, fall silent, lag, lose, repeat, turn away.
//
// - Each device has a line of its own, so that one can be at fault while the others are not.
// - A connection that has fallen silent stays so, also when the line is mended: both ends believe that it is there.
// - A stream is a request for /ws or /events. Each one is noted, also in vain.

import { once } from "node:events";
import { createServer, request as askServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { EventMessages, SocketMessages } from "./messages.mjs";

const isStream = (path) => /^\/(ws|events)(\?|$)/.test(path);
const asIs = (message) => [message];
const never = () => false;

/** Answers that are no stream, as they stand on the wire. */
export const BUSY = answer("503 Service Unavailable", "");
export const CAPTIVE_PORTAL = answer("200 OK", "<p>Welcome to the hotel.</p>");
export const NOISE = "\u0000\u0001 this is not HTTP\r\n\r\n";

function answer(status, page) {
  const head = [`HTTP/1.1 ${status}`, "content-type: text/html", `content-length: ${page.length}`, "connection: close"];
  return `${head.join("\r\n")}\r\n\r\n${page}`;
}

export class Line {
  /** The paths of the streams that were asked for. */
  streams = [];
  /** What becomes of a message on its way to the browser: the messages that arrive in its place. */
  edit = asIs;

  #server;
  #browser = createServer((request, response) => this.#carry(request, response));
  /** The connections of the browser. */
  #connections = new Set();
  /** Those that nothing passes over any more, whatever becomes of the line. */
  #dead = new WeakSet();
  /** Those that carry a stream. */
  #streaming = new WeakSet();
  /** What each connection still has to deliver. */
  #tails = new WeakMap();
  #isCut = false;
  #isSilent = false;
  #lag = 0;
  #refusal = null;
  #isLast = never;

  static async to(url) {
    const line = new Line(url);
    line.#browser.listen(0, "127.0.0.1");
    await once(line.#browser, "listening");
    return line;
  }

  constructor(url) {
    this.#server = new URL(url);
    this.#browser.on("connection", (socket) => this.#connected(socket));
    this.#browser.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Where the browser finds the server. */
  get url() {
    return `http://127.0.0.1:${this.#browser.address().port}/`;
  }

  /** Ends every connection; new ones get through. */
  hangUp() {
    for (const socket of this.#connections) socket.resetAndDestroy();
  }

  /** Ends every connection, and each new one. */
  cut() {
    this.#isCut = true;
    this.hangUp();
  }

  /** Falls silent right behind a message like this. */
  silenceBehind(isLast) {
    this.#isLast = isLast;
  }

  /** Ends nothing, and lets nothing pass. */
  silence() {
    this.#isSilent = true;
    for (const socket of this.#connections) this.#dead.add(socket);
  }

  /** Everything that the server says arrives so many milliseconds later. */
  delay(milliseconds) {
    this.#lag = milliseconds;
  }

  /** Streams are answered with this; other requests get through. */
  refuse(answer) {
    this.#refusal = answer;
    this.hangUp();
  }

  /** New connections get through as they are. */
  mend() {
    this.#isCut = this.#isSilent = false;
    this.#lag = 0;
    this.#refusal = null;
    this.#isLast = never;
    this.edit = asIs;
    // What was tried in vain ends; the streams of before stay, dead as they are.
    for (const socket of this.#connections) {
      if (this.#dead.has(socket) && !this.#streaming.has(socket)) socket.resetAndDestroy();
    }
  }

  close() {
    this.hangUp();
    this.#browser.close();
  }

  #connected(socket) {
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    socket.on("error", () => {});
    if (this.#isSilent) this.#dead.add(socket);
  }

  /** Whether a request goes on to the server. */
  #passes(request) {
    const { socket, url } = request;
    const stream = isStream(url);
    if (stream) this.streams.push(url);
    if (this.#isCut) socket.resetAndDestroy();
    else if (stream && this.#refusal) socket.end(this.#refusal);
    else if (!this.#dead.has(socket)) {
      if (stream) this.#streaming.add(socket);
      return true;
    }
    return false;
  }

  /** An ordinary request, or server-sent events. */
  #carry(request, response) {
    if (!this.#passes(request)) return;
    const { socket, method, url } = request;
    const { connection, ...headers } = request.headers;
    const { hostname, port } = this.#server;
    const asked = askServer({ hostname, port, method, path: url, headers, agent: false });
    const broken = () => this.#deliver(socket, () => socket.destroy());
    asked.on("error", broken);
    asked.on("response", (answer) => {
      const messages = isStream(url) ? new EventMessages() : null;
      this.#deliver(socket, () => {
        response.writeHead(answer.statusCode, endToEnd(answer.headers));
        response.flushHeaders();
      });
      answer.on("data", (bytes) => this.#deliver(socket, () => this.#hand(response, messages, bytes)));
      answer.on("close", () => (answer.complete ? this.#deliver(socket, () => response.end()) : broken()));
      answer.on("error", () => {});
    });
    response.on("close", () => asked.destroy());
    request.pipe(asked);
  }

  /** A WebSocket. */
  #upgrade(request, socket, head) {
    if (!this.#passes(request)) return;
    const { hostname, port } = this.#server;
    const server = connect(Number(port), hostname);
    const messages = new SocketMessages();
    server.write(`${request.method} ${request.url} HTTP/1.1\r\n`);
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      server.write(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}\r\n`);
    }
    server.write("\r\n");
    server.write(head);
    server.on("data", (bytes) => this.#deliver(socket, () => this.#hand(socket, messages, bytes)));
    server.on("close", () => this.#deliver(socket, () => socket.end()));
    server.on("error", () => {});
    socket.on("data", (bytes) => this.#dead.has(socket) || server.write(bytes));
    socket.on("close", () => server.destroy());
  }

  /** Hands on what the server says, up to the message behind which the line falls silent. */
  #hand(body, messages, bytes) {
    if (!messages) return void body.write(bytes);
    for (const { text, bytes: piece } of messages.of(bytes)) {
      for (const arrives of text === undefined ? [piece] : this.#changed(messages, text, piece)) body.write(arrives);
      if (text !== undefined && this.#isLast(text)) return this.silence();
    }
  }

  #changed(messages, text, bytes) {
    return this.edit(text).map((arrives) => (arrives === text ? bytes : messages.encode(arrives)));
  }

  /** Does something at the browser's end of a connection, after what was to be done there before. */
  #deliver(socket, act) {
    const due = Date.now() + this.#lag;
    const deliver = async () => {
      if (Date.now() < due) await pause(due - Date.now());
      if (!this.#dead.has(socket) && !socket.destroyed) act();
    };
    this.#tails.set(socket, (this.#tails.get(socket) ?? Promise.resolve()).then(deliver));
  }
}

/** Without what concerns one connection only. */
function endToEnd({ connection, "keep-alive": keepAlive, "transfer-encoding": encoding, ...headers }) {
  return headers;
}
