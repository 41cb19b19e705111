// The keeper of the server, who is at the other end of stdin and stdout; and the one who listens to what was seen.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";

const keeper = createInterface({ input: process.stdin });
const answers = keeper[Symbol.asyncIterator]();
// Without the keeper there is no server.
keeper.on("close", () => process.exit(1));

/** Asks for something to be done to the server, and waits until it is. */
export async function ask(command) {
  console.log(`ask ${command}`);
  const { value } = await answers.next();
  assert.equal(value, `done ${command}`);
}

/** Says that something was seen to be true. */
export const seen = (what) => console.log(`ok ${what}`);
