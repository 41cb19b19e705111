// The cut against the packaged client, fake links, and time that passes only when told: node --test

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Cut } from './cut.js';
import { EPOCH, connected, pnl, synced } from './frames.mjs';
import { Client } from './user-hub.js';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
});

/** A client whose links can be cut; live, and at 4. */
function desk() {
  const world = { links: [], changes: [], states: [], link: () => world.links.at(-1) };
  const open = (transport, resume, handlers) => {
    const link = { transport, resume, handlers, closed: false, close: () => (link.closed = true) };
    world.links.push(link);
    return link;
  };
  world.send = (...frames) => frames.forEach((frame) => world.link().handlers.onFrame(JSON.stringify(frame)));
  world.cut = new Cut(open, (until) => {
    world.changes.push(until);
    if (until === null) world.client.reconnect();
  });
  world.client = new Client({ transport: 'websocket', open: world.cut.open, random: () => 0 });
  world.client.onStatus(({ state }) => {
    world.states.push(state);
    if (state === 'stopped') world.cut.mend();
  });
  world.client.start();
  world.send(connected(), synced(4));
  return world;
}

/** Lets time pass in small steps, and what was promised meanwhile be kept. */
async function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 100) {
    mock.timers.tick(Math.min(left, 100));
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }
}

test('a cut ends the connection, and nothing that was on its way arrives', () => {
  const { client, cut, links } = desk();
  cut.begin(5_000);
  assert.ok(links[0].closed);
  assert.equal(client.status.state, 'reconnecting');
  links[0].handlers.onFrame(JSON.stringify(pnl(9)));
  assert.equal(client.state('PNL_UPDATE'), undefined);
});

test('while it lasts no connection opens, whatever the client tries; then one does, with the cursor', async () => {
  const world = desk();
  world.cut.begin(60_000);
  await pass(30_000);
  assert.equal(world.cut.left, 30_000);
  world.client.reconnect();
  world.client.useTransport('sse');
  await pass(29_900);
  assert.equal(world.links.length, 1);
  await pass(100);
  assert.equal(world.links.length, 2);
  assert.deepEqual([world.link().transport, world.link().resume], ['sse', `${EPOCH}-4`]);
  assert.equal(world.cut.left, 0);
  assert.deepEqual(world.changes, [60_000, null]);
  world.send(connected({ recovered: true, after: `${EPOCH}-4` }), pnl(5), synced(5));
  assert.deepEqual(world.states.slice(-3), ['reconnecting', 'syncing', 'live'], 'and in between it never seemed to be back');
});

test('a cut that is mended is over at once, unless the server asked to be left alone', async () => {
  const world = desk();
  world.cut.mend();
  assert.deepEqual(world.changes, [], 'there was nothing to mend');
  world.cut.begin(60_000);
  await pass(1_000);
  world.cut.mend();
  await pass(1);
  assert.equal(world.links.length, 2);
  assert.deepEqual(world.changes, [60_000, null]);

  world.send(connected(), synced(4), { type: 'CLOSING', code: 1001, reason: '', reconnect: true, retryAfterMs: 7_000 });
  world.cut.begin(5_000);
  await pass(6_900);
  assert.equal(world.links.length, 2);
  await pass(100);
  assert.equal(world.links.length, 3);
});

test('a second cut counts from then on', async () => {
  const world = desk();
  world.cut.begin(5_000);
  await pass(3_000);
  world.cut.begin(5_000);
  await pass(4_900);
  assert.equal(world.links.length, 1);
  await pass(100);
  assert.equal(world.links.length, 2);
});

test('a cut ends with the session: the next sign-in connects', async () => {
  const world = desk();
  world.cut.begin(60_000);
  world.client.stop();
  await pass(100);
  assert.equal(world.links.length, 1);
  world.client.start();
  assert.equal(world.links.length, 2);
  assert.deepEqual(world.changes, [60_000, null]);
});

test('a cut ends a link first and then says so, and a link in it is found to be closed a moment later', () => {
  const heard = [];
  const handlers = { onFrame: () => {}, onClosed: (code) => heard.push(`closed ${code}`) };
  const cut = new Cut(() => ({ close: () => heard.push('close') }), () => {});
  cut.open('websocket', null, handlers);
  cut.begin(5_000);
  assert.deepEqual(heard.splice(0), ['close', 'closed null']);

  cut.open('websocket', null, handlers);
  assert.deepEqual(heard, [], 'not before the client has its link');
  mock.timers.tick(1);
  assert.deepEqual(heard.splice(0), ['closed null']);

  cut.open('websocket', null, handlers).close();
  mock.timers.tick(1);
  assert.deepEqual(heard, [], 'a link that was closed says nothing');
});

test('a cut while the client waits anyway is one more reason to', async () => {
  const world = desk();
  world.link().handlers.onClosed(1006);
  world.cut.begin(5_000);
  await pass(4_900);
  assert.equal(world.links.length, 1);
  assert.equal(world.client.status.state, 'reconnecting');
  await pass(100);
  assert.equal(world.links.length, 2);
});
