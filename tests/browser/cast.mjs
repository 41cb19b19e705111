// Who is there: Alice with two tabs of one sign-in, one by WebSocket and one by SSE, and Bob in a browser profile of
// his own; each tab on a line of its own, and each user with another device that no fault of a line concerns.

import assert from "node:assert/strict";

import { Line } from "./line.mjs";
import { by, connection, everyEventIsThere, gaps, noteTold, noteWaits, sameScreen, watch } from "./screen.mjs";
import { Trader } from "./trader.mjs";
import { PATIENCE, until } from "./waiting.mjs";

/** One page of one user, and the line that it is on. */
export class Tab {
  problems = [];
  /** When the page tried to open a stream, in vain or not. */
  attempts = [];

  constructor(user, transport, line, page) {
    Object.assign(this, { user, transport, line, page });
    const attempted = () => this.attempts.push(Date.now());
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("websocket", attempted);
    page.on("request", (request) => request.resourceType() === "eventsource" && attempted());
  }

  async open() {
    await this.page.goto(`${this.line.url}?transport=${this.transport}`);
  }

  /** Presses the button of its user. */
  async signIn() {
    await by(this.page, `sign-in-${this.user}`).click();
    await connection(this.page, "live");
  }

  toString() {
    return `${this.user} by ${this.transport}`;
  }
}

/** One user: the tabs, and the device that is always there. */
class User {
  tabs = [];
  /** What was ordered last. */
  chain = null;

  /** `fresh` is a window for pages that were just opened, straight at the server. */
  constructor(name, profile, trader, fresh) {
    Object.assign(this, { name, profile, trader, fresh });
  }

  /** Something of every kind: a chain goes, one comes, the breaker trips and is closed again. */
  async acts() {
    const last = this.chain;
    this.chain = await this.trader.placeOrder();
    if (last) await this.trader.closeChain(last);
    await this.trader.trip();
    await this.trader.reset();
  }
}

export class Cast {
  /** A page that hears nothing for `deadAfter` milliseconds has lost its connection. */
  static async assemble(browser, url, deadAfter) {
    const cast = new Cast();
    Object.assign(cast, { browser, url, deadAfter });
    cast.alice = await cast.#user("alice", browser.profile, ["websocket", "sse"]);
    cast.bob = await cast.#user("bob", await browser.otherProfile(), ["websocket"]);
    for (const user of cast.users) {
      await user.trader.stopAutopilot();
      await user.acts();
    }
    return cast;
  }

  get users() {
    return [this.alice, this.bob];
  }

  get tabs() {
    return this.users.flatMap(({ tabs }) => tabs);
  }

  /** Does something to all tabs at once. */
  each(act) {
    return Promise.all(this.tabs.map(act));
  }

  acts() {
    return Promise.all(this.users.map((user) => user.acts()));
  }

  /** Waits until every tab shows that it is not connected. */
  async notice() {
    await this.each(({ page }) => connection(page, "reconnecting"));
  }

  /**
   * Waits until every tab is right: live, with the values that a page has which was just opened straight at the server,
   * with every event or a gap, and with nothing of anybody else.
   */
  async right({ events = true } = {}) {
    await Promise.all(this.users.map((user) => this.#isRight(user, events)));
  }

  async #isRight({ name, trader, tabs, fresh }, events) {
    for (const { page } of tabs) await connection(page, "live");
    await fresh.goto(this.url);
    await connection(fresh, "live");
    for (const { page } of tabs) {
      await sameScreen(page, fresh);
      if (events) await everyEventIsThere(page, trader);
      const ids = await page.evaluate(() => [...window.idsEverSeen]);
      assert.deepEqual(ids.filter((id) => !id.startsWith(`${name}-`)), [], `${name} has seen what is another user's`);
      assert.ok(ids.length > 0, "what is on the page is watched");
    }
    await fresh.goto("about:blank");
  }

  /** How many gaps each tab shows. */
  gaps() {
    return this.each(({ page }) => gaps(page));
  }

  /** What went wrong in the pages. */
  problems() {
    return this.tabs.flatMap(({ problems }) => problems);
  }

  async #user(name, profile, transports) {
    const trader = await Trader.signedIn(this.url, name);
    await profile.addInitScript(watch);
    await profile.addInitScript(noteWaits);
    await profile.addInitScript(noteTold);
    // With the same luck all pages wait for as long as each other, and none has waited for long when the last one does.
    await profile.addInitScript(() => (Math.random = () => 0.5));
    profile.setDefaultTimeout(PATIENCE);
    const user = new User(name, profile, trader, await this.browser.window(profile));
    for (const transport of transports) {
      const page = await this.browser.window(profile);
      const tab = new Tab(name, transport, await Line.to(this.url), page);
      await tab.open();
      // The first tab signs in for both.
      if (user.tabs.length === 0) await tab.signIn();
      await connection(page, "live");
      user.tabs.push(tab);
    }
    return user;
  }
}

/** Waits until a tab has tried so often since a number of attempts. */
export async function attempts(tab, since, count) {
  await until(() => {
    const made = tab.attempts.length - since;
    return made >= count ? null : `${tab} has tried ${made} times, not ${count}`;
  });
}
