// What networks do to the pages.

import assert from "node:assert/strict";

import { Tab, attempts } from "./cast.mjs";
import { seen } from "./keeper.mjs";
import { BUSY, CAPTIVE_PORTAL, Line, NOISE } from "./line.mjs";
import { by, connection, everyEventIsThere, watchBreaker } from "./screen.mjs";
import { hide, show } from "./browser.mjs";
import { until } from "./waiting.mjs";

/** How long a page waits before it comes back: at least so many milliseconds, for the first time, the second … */
const LEAST_WAITS = [1_000, 2_000, 4_000];
/** An attempt is noticed here a little later than it is made. */
const NOTICED = 0.8;

export async function cutOff(cast) {
  const gaps = await cast.gaps();
  await cast.each(({ line }) => line.cut());
  await cast.notice();
  await cast.acts();
  await cast.each(({ line }) => line.mend());
  await cast.right();
  await cast.each((tab) => assert.match(tab.line.streams.at(-1), /[?&]resume=[0-9a-f]{16}-\d+/, `${tab}`));
  assert.deepEqual(await cast.gaps(), gaps);
  seen("a page whose network is cut comes back from where it was, by WebSocket and by SSE, and has missed nothing");
}

/** Only missing heartbeats tell: both ends believe that the connection is there. */
export async function silent(cast) {
  const gaps = await cast.gaps();
  await cast.each(({ line }) => line.silence());
  await cast.acts();
  await cast.notice();
  await cast.each(({ line }) => line.mend());
  await cast.right();
  assert.deepEqual(await cast.gaps(), gaps);
  seen("a connection that is dead although nobody has closed it is noticed and replaced, by WebSocket and by SSE");
}

export async function slow(cast) {
  const before = cast.tabs.map((tab) => tab.attempts.length);
  await cast.each(({ line }) => line.delay(1_500));
  await cast.acts();
  for (const { tabs, trader } of cast.users) for (const { page } of tabs) await everyEventIsThere(page, trader);
  await cast.each(({ line }) => line.mend());
  await cast.right();
  assert.deepEqual(cast.tabs.map((tab) => tab.attempts.length), before, "a slow network is no reason to leave");
  seen("what comes late comes all the same, and nobody reconnects for it");
}

export async function offline(cast) {
  const setOffline = (offline) => Promise.all(cast.users.map(({ profile }) => profile.setOffline(offline)));
  const before = cast.tabs.map((tab) => tab.attempts.length);
  await setOffline(true);
  // A browser that goes offline keeps the connections that it has; its network does not.
  await cast.each(({ line }) => line.cut());
  await cast.notice();
  await cast.acts();
  await Promise.all(cast.tabs.map((tab, at) => attempts(tab, before[at], 3)));
  await cast.each(({ line }) => line.mend());
  await setOffline(false);
  await comesBackBeforeItsWaitIsOver(cast.tabs, before.map((count) => count + 3));
  await cast.right();
  seen("a browser that is online again brings its pages back at once, however long they would have waited");
}

/** After so many attempts the next wait is a long one, unless something wakes the page. */
async function comesBackBeforeItsWaitIsOver(tabs, made) {
  await Promise.all(
    tabs.map(async (tab, at) => {
      await attempts(tab, made[at], 1);
      await connection(tab.page, "live");
      const wait = await tab.page.evaluate(() => window.waits.at(-1));
      assert.equal(wait, 0, `${tab} has waited for ${wait} ms`);
    }),
  );
}

export async function flapping(cast) {
  const before = cast.tabs.map((tab) => tab.attempts.length);
  const streams = cast.tabs.map(({ line }) => line.streams.length);
  for (let cut = 0; cut < 5; cut += 1) {
    const cutAt = Date.now();
    await cast.each(({ line }) => line.hangUp());
    // That it is cut off is seen for a second only, so this waits for what follows.
    await Promise.all(cast.tabs.map((tab, at) => attempts(tab, before[at] + cut, 1)));
    await cast.each(({ page }) => connection(page, "live"));
    for (const tab of cast.tabs) {
      const wait = tab.attempts.at(-1) - cutAt;
      assert.ok(wait >= NOTICED * LEAST_WAITS[0], `${tab} waits ${wait}`);
    }
  }
  cast.tabs.forEach((tab, at) => {
    assert.equal(tab.attempts.length, before[at] + 5, `${tab}: one attempt a cut`);
    assert.equal(tab.line.streams.length, streams[at] + 5, `${tab}: one stream a cut`);
  });
  await cast.acts();
  await cast.right();
  seen("five cuts in a row are five connections, not a storm");
}

/** Each connection ends before anything came. */
export async function waitsGrow(cast) {
  const before = cast.tabs.map((tab) => tab.attempts.length);
  const streams = cast.tabs.map(({ line }) => line.streams.length);
  await cast.each(({ line }) => line.cut());
  await Promise.all(
    cast.tabs.map(async (tab, at) => {
      const cutAt = Date.now();
      await attempts(tab, before[at], 3);
      const tried = [cutAt, ...tab.attempts.slice(before[at])];
      const waits = tried.slice(1).map((time, at) => time - tried[at]);
      waits.forEach((wait, nth) => assert.ok(wait >= NOTICED * LEAST_WAITS[nth], `${tab} waits ${waits}`));
      // Where a request for server-sent events is refused, another one asks why.
      const most = tab.transport === "sse" ? 6 : 3;
      const asked = tab.line.streams.length - streams[at];
      assert.ok(asked <= most, `${tab} asked ${asked} times: ${waits}`);
    }),
  );
  seen("a page that cannot connect waits longer each time");

  const { tabs } = cast.alice;
  for (const { page } of tabs) await hide(page);
  await cast.each(({ line }) => line.mend());
  for (const { page } of tabs) await show(page);
  await comesBackBeforeItsWaitIsOver(tabs, before.map((count) => count + 3));
  seen("a page that somebody looks at again does not wait any longer");
  // Bob looks at his page all the time.
  for (const offline of [true, false]) await cast.bob.profile.setOffline(offline);
  await cast.acts();
  await cast.right();
}

export async function turnedAway(cast) {
  for (const [answer, name] of [
    [BUSY, "a proxy that answers 503"],
    [CAPTIVE_PORTAL, "a page of somebody else's in the place of the stream"],
    [NOISE, "something that is not HTTP"],
  ]) {
    const streams = cast.tabs.map(({ line }) => line.streams.length);
    await cast.each(({ line }) => line.refuse(answer));
    await until(() => {
      const waiting = cast.tabs.filter(({ line }, at) => line.streams.length === streams[at]);
      return waiting.length === 0 ? null : `${waiting} did not try`;
    });
    await cast.notice();
    await cast.acts();
    await cast.each(({ line }) => line.mend());
    await cast.right();
    seen(`${name} is survived`);
  }
}

/** A record that a proxy has dropped: the next one says that it was there. */
export async function lost(cast) {
  const gaps = await cast.gaps();
  const dropped = cast.tabs.map(() => 0);
  cast.tabs.forEach(({ line }, at) => {
    line.edit = (message) => {
      const drops = dropped[at] === 0 && message.includes('"BREAKER_TRIPPED"');
      if (drops) dropped[at] += 1;
      return drops ? [] : [message];
    };
  });
  await cast.acts();
  await cast.right();
  await cast.each(({ line }) => line.mend());
  assert.deepEqual(dropped, cast.tabs.map(() => 1));
  assert.deepEqual(await cast.gaps(), gaps);
  seen("an event that was lost on the way is noticed and fetched again, by WebSocket and by SSE");
}

/** A trip is a group of two, the breaker's state and what happened; the line is cut between them. */
export async function cutInAGroup(cast) {
  await Promise.all(cast.users.map(({ trader }) => trader.reset()));
  await cast.right();
  const gaps = await cast.gaps();
  await cast.each(({ page }) => page.evaluate(watchBreaker));
  const isFirstHalf = (message) => message.includes('"type":"CIRCUIT_BREAKER_UPDATE"') && message.includes('"group":');
  await cast.each(({ line }) => line.silenceBehind(isFirstHalf));
  await Promise.all(cast.users.map(({ trader }) => trader.trip()));
  await cast.each((tab) =>
    until(async () => {
      const told = await tab.page.evaluate(() => window.lastTold);
      return isFirstHalf(told) ? null : `${tab} was told ${told}`;
    }),
  );
  await cast.each(({ line }) => line.cut());
  await cast.notice();
  // A trade that is over counts for the breaker: its state is told again, behind the group.
  await Promise.all(cast.users.map(({ trader, chain }) => trader.closeChain(chain)));
  await cast.each(({ line }) => line.mend());
  await cast.right();
  await cast.each(async (tab) => assert.deepEqual(await tab.page.evaluate(() => window.halvesSeen), [], `${tab}`));
  assert.deepEqual(await cast.gaps(), gaps);
  seen("a group that is cut in the middle shows all of it or nothing, by WebSocket and by SSE");
}

/** An old value that comes again after the newer one. */
export async function toldAgain(cast) {
  const told = cast.tabs.map(() => 0);
  cast.tabs.forEach(({ line }, at) => (line.edit = repeating(() => (told[at] += 1))));
  await cast.acts();
  // What came first of this chain is told again once the chain is gone.
  await cast.acts();
  await until(() => (told.every((times) => times > 0) ? null : `told again: ${told}`));
  await cast.right();
  await cast.each(({ line }) => line.mend());
  seen("a value that comes a second time, when there is a newer one, changes nothing, by WebSocket and by SSE");
}

/** Tells the first value of each chain that is over again, behind a value that has nothing to do with it. */
function repeating(onRepeated) {
  const first = new Map();
  const over = [];
  return (message) => {
    const [, chain] = /"type":"CHAIN_UPDATE".*?"key":"([^"]+)"/.exec(message) ?? [];
    if (chain && !message.includes('"final":true')) first.set(chain, first.get(chain) ?? message);
    else if (chain && first.has(chain)) over.push(first.get(chain));
    if (over.length === 0 || !message.includes('"type":"PNL_UPDATE"')) return [message];
    onRepeated();
    return [message, ...over.splice(0)];
  };
}

const MINUTE = 60_000;

/** The streams are refused for longer than a person would wait to see; so the clock of the page is put forward. */
export async function refusedForLong(cast) {
  const { name, profile, trader } = cast.bob;
  const tab = new Tab(name, "sse", await Line.to(cast.url), await cast.browser.window(profile));
  const { page, line } = tab;
  await page.clock.install();
  await tab.open();
  await connection(page, "live");
  line.refuse(BUSY);
  await connection(page, "reconnecting");
  for (let minute = 0; minute < 2; minute += 1) {
    await cast.bob.acts();
    await page.clock.fastForward(MINUTE);
    await by(page, "badge").getByText("Polling").first().waitFor();
    await page.locator(`[data-chain-id="${cast.bob.chain}"]`).waitFor();
  }
  line.mend();
  await page.clock.fastForward(MINUTE);
  await by(page, "badge").getByText("Live").first().waitFor();
  await everyEventIsThere(page, trader);
  assert.deepEqual(tab.problems, []);
  await page.close();
  line.close();
  seen("a page that nobody tells anything for a minute asks, says so, and stops asking when it is told again");
}
