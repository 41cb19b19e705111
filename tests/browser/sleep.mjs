// Pages that nobody looks at: in the background, or asleep.

import assert from "node:assert/strict";

import { fallAsleep, hide, show, wakeUp } from "./browser.mjs";
import { seen } from "./keeper.mjs";
import { connection, everyEventIsThere, readEvents } from "./screen.mjs";
import { lasting } from "./waiting.mjs";

export async function inTheBackground(cast) {
  const { tabs, trader } = cast.alice;
  for (const { page } of tabs) await hide(page);
  await cast.each(({ line }) => line.cut());
  await cast.notice();
  await cast.acts();
  await cast.each(({ line }) => line.mend());
  for (const { page } of tabs) {
    await connection(page, "live");
    await everyEventIsThere(page, trader);
    assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
  }
  for (const { page } of tabs) await show(page);
  await cast.right();
  seen("a page in the background comes back by itself, and is right before anybody looks");
}

export async function asleep(cast) {
  const gaps = await cast.gaps();
  const { tabs } = cast.alice;
  for (const { page } of tabs) await fallAsleep(page);
  const events = () => Promise.all(tabs.map(({ page }) => page.evaluate(readEvents)));
  const before = await events();
  await cast.acts();
  assert.deepEqual(await events(), before, "nothing of a page that sleeps runs");
  for (const { page } of tabs) await wakeUp(page);
  await cast.right();
  assert.deepEqual(await cast.gaps(), gaps);
  seen("a page that was asleep for a moment catches up");
}

/** The connection has died meanwhile, and the page could not notice. */
export async function asleepForLong(cast) {
  const gaps = await cast.gaps();
  const { tabs } = cast.alice;
  for (const { page } of tabs) await fallAsleep(page);
  await cast.each(({ line }) => line.silence());
  await cast.acts();
  await lasting(cast.deadAfter);
  await cast.each(({ line }) => line.mend());
  for (const { page } of tabs) await wakeUp(page);
  await cast.right();
  assert.deepEqual(await cast.gaps(), gaps);
  seen("a page that slept for longer than its connection lived is right when it wakes");
}
