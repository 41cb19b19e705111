// A person in front of the page: drives a real browser, and says `ok …` for each thing that was seen to be true.
//
// usage: node desk.mjs CHROMIUM URL; commands to the server's keeper go out as lines `restart`, answered on stdin.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executablePath, url] = process.argv.slice(2);
const PATIENCE = 20_000;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const by = (page, id) => page.locator(`[data-testid="${id}"]`);
const seen = (what) => console.log(`ok ${what}`);

/** Asks the keeper of the server for something and waits until it is done. */
async function ask(command) {
  console.log(`ask ${command}`);
  const { value } = await answers.next();
  assert.equal(value, `done ${command}`);
}

async function connection(page, state) {
  await page.waitForFunction((state) => document.documentElement.dataset.connection === state, state, { timeout: PATIENCE });
}

/** Opens the page in a browser profile of its own, as one device of one user. */
async function signIn(browser, user, query = "") {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  await page.goto(url + query);
  await by(page, `sign-in-${user}`).click();
  await connection(page, "live");
  return page;
}

/** A second tab of the user of a page. */
async function anotherTab(page, query = "") {
  const tab = await page.context().newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  await tab.goto(url + query);
  await connection(tab, "live");
  return tab;
}

async function chainIds(page) {
  return by(page, "chain-row").evaluateAll((rows) => rows.map((row) => row.dataset.chainId));
}

/** Places an order with the form, and returns the chain that the server made of it. */
async function placeOrder(page) {
  const [response] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/api/orders")),
    by(page, "order-submit").click(),
  ]);
  assert.equal(response.status(), 201, await response.text());
  const { chainId } = await response.json();
  return chainId;
}

const chainRow = (page, id) => page.locator(`[data-testid="chain-row"][data-chain-id="${id}"]`);
const phase = (page, value) => page.locator(`[data-testid="breaker-phase"][data-phase="${value}"]`);

async function everythingFlows(page) {
  for (const panel of ["chain", "lifecycle", "ginie", "breaker", "pnl", "mode", "system", "signal"]) {
    await by(page, `panel-${panel}`).waitFor({ timeout: PATIENCE });
  }
  await page.locator('[data-testid="pnl-total"][data-value]').waitFor({ timeout: PATIENCE });
  await page.locator('[data-testid="ginie-running"][data-running="true"], [data-testid="ginie-running"][data-running="false"]').waitFor({ timeout: PATIENCE });
  await by(page, "mode-row").first().waitFor({ timeout: PATIENCE });
  await by(page, "lifecycle-row").first().waitFor({ timeout: PATIENCE });
  seen("a signed-in user sees the panels fill");
}

async function isolation(alice, tab, bob) {
  const chain = await placeOrder(alice);
  await chainRow(alice, chain).waitFor({ timeout: PATIENCE });
  await chainRow(tab, chain).waitFor({ timeout: PATIENCE });
  seen("an order shows in both tabs of its user, over WebSocket and over SSE");
  // Bob's own order is a marker: what came to Alice before it would have come to him by now.
  const marker = await placeOrder(bob);
  await chainRow(bob, marker).waitFor({ timeout: PATIENCE });
  assert.ok(!(await chainIds(bob)).includes(chain), "bob sees a chain of alice");
  assert.ok(!(await chainIds(alice)).includes(marker), "alice sees a chain of bob");
  seen("another user's page shows nothing of it");
  return chain;
}

async function breaker(alice, tab) {
  await by(alice, "trip").click();
  for (const page of [alice, tab]) await phase(page, "open").waitFor({ timeout: PATIENCE });
  await page_has_event(tab, "BREAKER_TRIPPED");
  await alice.locator('[data-testid="ginie-running"][data-running="false"]').waitFor({ timeout: PATIENCE });
  seen("a trip opens the breaker on every device, is logged, and stops the autopilot");
  await by(alice, "order-submit").click();
  await by(alice, "toast").first().waitFor({ timeout: PATIENCE });
  seen("an order against an open breaker is refused with a sentence");
  await by(alice, "reset").click();
  for (const page of [alice, tab]) await phase(page, "closed").waitFor({ timeout: PATIENCE });
  seen("a reset closes it again");
}

async function page_has_event(page, type) {
  await page.locator(`[data-testid="lifecycle-row"][data-event-type="${type}"]`).first().waitFor({ timeout: PATIENCE });
}

async function restart(alice, bob) {
  const chain = await placeOrder(alice);
  await chainRow(alice, chain).waitFor({ timeout: PATIENCE });
  await ask("stop");
  for (const page of [alice, bob]) {
    await page.waitForFunction(() => document.documentElement.dataset.connection !== "live", null, { timeout: PATIENCE });
  }
  seen("a stopped server shows as not live");
  await ask("start");
  for (const page of [alice, bob]) await connection(page, "live");
  await chainRow(alice, chain).waitFor({ timeout: PATIENCE });
  assert.ok(!(await chainIds(bob)).includes(chain), "bob sees a chain of alice after the restart");
  seen("a restarted server brings the page back by itself, signed in and with the right values");
}

async function anotherUser(tab) {
  await by(tab, "sign-out").click();
  await by(tab, "sign-in-bob").waitFor({ timeout: PATIENCE });
  await by(tab, "sign-in-bob").click();
  await connection(tab, "live");
  await tab.waitForFunction(() => /bob/i.test(document.querySelector('[data-testid="user"]').textContent), null, { timeout: PATIENCE });
  seen("a page that changes its user starts anew");
}

const profile = mkdtempSync(join(tmpdir(), "user-hub-browser-"));
const browser = await chromium.launch({ executablePath, headless: true, args: [...FLAGS, `--disk-cache-dir=${profile}`] });
try {
  const alice = await signIn(browser, "alice");
  const bob = await signIn(browser, "bob");
  const tab = await anotherTab(alice, "?transport=sse");
  await everythingFlows(alice);
  const chain = await isolation(alice, tab, bob);
  await breaker(alice, tab);
  await restart(alice, bob);
  await by(chainRow(alice, chain), "close-chain").click({ timeout: PATIENCE }).catch(() => {});
  await connection(tab, "live");
  const before = await chainIds(bob);
  await anotherUser(tab);
  for (const id of before.slice(0, 1)) await chainRow(tab, id).waitFor({ timeout: PATIENCE });
  for (const page of [alice, bob, tab]) assert.deepEqual(page.problems, []);
  seen("no page had an error");
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(0);
