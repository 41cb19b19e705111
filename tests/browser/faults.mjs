// The page under every fault, of the network, of the browser and of the server; and the page is right each time.
//
// usage: node faults.mjs CHROMIUM URL STORY HEARTBEAT_SECONDS
//
// It says `ok …` for each thing that was seen to be true. What it needs of the server's keeper goes out as `ask …`, and
// is answered on stdin. With USER_HUB_SCREENSHOTS=FOLDER the story of the network also takes pictures of the page.

import assert from "node:assert/strict";

import { Browser } from "./browser.mjs";
import { Cast } from "./cast.mjs";
import * as ending from "./ending.mjs";
import { seen } from "./keeper.mjs";
import * as network from "./network.mjs";
import { takeScreenshots } from "./screenshots.mjs";
import * as server from "./server.mjs";
import * as sleep from "./sleep.mjs";

const STORIES = {
  network: [
    network.cutOff,
    network.silent,
    network.slow,
    network.lost,
    network.cutInAGroup,
    network.toldAgain,
    network.turnedAway,
    network.flapping,
    network.waitsGrow,
    network.offline,
    network.refusedForLong,
  ],
  server: [
    sleep.inTheBackground,
    sleep.asleep,
    sleep.asleepForLong,
    ending.everywhere,
    ending.everywhereWhileCutOff,
    ending.tooManyDevices,
    server.killed,
    server.killedWithoutDatabase,
    server.killedWithNothing,
  ],
};

const [executablePath, url, story, heartbeat] = process.argv.slice(2);
const browser = await Browser.start(executablePath);
const cast = await Cast.assemble(browser, url, 2.5 * Number(heartbeat) * 1000);
await cast.right();
seen("two tabs of one user, and another user, each see what is theirs");
for (const fault of STORIES[story]) await fault(cast);
assert.deepEqual(cast.problems(), []);
seen("no page had an error");
const folder = process.env.USER_HUB_SCREENSHOTS;
if (folder && story === "network") await takeScreenshots(cast, folder);
await browser.close();
process.exit(0);
