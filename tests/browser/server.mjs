// A server that ends without a word, and comes back with everything, with less, and with nothing.

import assert from "node:assert/strict";

import { ask, seen } from "./keeper.mjs";
import { connection, signedOut } from "./screen.mjs";

export async function killed(cast) {
  const gaps = await cast.gaps();
  await cast.acts();
  await ask("kill");
  await cast.notice();
  await ask("start");
  await cast.acts();
  await cast.right();
  assert.deepEqual(await cast.gaps(), gaps.map((count) => count + 1));
  seen("a killed server that comes back brings the pages back, and they say where events may be missing");
}

/** The sessions are still good, and nothing else is there any more. */
export async function killedWithoutDatabase(cast) {
  await ask("kill");
  await cast.notice();
  await ask("lose database");
  await ask("start");
  for (const { trader } of cast.users) await trader.stopAutopilot();
  for (const user of cast.users) user.chain = null;
  await cast.acts();
  // Events are told apart by identities, and a database that begins anew gives them again.
  await cast.right({ events: false });
  seen("a server that has lost its database leaves no value of before on the pages");
}

export async function killedWithNothing(cast) {
  await ask("kill");
  await cast.notice();
  await ask("lose everything");
  await ask("start");
  await cast.each(({ page }) => signedOut(page, /session/i));
  seen("a server that knows no session any more makes the pages ask to sign in, and they show nothing of before");

  for (const user of cast.users) {
    await user.trader.signIn();
    await user.trader.stopAutopilot();
    user.chain = null;
    for (const tab of user.tabs) {
      await tab.open();
      if (tab === user.tabs[0]) await tab.signIn();
      await connection(tab.page, "live");
    }
  }
  await cast.acts();
  await cast.right();
  seen("and whoever signs in again is in");
}
