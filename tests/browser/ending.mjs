// Pages that are told to stay away, and do.

import assert from "node:assert/strict";

import { Tab } from "./cast.mjs";
import { fallAsleep, wakeUp } from "./browser.mjs";
import { seen } from "./keeper.mjs";
import { Line } from "./line.mjs";
import { by, connection, signedOut } from "./screen.mjs";

/** Alice signs out everywhere at a device of her own. */
async function signsOutEverywhere({ browser, url }) {
  const profile = await browser.otherProfile();
  const phone = new Tab("alice", "sse", await Line.to(url), await browser.window(profile));
  await phone.open();
  await phone.signIn();
  await by(phone.page, "sign-out-everywhere").click();
  await by(phone.page, "sign-in-alice").waitFor();
  assert.deepEqual(phone.problems, []);
  await profile.close();
  phone.line.close();
}

async function signsInAgain({ alice }) {
  await alice.trader.signIn();
  for (const tab of alice.tabs) {
    await tab.open();
    if (tab === alice.tabs[0]) await tab.signIn();
    await connection(tab.page, "live");
  }
}

export async function everywhere(cast) {
  const [socket, events] = cast.alice.tabs;
  for (const [awake, sleeper] of [
    [socket, events],
    [events, socket],
  ]) {
    const before = awake.line.streams.length;
    await fallAsleep(sleeper.page);
    await signsOutEverywhere(cast);
    await signedOut(awake.page, /^Signed out everywhere\.$/);
    assert.equal(await sleeper.page.evaluate(() => document.documentElement.dataset.connection), "live");
    await wakeUp(sleeper.page);
    // Whether it hears what was said, or finds out by trying, depends on how long it slept.
    await signedOut(sleeper.page, /./);
    const streams = sleeper.line.streams.length;
    // What Bob does meanwhile is enough for a page that would come back to have done so.
    await cast.bob.acts();
    await connection(cast.bob.tabs[0].page, "live");
    assert.equal(awake.line.streams.length, before, `${awake} has come back`);
    assert.equal(sleeper.line.streams.length, streams, `${sleeper} has come back`);
    await signsInAgain(cast);
    await cast.acts();
    await cast.right();
  }
  seen("a sign-out everywhere ends every page of the user for good, by WebSocket and by SSE, and no other");
  seen("a page that was asleep says so when it wakes");
}

/** Nothing of the sign-out reaches them. */
export async function everywhereWhileCutOff(cast) {
  const { tabs } = cast.alice;
  for (const { page } of tabs) await fallAsleep(page);
  for (const { line } of tabs) line.silence();
  await signsOutEverywhere(cast);
  for (const { line } of tabs) line.mend();
  for (const { line } of tabs) line.hangUp();
  for (const { page } of tabs) await wakeUp(page);
  for (const { page } of tabs) await signedOut(page, /./);
  await signsInAgain(cast);
  await cast.acts();
  await cast.right();
  seen("a page that the sign-out did not reach finds out when it comes back, and shows nothing any more");
}

/** More devices than a user may have: the pages are pushed out although their session is good. */
export async function tooManyDevices(cast) {
  const { tabs, trader } = cast.alice;
  const before = tabs.map(({ line }) => line.streams.length);
  const leave = [];
  while (leave.length < 16) leave.push(await trader.listen());
  for (const { page } of tabs) await signedOut(page, /too many connections/i);
  await cast.bob.acts();
  assert.deepEqual(tabs.map(({ line }) => line.streams.length), before, "a page that is pushed out pushes nobody out");
  for (const end of leave) end();
  for (const tab of tabs) {
    await tab.open();
    await connection(tab.page, "live");
  }
  await cast.acts();
  await cast.right();
  seen("a page whose place another device has taken stays away, by WebSocket and by SSE, until it is opened again");
}
