import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { browserWakes } from "#dist/wake.js";

import { fakePage } from "./support/browser.js";

const pageshow = (persisted: boolean): Event => Object.assign(new Event("pageshow"), { persisted });

describe("a page", () => {
  test("says when it is looked at again, resumed, online, and back out of the cache", (t) => {
    const { page, window } = fakePage(t);
    const said: string[] = [];
    browserWakes((why) => said.push(why));
    page.dispatchEvent(new Event("visibilitychange"));
    page.dispatchEvent(new Event("resume"));
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(pageshow(true));
    assert.deepEqual(said, ["visible", "visible", "online", "restored"]);
  });

  test("says nothing when it goes to the background, or is shown for the first time", (t) => {
    const { page, window } = fakePage(t);
    const said: string[] = [];
    browserWakes((why) => said.push(why));
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(pageshow(false));
    window.dispatchEvent(new Event("offline"));
    assert.deepEqual(said, []);
  });

  test("says nothing any more to whom it does not concern", (t) => {
    const { page, window } = fakePage(t);
    const said: string[] = [];
    browserWakes((why) => said.push(`first ${why}`))();
    browserWakes((why) => said.push(`second ${why}`));
    for (const name of ["visibilitychange", "resume"]) page.dispatchEvent(new Event(name));
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(pageshow(true));
    assert.deepEqual(said, ["second visible", "second visible", "second online", "second restored"]);
  });
});

describe("where there is no page", () => {
  test("nothing wakes, and nothing is missed", () => {
    assert.equal(typeof document, "undefined");
    browserWakes(() => assert.fail())();
  });
});
