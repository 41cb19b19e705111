// Chromium, with windows that a person could have: in front or in the background, awake or asleep.
//
// Playwright's own way to start it holds every page visible and awake. So it is started here, and Playwright joins it:
// then the windows of its first context are left as they are.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless=new",
  "--hide-scrollbars",
  "--force-prefers-reduced-motion",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

export class Browser {
  #process;
  #profile;
  #playwright;
  #root;

  static async start(executablePath) {
    const browser = new Browser();
    browser.#profile = mkdtempSync(join(tmpdir(), "user-hub-browser-"));
    const flags = [...FLAGS, `--user-data-dir=${browser.#profile}`, "about:blank"];
    browser.#process = spawn(executablePath, flags, { stdio: ["ignore", "ignore", "pipe"] });
    // Also when a test has failed, or was ended.
    process.on("exit", () => browser.#remove());
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
    browser.#playwright = await chromium.connectOverCDP(await debuggingAddress(browser.#process), { noDefaults: true });
    browser.#root = await browser.#playwright.newBrowserCDPSession();
    return browser;
  }

  /** The profile whose windows can be hidden and put to sleep. */
  get profile() {
    return this.#playwright.contexts()[0];
  }

  /** Another profile, with cookies of its own. */
  otherProfile() {
    return this.#playwright.newContext();
  }

  /** A window of its own, with one page. */
  async window(profile = this.profile) {
    if (profile !== this.profile) return profile.newPage();
    const opened = profile.waitForEvent("page");
    await this.#root.send("Target.createTarget", { url: "about:blank", newWindow: true });
    return opened;
  }

  async close() {
    const ended = once(this.#process, "exit");
    await this.#root.send("Browser.close");
    await ended;
  }

  #remove() {
    this.#process.kill("SIGKILL");
    // What its processes still write while they end is removed at the next try.
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function debuggingAddress({ stderr }) {
  for await (const line of createInterface({ input: stderr })) {
    const [, address] = /^DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (address) {
      stderr.resume();
      return address;
    }
  }
  throw new Error("the browser does not say where it can be driven");
}

/** Puts a window into the background: its page is hidden, and its timers are slow. */
export const hide = (page) => setWindow(page, "minimized");

/** Looks at a window again. */
export const show = (page) => setWindow(page, "normal");

async function setWindow(page, windowState) {
  const session = await page.context().newCDPSession(page);
  const { windowId } = await session.send("Browser.getWindowForTarget");
  await session.send("Browser.setWindowBounds", { windowId, bounds: { windowState } });
  await session.detach();
}

/** Puts a page to sleep, as a browser does with those that nobody has looked at for long: nothing of it runs. */
export async function fallAsleep(page) {
  await hide(page);
  await setLifecycle(page, "frozen");
}

/** Wakes it, because somebody looks at it again. */
export async function wakeUp(page) {
  await setLifecycle(page, "active");
  await show(page);
}

async function setLifecycle(page, state) {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state });
  await session.detach();
}
