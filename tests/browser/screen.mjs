// What a person reads on a page, and what is wrong with it.
//
// Read without waiting for a frame of the screen: a page in the background has none.

import { until } from "./waiting.mjs";

export const by = (page, id) => page.locator(`[data-testid="${id}"]`);

/** Runs before a page: notes every identity that was ever on it. */
export function watch() {
  const ids = (window.idsEverSeen = new Set());
  const look = () => {
    for (const name of ["chain", "signal", "event"]) {
      for (const node of document.querySelectorAll(`[data-${name}-id]`)) ids.add(node.getAttribute(`data-${name}-id`));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}

/** Runs in the page, from its begin: notes for how long it had meant to wait before each attempt to connect. */
export function noteWaits() {
  const waits = (window.waits = []);
  let wait = null;
  const { setTimeout } = window;
  window.setTimeout = (then, milliseconds, ...values) =>
    setTimeout(() => {
      wait = milliseconds;
      then(...values);
      wait = null;
    }, milliseconds);
  for (const name of ["WebSocket", "EventSource"]) {
    window[name] = class extends window[name] {
      constructor(...values) {
        super(...values);
        waits.push(wait);
      }
    };
  }
}

/** Runs before a page: keeps the last message that it was told. */
export function noteTold() {
  for (const name of ["WebSocket", "EventSource"]) {
    window[name] = class extends window[name] {
      constructor(...values) {
        super(...values);
        this.addEventListener("message", ({ data }) => (window.lastTold = data));
      }
    };
  }
}

/** Runs in a page: notes each time that the breaker's state and the last event of it do not tell the same. */
export function watchBreaker() {
  const halves = (window.halvesSeen = []);
  const look = () => {
    const { phase } = document.querySelector('[data-testid="breaker-phase"]').dataset;
    const event = document.querySelector('[data-event-type^="BREAKER_"]')?.dataset.eventType;
    if ((phase !== "closed") !== (event === "BREAKER_TRIPPED")) halves.push(`${phase}, and the last is ${event}`);
  };
  look();
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ["data-phase"] });
}

/** The values on the page in words, without those that depend on the moment of looking, and rows on their way out. */
function readValues() {
  const texts = (nodes) => [...nodes].map((node) => node.textContent);
  const rows = (name, shown) =>
    Object.fromEntries(
      [...document.querySelectorAll(`[${name}]:not(.leaving)`)]
        .map((row) => [row.getAttribute(name), shown(row)])
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  const panel = (name) => {
    const found = document.querySelector(`[data-testid="panel-${name}"]`);
    return texts(found.querySelectorAll(":is(span, p, dd, li):not(:has(*))"));
  };
  return {
    user: document.querySelector('[data-testid="user"]').textContent,
    chains: rows("data-chain-id", (row) => texts(row.querySelectorAll("th, td"))),
    signals: rows("data-signal-id", (row) => texts(row.querySelectorAll(".symbol, .side, .confidence-value, dd"))),
    pnl: panel("pnl"),
    autopilot: panel("ginie"),
    breaker: panel("breaker"),
    modes: panel("mode"),
    system: panel("system"),
  };
}

/** The events on the page, newest first: an identity each, null where it says that some may be missing. */
export const readEvents = () =>
  [...document.querySelectorAll('[data-testid="lifecycle-row"], [data-testid="gap-row"]')].map(
    (row) => row.dataset.eventId ?? null,
  );

/** Waits until two pages tell the same in every panel that shows values. */
export async function sameScreen(one, other) {
  await until(async () => {
    const [first, second] = await Promise.all([one.evaluate(readValues), other.evaluate(readValues)]);
    const differs = Object.keys(first).filter((name) => JSON.stringify(first[name]) !== JSON.stringify(second[name]));
    const unlike = (name) => `${name}: ${JSON.stringify(first[name])} is not ${JSON.stringify(second[name])}`;
    return differs.map(unlike).join("\n");
  });
}

/** Waits until every event that was recorded stands on the page once and in order, or a gap stands in its place. */
export async function everyEventIsThere(page, trader) {
  await until(async () => whatIsWrong(await page.evaluate(readEvents), await trader.eventIds()));
}

function whatIsWrong(shown, recorded) {
  let next = 0;
  let gap = false;
  for (const id of shown) {
    if (id === null) {
      gap = true;
      continue;
    }
    const at = recorded.indexOf(id);
    // Older than what the server tells.
    if (at < 0) break;
    if (at < next) return `${id} is there twice, or too late: ${shown}`;
    if (at > next && !gap) return `${recorded.slice(next, at)} is missing before ${id}, and no gap says so: ${shown}`;
    next = at + 1;
    gap = false;
  }
  return next === 0 && recorded.length > 0 && !gap ? `nothing of ${recorded} is there: ${shown}` : null;
}

export const gaps = (page) => by(page, "gap-row").count();

/** Waits for a state of the connection. */
export async function connection(page, state) {
  await until(async () => {
    const now = await page.evaluate(() => document.documentElement.dataset.connection);
    return now === state ? null : `the page is ${now}, not ${state}`;
  });
}

/** Waits until a page asks to sign in, for a reason, and shows nothing of the user any more. */
export async function signedOut(page, reason) {
  await connection(page, "stopped");
  await until(async () => {
    const said = await page.locator("#sign-in-reason").innerText();
    return reason.test(said) ? null : `the page says ${JSON.stringify(said)}`;
  });
  await by(page, "sign-in-alice").waitFor();
  await until(async () => {
    const ids = await page.locator("[data-chain-id], [data-signal-id], [data-event-id]").count();
    return ids === 0 ? null : `${ids} rows of the user are still in the page`;
  });
}
