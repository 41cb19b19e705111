// Nothing here sleeps for luck: a test waits until something is so.

import { setTimeout as pause } from "node:timers/promises";

/** Only what is wrong takes so long, on a machine that has other things to do too. */
export const PATIENCE = 60_000;
const LOOK_EVERY = 50;

/** Looks again and again until nothing is wrong any more. What was wrong last, as a sentence, is why it fails. */
export async function until(whatIsWrong) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const wrong = await whatIsWrong();
    if (!wrong) return;
    if (Date.now() > end) throw new Error(wrong);
    await pause(LOOK_EVERY);
  }
}

/** For faults that last: the time is the fault. */
export const lasting = (milliseconds) => pause(milliseconds);
