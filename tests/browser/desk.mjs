// A person in front of the page: uses a real browser, and says `ok …` for each thing that was seen to be true.
//
// usage: node desk.mjs CHROMIUM URL
//
// What it needs of the server's keeper goes out as `ask …`, and is answered on stdin.

import assert from "node:assert/strict";

import { Browser } from "./browser.mjs";
import { ask, seen } from "./keeper.mjs";
import { by, connection, signedOut } from "./screen.mjs";
import { PATIENCE } from "./waiting.mjs";

const [executablePath, url] = process.argv.slice(2);

/** Opens the page in a browser profile of its own, as one device of one user. */
async function signIn(user, query = "") {
  const page = await open(await browser.otherProfile(), query);
  await by(page, `sign-in-${user}`).click();
  await connection(page, "live");
  return page;
}

/** A second tab of the user of a page. */
async function anotherTab(page, query = "") {
  const tab = await open(page.context(), query);
  await connection(tab, "live");
  return tab;
}

async function open(profile, query) {
  const page = await browser.window(profile);
  page.setDefaultTimeout(PATIENCE);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  await page.goto(url + query);
  return page;
}

async function chainIds(page) {
  return by(page, "chain-row").evaluateAll((rows) => rows.map((row) => row.dataset.chainId));
}

/** Places an order with the form, so far from stop and target that it stays open; returns the chain that came of it. */
async function placeOrder(page) {
  await page.locator('#order-form [name="mode"]').selectOption("position");
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/api/orders")),
    by(page, "order-submit").click(),
  ]);
  assert.equal(response.status(), 201, await response.text());
  const { chainId } = await response.json();
  return chainId;
}

const showsChain = (page, id) => page.locator(`[data-testid="chain-row"][data-chain-id="${id}"]`).waitFor();
const phase = (page, value) => page.locator(`[data-testid="breaker-phase"][data-phase="${value}"]`);

async function everythingFlows(page) {
  for (const panel of ["chain", "lifecycle", "ginie", "breaker", "pnl", "mode", "system", "signal"]) {
    await by(page, `panel-${panel}`).waitFor();
  }
  await page.locator('[data-testid="pnl-total"][data-value]').waitFor();
  await page.locator('[data-testid="ginie-running"]:is([data-running="true"], [data-running="false"])').waitFor();
  await by(page, "mode-row").first().waitFor();
  await by(page, "lifecycle-row").first().waitFor();
  seen("a signed-in user sees the panels fill");
  // Server and browser have one clock here, so nothing is corrected.
  const meter = page.locator('[data-testid="meter"][data-median]');
  await meter.waitFor();
  const { rate, median, p95 } = await meter.evaluate((node) => ({ ...node.dataset }));
  assert.ok(Number(rate) > 0, rate);
  assert.ok(0 <= Number(median) && Number(median) <= Number(p95), `${median} ${p95}`);
  assert.match(await meter.innerText(), /Records a second\s+[\d.,]+\s+Latency, median\s+[\d,]+ ms\s+Latency, 95 %\s+[\d,]+ ms/);
  seen("and how many records come a second, and how long they take");
}

async function isolation(alice, tab, bob) {
  const chain = await placeOrder(alice);
  await showsChain(alice, chain);
  await showsChain(tab, chain);
  seen("an order shows in both tabs of its user, over WebSocket and over SSE");
  // Bob's own order is a marker: what came to Alice before it would have come to him by now.
  const marker = await placeOrder(bob);
  await showsChain(bob, marker);
  assert.ok(!(await chainIds(bob)).includes(chain), "bob sees a chain of alice");
  assert.ok(!(await chainIds(alice)).includes(marker), "alice sees a chain of bob");
  seen("another user's page shows nothing of it");
  return chain;
}

async function breaker(alice, tab) {
  await by(alice, "trip").click();
  for (const page of [alice, tab]) await phase(page, "open").waitFor();
  await hasEvent(tab, "BREAKER_TRIPPED");
  await alice.locator('[data-testid="ginie-running"][data-running="false"]').waitFor();
  seen("a trip opens the breaker on every device, is logged, and stops the autopilot");
  await by(alice, "order-submit").click();
  await by(alice, "toast").first().waitFor();
  seen("an order against an open breaker is refused with a sentence");
  await by(alice, "reset").click();
  for (const page of [alice, tab]) await phase(page, "closed").waitFor();
  seen("a reset closes it again");
}

async function hasEvent(page, type) {
  await page.locator(`[data-testid="lifecycle-row"][data-event-type="${type}"]`).first().waitFor();
}

async function restart(alice, bob) {
  const chain = await placeOrder(alice);
  await showsChain(alice, chain);
  await ask("stop");
  for (const page of [alice, bob]) await connection(page, "reconnecting");
  seen("a stopped server shows as not live");
  await ask("start");
  for (const page of [alice, bob]) await connection(page, "live");
  await showsChain(alice, chain);
  assert.ok(!(await chainIds(bob)).includes(chain), "bob sees a chain of alice after the restart");
  seen("a restarted server brings the page back by itself, signed in and with the right values");
}

/** The identities of the lifecycle rows, newest first. */
async function eventIds(page) {
  return by(page, "lifecycle-row").evaluateAll((rows) => rows.map((row) => row.dataset.eventId));
}

async function hasEvents(page, ids) {
  const all = (ids) => ids.every((id) => document.querySelector(`[data-event-id="${id}"]`));
  await page.waitForFunction(all, ids);
}

/** Cuts a page while orders are placed in another; `end` is how the cut ends. What it says must be what happened. */
async function cut(page, other, seconds, end) {
  await closedBreaker(other);
  // A restart before has left one: then nobody knew what the page had.
  const gaps = await by(page, "gap-row").count();
  await by(page, "cut-duration").selectOption(String(seconds));
  await by(page, "cut").check();
  await connection(page, "reconnecting");
  await page.locator('[data-testid="badge"]', { hasText: /Reconnecting in \d+ s/ }).waitFor();

  const chains = [await placeOrder(other), await placeOrder(other)];
  for (const chain of chains) await active(other, chain);
  const missed = (await eventIds(other)).slice(0, 4);
  assert.ok(!(await chainIds(page)).some((id) => chains.includes(id)), "a page that is cut shows an order");

  await end(page);
  await connection(page, "live");
  assert.ok(!(await by(page, "cut").isChecked()), "the switch is back");
  const report = by(page, "cut-report").locator("[data-replayed]");
  await report.waitFor();
  const { replayed, values, replaced, lost, recovered } = await report.evaluate((node) => ({ ...node.dataset }));
  assert.ok(Number(replayed) >= missed.length, `${replayed} of at least ${missed.length} events replayed`);
  assert.ok(Number(values) >= chains.length, `${values} values came`);
  // Each chain went from pending over partially filled to active, and only that came.
  assert.ok(Number(replaced) >= 2 * chains.length, `${replaced} values were replaced`);
  assert.deepEqual({ lost, recovered }, { lost: "0", recovered: "true" });
  const said = /events were replayed[^]*older ones in between were replaced[^]*Nothing was lost/;
  assert.match(await report.innerText(), said);
  for (const chain of chains) await active(page, chain);
  await hasEvents(page, missed);
  assert.equal(await by(page, "gap-row").count(), gaps, "a gap after a short cut");
}

/** Losses of the autopilot may have opened it, and then no order is taken. */
async function closedBreaker(page) {
  await by(page, "reset").click();
  await phase(page, "closed").waitFor();
}

async function active(page, chain) {
  await page.locator(`[data-chain-id="${chain}"][data-status="active"]`).waitFor();
}

async function cuts(alice, tab) {
  await cut(alice, tab, 15, () => {});
  seen("a WebSocket that was cut for a while comes back by itself, says what it missed, and is right");
  await cut(tab, alice, 60, (page) => by(page, "cut").uncheck());
  seen("so does SSE, as soon as it is switched back");
}

async function everywhere(alice, tab, bob) {
  const phone = await signIn("alice", "?transport=sse");
  await by(phone, "sign-out-everywhere").click();
  await by(phone, "sign-in-alice").waitFor();
  for (const page of [alice, tab]) await signedOut(page, /^Signed out everywhere\.$/);
  await alice.reload();
  await by(alice, "sign-in-alice").waitFor();
  assert.equal(await bob.evaluate(() => document.documentElement.dataset.connection), "live");
  assert.deepEqual(phone.problems, []);
  seen("a sign-out everywhere ends every page of the user, and no other");
  await by(alice, "sign-in-alice").click();
  await tab.reload();
  for (const page of [alice, tab]) await connection(page, "live");
  seen("and whoever signs in again is in");
}

async function anotherUser(alice, tab, bob) {
  await closedBreaker(bob);
  const his = await placeOrder(bob);
  await showsChain(bob, his);
  await by(tab, "sign-out").click();
  await by(tab, "sign-in-bob").waitFor();
  await signedOut(alice, /^Signed out\.$/);
  seen("a sign-out ends the other tab of the same window");
  await by(tab, "sign-in-bob").click();
  await connection(tab, "live");
  await tab.locator('[data-testid="user"]', { hasText: "Bob" }).waitFor();
  await showsChain(tab, his);
  seen("a page that changes its user starts anew, with what is the new user's");
}

const browser = await Browser.start(executablePath);
const alice = await signIn("alice");
const bob = await signIn("bob");
const tab = await anotherTab(alice, "?transport=sse");
await everythingFlows(alice);
await isolation(alice, tab, bob);
await breaker(alice, tab);
await restart(alice, bob);
await connection(tab, "live");
await cuts(alice, tab);
await everywhere(alice, tab, bob);
await anotherUser(alice, tab, bob);
for (const page of [alice, bob, tab]) assert.deepEqual(page.problems, []);
seen("no page had an error");
await browser.close();
process.exit(0);
