// A user at a device of another kind: straight to the server by HTTP, whatever becomes of the network of the pages.

import assert from "node:assert/strict";

import { until } from "./waiting.mjs";

export class Trader {
  #url;
  #cookie = "";

  static async signedIn(url, user) {
    const trader = new Trader(url, user);
    await trader.signIn();
    return trader;
  }

  constructor(url, user) {
    this.#url = url;
    this.user = user;
  }

  async signIn() {
    const response = await this.post("/api/sign-in", { user: this.user });
    assert.equal(response.status, 204, await response.text());
    this.#cookie = response.headers.getSetCookie()[0].split(";")[0];
  }

  /** A long chain, so far from its stop and its target that it stays open. Returns its identity. */
  async placeOrder() {
    const order = { symbol: "BTCUSDT", side: "LONG", mode: "position", quantity: 0.05 };
    let chain;
    await until(async () => {
      const response = await this.post("/api/orders", order);
      const answer = await response.text();
      if (response.status === 201) {
        chain = JSON.parse(answer).chainId;
        return null;
      }
      // Losses may have opened the breaker, and then no order is taken.
      await this.reset();
      return `no order is taken: ${answer}`;
    });
    return chain;
  }

  /** Closes a chain, if the market has not done so already. */
  closeChain(id) {
    return this.#acts(`/api/orders/${id}/close`, 404);
  }

  /** Opens the breaker, if losses have not done so already. */
  trip() {
    return this.#acts("/api/breaker/trip", 409);
  }

  reset() {
    return this.#acts("/api/breaker/reset");
  }

  /** What happens is then only what this user does. */
  stopAutopilot() {
    return this.#acts("/api/autopilot/stop");
  }

  startAutopilot() {
    return this.#acts("/api/autopilot/start");
  }

  /** The identities of what was recorded last, newest first. */
  async eventIds() {
    const response = await this.#request("GET", "/api/lifecycle");
    assert.equal(response.status, 200);
    return (await response.json()).events.map(({ id }) => id);
  }

  /** Another device, which only listens. Returns what ends it. */
  async listen() {
    const leaving = new AbortController();
    const response = await this.#request("GET", "/events", undefined, leaving.signal);
    assert.equal(response.status, 200);
    // A device that does not read would owe an answer for ever.
    void response.body.pipeTo(new WritableStream()).catch(() => {});
    return () => leaving.abort();
  }

  post(path, body) {
    return this.#request("POST", path, body);
  }

  async #acts(path, nothingToDo) {
    const response = await this.post(path);
    assert.ok([202, nothingToDo].includes(response.status), `${path}: ${response.status} ${await response.text()}`);
  }

  /** On a connection of its own: one that is kept does not outlive the server. */
  #request(method, path, body, signal) {
    const headers = { cookie: this.#cookie, connection: "close" };
    if (body !== undefined) headers["content-type"] = "application/json";
    return fetch(new URL(path, this.#url), { method, headers, body: body && JSON.stringify(body), signal });
  }
}
