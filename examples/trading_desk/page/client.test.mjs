// The client against fake links and a fake clock: node --test

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Absence, sentences } from './absence.js';
import { BACK_OFF_MAX, BACK_OFF_MIN, Client, backOff, comesBack } from './client.js';
import { cursorText, parseCursor } from './cursor.js';
import { Device } from './device.js';
import { Fold } from './fold.js';

const EPOCH = '00000000000000aa';
const OTHER_EPOCH = '00000000000000bb';
const TIMESTAMP = '2026-11-22T23:59:39.123Z';

const connected = (more = {}) => ({
  type: 'CONNECTED', protocol: 1, userId: 'alice', connectionId: 'c1', epoch: EPOCH,
  after: null, recovered: false, lastLog: 0, heartbeat: 25, ...more,
});
const synced = (seq, lastLog = 0, epoch = EPOCH) => ({ type: 'SYNCED', cursor: `${epoch}-${seq}`, lastLog, stateSource: 'none' });
const heartbeat = (seq, lastLog = 0, epoch = EPOCH) => ({ type: 'HEARTBEAT', cursor: `${epoch}-${seq}`, lastLog });
const pnl = (seq, totalPnL = seq, more = {}) => ({ seq, type: 'PNL_UPDATE', timestamp: TIMESTAMP, data: { pnl: { totalPnL } }, ...more });
const chain = (seq, chainId, status, more = {}) => ({
  seq, type: 'CHAIN_UPDATE', timestamp: TIMESTAMP, key: chainId, data: { chain: { chainId, status } }, ...more,
});
const event = (seq, prevLog, more = {}) => ({
  seq, prevLog, type: 'LIFECYCLE_EVENT', timestamp: TIMESTAMP, data: { event: { id: `e${seq}` } }, ...more,
});

/** Feeds frames to a device; answers the kinds of all effects, with the seq where there is one. */
function feed(device, ...frames) {
  return frames
    .flatMap((frame) => device.receive(frame))
    .map((effect) => (effect.record ? `${effect.kind} ${effect.record.seq}` : effect.kind));
}

function begun(...frames) {
  const device = new Device();
  device.begin();
  feed(device, ...frames);
  return device;
}

describe('cursor', () => {
  test('has one text form', () => {
    assert.deepEqual(parseCursor(`${EPOCH}-42`), { epoch: EPOCH, seq: 42 });
    assert.equal(cursorText({ epoch: EPOCH, seq: 42 }), `${EPOCH}-42`);
    assert.equal(cursorText(null), null);
  });

  test('is nothing else', () => {
    for (const text of ['', EPOCH, `${EPOCH}-`, `${EPOCH}--1`, `${EPOCH}-01`, `${EPOCH.toUpperCase()}-1`, 'aa-1', 7, null]) {
      assert.equal(parseCursor(text), null, String(text));
    }
  });
});

describe('fold', () => {
  test('a State sets its key, a newer one replaces it', () => {
    const fold = new Fold();
    fold.apply(chain(1, 'a', 'open'));
    fold.apply(chain(2, 'b', 'open'));
    fold.apply(chain(3, 'a', 'closing'));
    assert.deepEqual([...fold.all('CHAIN_UPDATE').keys()].sort(), ['a', 'b']);
    assert.equal(fold.get('CHAIN_UPDATE', 'a').seq, 3);
  });

  test('a final State is shown, and removed', () => {
    const fold = new Fold();
    fold.apply(chain(1, 'a', 'open'));
    fold.apply(chain(2, 'b', 'open'));
    assert.equal(fold.apply(chain(3, 'a', 'closed', { final: true })).kind, 'final');
    assert.deepEqual([...fold.all('CHAIN_UPDATE').keys()], ['b']);
    fold.apply(chain(4, 'a', 'open'));
    assert.equal(fold.get('CHAIN_UPDATE', 'a').seq, 4, 'a new life of the same key');
  });

  test('the server says what is final, whatever the type and the status', () => {
    assert.equal(new Fold().apply(chain(1, 'a', 'closed')).kind, 'state');
    assert.equal(new Fold().apply({ seq: 1, type: 'WEATHER', key: 'k', final: true, data: {} }).kind, 'final');
  });

  test('no key and the empty key are two States', () => {
    const fold = new Fold();
    fold.apply(pnl(1));
    fold.apply(pnl(2, 2, { key: '' }));
    assert.deepEqual([fold.get('PNL_UPDATE').seq, fold.get('PNL_UPDATE', '').seq], [1, 2]);
    fold.apply({ seq: 3, type: 'PNL_UPDATE', timestamp: TIMESTAMP, key: '', removed: true, reason: 'rejected' });
    assert.equal(fold.get('PNL_UPDATE').seq, 1);
    assert.deepEqual([...fold.unknown('PNL_UPDATE')], ['']);
    fold.apply(pnl(4, 4, { final: true }));
    assert.equal(fold.get('PNL_UPDATE'), undefined);
    assert.deepEqual([...fold.unknown('PNL_UPDATE')], [''], 'the empty key is still unknown');
  });

  test('a removal removes, and says whether the value is gone or unknown', () => {
    for (const [reason, unknown] of [['cleared', false], ['expired', false], ['rejected', true], [undefined, true]]) {
      const fold = new Fold();
      fold.apply(chain(1, 'a', 'open'));
      const removal = { seq: 2, type: 'CHAIN_UPDATE', timestamp: TIMESTAMP, key: 'a', removed: true, reason };
      assert.equal(fold.apply(removal).kind, 'removed');
      assert.equal(fold.get('CHAIN_UPDATE', 'a'), undefined);
      assert.equal(fold.unknown('CHAIN_UPDATE').has('a'), unknown, String(reason));
      fold.apply(chain(3, 'a', 'open'));
      assert.equal(fold.unknown('CHAIN_UPDATE').has('a'), false);
    }
  });

  test('a Log record is handed on and kept nowhere', () => {
    const fold = new Fold();
    assert.equal(fold.apply(event(1, 0)).kind, 'log');
    assert.equal(fold.all('LIFECYCLE_EVENT').size, 0);
  });
});

describe('clearing', () => {
  test('recovered: false and RESET clear all State, recovered: true none', () => {
    const device = begun(connected(), pnl(1), synced(1));
    device.begin();
    feed(device, connected({ recovered: true, after: `${EPOCH}-1` }));
    assert.equal(device.fold.get('PNL_UPDATE').seq, 1);
    assert.equal(device.synced, false);
    assert.deepEqual(feed(device, { type: 'RESET', reason: 'evicted' }), ['cleared', 'syncing']);
    assert.equal(device.fold.get('PNL_UPDATE'), undefined);

    feed(device, pnl(1), synced(1));
    device.begin();
    feed(device, connected());
    assert.equal(device.fold.get('PNL_UPDATE'), undefined);
  });

  test('after a RESET, State below the cursor comes again and the cursor stays', () => {
    const device = begun(connected(), pnl(3), chain(5, 'a', 'open'), event(6, 0), synced(6, 6));
    feed(device, { type: 'RESET', reason: 'evicted' });
    assert.deepEqual(feed(device, pnl(3), chain(5, 'a', 'open')), ['state 3', 'state 5']);
    assert.equal(device.cursor, `${EPOCH}-6`);
    assert.deepEqual(feed(device, event(6, 0)), [], 'a Log record is not told twice');
    feed(device, pnl(9), synced(9, 6));
    assert.equal(device.cursor, `${EPOCH}-9`);
  });
});

describe('cursor rules', () => {
  test('a new device has no cursor before its first Log frame or SYNCED', () => {
    const device = begun(connected(), pnl(1), chain(2, 'a', 'open'));
    assert.equal(device.cursor, null);
    feed(device, synced(2));
    assert.equal(device.cursor, `${EPOCH}-2`);

    const withLog = begun(connected({ lastLog: 0 }), pnl(1), event(2, 0));
    assert.equal(withLog.cursor, `${EPOCH}-2`);
    feed(withLog, pnl(3));
    assert.equal(withLog.cursor, `${EPOCH}-3`);
  });

  test('an unknown cursor is kept until a frame moves it', () => {
    const device = begun(connected(), synced(7));
    assert.equal(device.begin(), `${EPOCH}-7`);
    feed(device, connected({ epoch: OTHER_EPOCH }), { type: 'GAP', from: null, to: null, reason: 'unknown', lastLog: 0 });
    assert.equal(device.cursor, `${EPOCH}-7`);
    feed(device, pnl(2));
    assert.equal(device.cursor, `${OTHER_EPOCH}-2`);
  });

  test('only record frames, SYNCED and HEARTBEAT move it, and never back', () => {
    const device = begun(connected(), synced(4));
    feed(device, { type: 'GAP', from: 5, to: 8, reason: 'evicted', lastLog: 8 }, { type: 'NEWS', cursor: `${EPOCH}-9` });
    assert.equal(device.cursor, `${EPOCH}-4`);
    feed(device, heartbeat(9));
    assert.equal(device.cursor, `${EPOCH}-9`);
    feed(device, heartbeat(6), synced(5), heartbeat(99, 0, OTHER_EPOCH));
    assert.equal(device.cursor, `${EPOCH}-9`);
    feed(device, pnl(10));
    assert.equal(device.cursor, `${EPOCH}-10`);
  });

  test('records of a type that nobody knows move it too', () => {
    const device = begun(connected(), synced(0));
    feed(device, { seq: 1, type: 'WEATHER', timestamp: TIMESTAMP, data: {} });
    assert.equal(device.cursor, `${EPOCH}-1`);
  });

  test('duplicates are dropped by seq', () => {
    const device = begun(connected(), pnl(5, 50), synced(5));
    assert.deepEqual(feed(device, pnl(5, 1), pnl(4, 1)), []);
    device.begin();
    feed(device, connected({ recovered: true, after: `${EPOCH}-5` }));
    assert.deepEqual(feed(device, pnl(5, 1)), []);
    assert.equal(device.fold.get('PNL_UPDATE').data.pnl.totalPnL, 50);
  });

  test('nothing counts before CONNECTED, and nothing that is no frame', () => {
    const device = new Device();
    device.begin();
    assert.deepEqual(feed(device, pnl(1), null, 7, {}, { type: 7 }, synced(3)), []);
    assert.equal(device.cursor, null);
  });
});

describe('groups', () => {
  const live = () => begun(connected(), synced(0));

  test('are held back until the last one, then move the cursor to group', () => {
    const device = live();
    assert.deepEqual(feed(device, pnl(1, 1, { group: 3 }), chain(2, 'a', 'open', { group: 3 })), []);
    assert.equal(device.cursor, `${EPOCH}-0`);
    assert.equal(device.fold.get('PNL_UPDATE'), undefined);
    assert.deepEqual(feed(device, event(3, 0, { group: 3 })), ['state 1', 'state 2', 'log 3']);
    assert.equal(device.cursor, `${EPOCH}-3`);
  });

  test('are ended by any other frame when the last member was replaced', () => {
    for (const other of [heartbeat(2), pnl(4), { type: 'NEWS' }, { type: 'CLOSING', code: 1001 }]) {
      const device = live();
      feed(device, chain(1, 'a', 'open', { group: 2 }));
      assert.equal(feed(device, other)[0], 'state 1', other.type);
      assert.equal(parseCursor(device.cursor).seq, Math.max(2, other.seq ?? 0));
    }
  });

  test('are ended by the next group', () => {
    const device = live();
    assert.deepEqual(
      feed(device, pnl(1, 1, { group: 2 }), pnl(3, 3, { group: 4 }), event(4, 0, { group: 4 })),
      ['state 1', 'state 3', 'log 4'],
    );
  });

  test('are dropped when the connection is cut in them', () => {
    const device = live();
    feed(device, pnl(1, 1, { group: 2 }));
    assert.equal(device.begin(), `${EPOCH}-0`);
    feed(device, connected({ recovered: true, after: `${EPOCH}-0` }));
    assert.deepEqual(feed(device, pnl(1, 1, { group: 2 }), event(2, 0, { group: 2 })), ['state 1', 'log 2']);
  });

  test('do not give a new device a cursor, unless a Log record is in them', () => {
    const device = begun(connected(), pnl(1, 1, { group: 2 }), pnl(3));
    assert.equal(device.cursor, null);
    assert.equal(begun(connected(), pnl(1, 1, { group: 2 }), event(2, 0, { group: 2 })).cursor, `${EPOCH}-2`);
  });
});

describe('loss', () => {
  test('is proved by prevLog: the frame is dropped and the device comes back from what it has', () => {
    const device = begun(connected(), event(1, 0), synced(1, 1), pnl(2), pnl(6));
    assert.deepEqual(feed(device, event(7, 5)), ['reconnect']);
    assert.deepEqual(feed(device, pnl(8)), [], 'nothing more is heard from this connection');
    assert.equal(device.begin(), `${EPOCH}-1`);
    feed(device, connected({ recovered: true, after: `${EPOCH}-1`, lastLog: 1 }));
    assert.deepEqual(feed(device, event(5, 1), event(7, 5), synced(7, 7)), ['log 5', 'log 7', 'synced']);
  });

  test('is proved by the lastLog of SYNCED and HEARTBEAT', () => {
    assert.deepEqual(feed(begun(connected()), synced(4, 3)), ['reconnect']);
    assert.deepEqual(feed(begun(connected(), synced(4)), heartbeat(9, 8)), ['reconnect']);
  });

  test('is proved by the lastLog of a CONNECTED that recovered, before it is a baseline', () => {
    const device = begun(connected({ lastLog: 2 }), synced(9, 2));
    device.begin();
    assert.deepEqual(feed(device, connected({ recovered: true, after: `${EPOCH}-9`, lastLog: 8 })), ['connected', 'reconnect']);
    assert.equal(device.begin(), `${EPOCH}-2`);
  });

  test('drops the whole group that it is found in', () => {
    const device = begun(connected(), synced(0));
    assert.deepEqual(feed(device, pnl(4, 4, { group: 5 }), event(5, 2, { group: 5 })), ['reconnect']);
    assert.equal(device.fold.get('PNL_UPDATE'), undefined);
    assert.equal(device.cursor, `${EPOCH}-0`);
  });

  test('is reported when one reconnect did not help, once', () => {
    const device = begun(connected(), event(1, 0), synced(1, 1));
    feed(device, event(7, 5));
    device.begin();
    feed(device, connected({ recovered: true, after: `${EPOCH}-1`, lastLog: 1 }));
    const effects = device.receive(event(7, 5));
    assert.deepEqual(effects.map(({ kind }) => kind), ['gap', 'log']);
    assert.deepEqual(effects[0], { kind: 'gap', from: 2, to: 5, reason: 'lost', epoch: EPOCH });
    assert.deepEqual(feed(device, synced(7, 7)), ['synced']);
    assert.deepEqual(feed(device, event(12, 10)), ['reconnect'], 'another loss is worth another reconnect');
  });

  test('is not what a baseline declares', () => {
    assert.deepEqual(feed(begun(connected({ lastLog: 40 }), synced(41, 40)), event(42, 40)), ['log 42']);
    const gapped = begun(connected(), synced(3));
    assert.deepEqual(
      feed(gapped, { type: 'GAP', from: 4, to: 40, reason: 'evicted', lastLog: 40 }, event(42, 40), heartbeat(42, 42)),
      ['gap', 'log 42'],
    );
  });

  test('is forgotten with recovered: false', () => {
    const device = begun(connected(), event(50, 0), synced(50, 50));
    device.begin();
    feed(device, connected({ epoch: OTHER_EPOCH }), { type: 'GAP', from: null, to: null, reason: 'unknown', lastLog: 2 });
    assert.deepEqual(feed(device, event(3, 2)), ['log 3']);
    assert.deepEqual(feed(device, event(9, 8)), ['reconnect']);
  });
});

describe('what came of being away', () => {
  const CURSOR = `${EPOCH}-10`;
  const resumed = connected({ recovered: true, after: CURSOR, lastLog: 9 });
  const gap = { type: 'GAP', from: 11, to: 20, reason: 'evicted', lastLog: 20 };

  /** Cuts a device at 10, feeds it what follows, and answers the report. */
  function after(...connections) {
    const device = begun(connected(), event(9, 0), synced(10, 9));
    const absence = new Absence(device.cursor);
    for (const frames of connections) {
      device.begin();
      for (const frame of frames) {
        for (const effect of device.receive(frame)) {
          const report = absence.note(effect);
          if (report) return report;
        }
      }
    }
    return null;
  }

  test('is what was replayed, what came, and, from the two cursors, what was replaced', () => {
    const report = after([resumed, event(13, 9), pnl(17), chain(18, 'a', 'closed', { final: true }), event(19, 13), synced(20, 19)]);
    assert.deepEqual(report, { recovered: true, replayed: 2, values: 2, replaced: 6, lost: null });
    assert.deepEqual(sentences(report), {
      place: 'The server knew where this page had been.',
      events: '2 events were replayed.',
      values: '2 values came, 6 older ones in between were replaced.',
      lost: 'Nothing was lost.',
    });
  });

  test('is told when everything is here, and not before', () => {
    assert.equal(after([resumed, event(13, 9), heartbeat(13, 13)]), null);
  });

  test('may be nothing', () => {
    const report = after([resumed, synced(10, 9)]);
    assert.deepEqual(report, { recovered: true, replayed: 0, values: 0, replaced: 0, lost: null });
    assert.equal(sentences(report).values, '0 values came: nothing had changed.');
  });

  test('counts the members of a group, and the end of a State', () => {
    const removed = { seq: 13, type: 'CHAIN_UPDATE', timestamp: TIMESTAMP, key: 'a', removed: true, reason: 'cleared' };
    const report = after([resumed, pnl(11, 1, { group: 12 }), event(12, 9, { group: 12 }), removed, synced(13, 12)]);
    assert.deepEqual(report, { recovered: true, replayed: 1, values: 2, replaced: 0, lost: null });
  });

  test('says what was declared lost, and then not what was replaced: a GAP covers both', () => {
    const report = after([resumed, gap, pnl(15), event(21, 20), synced(21, 21)]);
    assert.deepEqual(report, { recovered: true, replayed: 1, values: 1, replaced: null, lost: { upTo: 9, why: 'evicted' } });
    assert.equal(sentences(report).values, '1 value came.');
    assert.equal(sentences(report).lost, 'Up to 9 events are lost: the page was away for too long.');
  });

  test('says that the place was not known, and then that nobody knows how much is lost', () => {
    const unknown = { type: 'GAP', from: null, to: null, reason: 'unknown', lastLog: 1 };
    const report = after([connected({ epoch: OTHER_EPOCH }), unknown, event(2, 1), pnl(3), synced(3, 2, OTHER_EPOCH)]);
    assert.deepEqual(report, { recovered: false, replayed: 1, values: 1, replaced: null, lost: { upTo: null, why: 'unknown' } });
    assert.equal(sentences(report).lost, 'Events may be lost: the server began anew.');
  });

  test('counts State that a RESET sends anew, and compares no positions then', () => {
    const report = after([resumed, pnl(11), { type: 'RESET', reason: 'evicted' }, pnl(2), event(12, 9), synced(12, 12)]);
    assert.deepEqual(report, { recovered: true, replayed: 1, values: 1, replaced: null, lost: null });
  });

  test('counts nothing twice when the connection is given up on the way', () => {
    const lossy = [resumed, event(11, 9), pnl(12), event(15, 14)];
    const again = [connected({ recovered: true, after: `${EPOCH}-11`, lastLog: 11 }), pnl(12), event(14, 11), event(15, 14), synced(16, 15)];
    assert.deepEqual(after(lossy, again), { recovered: true, replayed: 3, values: 1, replaced: 2, lost: null });
    assert.deepEqual(after([resumed, event(11, 9)], again).replayed, 3, 'also when it was cut');
  });
});

describe('another user', () => {
  test('starts anew: State, cursor and proof', () => {
    const device = begun(connected(), pnl(1), event(2, 0), synced(2, 2));
    device.begin();
    const effects = device.receive(connected({ userId: 'bob', epoch: OTHER_EPOCH }));
    assert.equal(effects[0].newUser, true);
    assert.equal(device.fold.get('PNL_UPDATE'), undefined);
    assert.equal(device.cursor, null);
    assert.equal(device.userId, 'bob');
    assert.deepEqual(feed(device, event(1, 0)), ['log 1']);
  });
});

describe('back-off', () => {
  test('doubles with jitter, between 1 s and 30 s', () => {
    assert.equal(backOff(0, 0), BACK_OFF_MIN);
    assert.equal(backOff(0, 1), 2_000);
    assert.equal(backOff(2, 0), 4_000);
    assert.equal(backOff(2, 1), 8_000);
    for (let attempt = 0; attempt < 2_000; attempt += 7) {
      for (const chance of [0, 0.3, 0.999]) {
        const wait = backOff(attempt, chance);
        assert.ok(wait >= BACK_OFF_MIN && wait <= BACK_OFF_MAX, `${attempt}: ${wait}`);
      }
    }
    assert.equal(backOff(1_000, 1), BACK_OFF_MAX);
  });

  test('close codes say whether to come back', () => {
    for (const code of [1000, 1001, 1006, 3000, 3005, 3499, 4000, null]) assert.ok(comesBack(code), String(code));
    for (const code of [3500, 3503, 3504, 3999]) assert.ok(!comesBack(code), String(code));
  });
});

/** A client on fake links; time passes only when told. */
function harness({ session = 'valid', staysAway = false } = {}) {
  const world = {
    time: 0, timers: new Set(), links: [], statuses: [], reasons: [], cuts: [], session, staysAway,
    get link() { return world.links.at(-1); },
    send(...frames) { for (const frame of frames) world.link.onFrame(JSON.stringify(frame)); },
    close(code = 1006, refused = false) { world.link.onClosed({ code, refused }); },
    pass(milliseconds) {
      const end = world.time + milliseconds;
      for (;;) {
        const next = [...world.timers].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        world.timers.delete(next);
        world.time = next.at;
        next.then();
      }
      world.time = end;
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
  world.client = new Client(
    {
      openLink(transport, resume, handlers) {
        const link = { transport, resume, closed: false, ...handlers, close: () => (link.closed = true) };
        world.links.push(link);
        return link;
      },
      checkSession: async () => world.session,
      staysAway: async () => world.staysAway,
      clock: {
        now: () => world.time,
        after(milliseconds, then) {
          const timer = { at: world.time + Math.max(0, milliseconds), then };
          world.timers.add(timer);
          return () => world.timers.delete(timer);
        },
      },
      random: () => 0,
    },
    {
      onStatus: (status, reason) => { world.statuses.push(status); world.reasons.push(reason); },
      onEffects: () => {},
      onCut: (until) => world.cuts.push(until),
    },
  );
  world.client.start();
  return world;
}

describe('client', () => {
  test('goes from connecting over syncing to live', () => {
    const world = harness();
    assert.equal(world.client.status, 'connecting');
    world.send(connected());
    assert.equal(world.client.status, 'syncing');
    world.send(pnl(1), synced(1));
    assert.equal(world.client.status, 'live');
    world.send({ type: 'RESET', reason: 'evicted' });
    assert.equal(world.client.status, 'syncing');
    world.send(pnl(1), synced(1));
    assert.equal(world.client.status, 'live');
  });

  test('comes back with its cursor after a cut', () => {
    const world = harness();
    world.send(connected(), synced(4));
    world.close();
    assert.equal(world.client.status, 'reconnecting');
    world.pass(BACK_OFF_MIN - 1);
    assert.equal(world.links.length, 1);
    world.pass(1);
    assert.equal(world.links.length, 2);
    assert.equal(world.link.resume, `${EPOCH}-4`);
  });

  test('waits longer each time, until it was live again', async () => {
    const world = harness();
    for (const wait of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      world.close();
      await world.settle();
      const links = world.links.length;
      world.pass(wait - 1);
      assert.equal(world.links.length, links, `${wait}`);
      world.pass(1);
      assert.equal(world.links.length, links + 1, `${wait}`);
    }
    world.send(connected(), synced(1));
    world.close();
    world.pass(1_000);
    assert.equal(world.link.closed, false);
    assert.equal(world.links.length, 8);
  });

  test('does not come back before retryAfterMs, not even when nudged', () => {
    const world = harness();
    world.send(connected(), synced(1), { type: 'CLOSING', code: 1001, reason: 'shutting down', reconnect: true, retryAfterMs: 7_000 });
    assert.ok(world.link.closed);
    world.client.nudge();
    world.pass(6_999);
    assert.equal(world.links.length, 1);
    world.pass(1);
    assert.equal(world.links.length, 2);
  });

  test('stays away when told to, by CLOSING and by the close code', () => {
    const told = harness();
    told.send(connected(), synced(1), { type: 'CLOSING', code: 3503, reason: 'signed out', reconnect: false, retryAfterMs: null });
    assert.equal(told.client.status, 'stopped');
    assert.equal(told.reasons.at(-1), 'signed out');
    told.pass(120_000);
    assert.equal(told.links.length, 1);

    const coded = harness();
    coded.send(connected(), synced(1));
    coded.close(3500);
    assert.equal(coded.client.status, 'stopped');
    coded.client.nudge();
    coded.pass(120_000);
    assert.equal(coded.links.length, 1);
  });

  test('asks for the session when a connection cannot be opened, or has expired', async () => {
    const refused = harness({ session: 'ended' });
    refused.close();
    await refused.settle();
    assert.equal(refused.client.status, 'stopped');

    const expired = harness({ session: 'ended' });
    expired.send(connected(), synced(1), { type: 'CLOSING', code: 3005, reason: 'session expired', reconnect: true, retryAfterMs: 0 });
    await expired.settle();
    assert.equal(expired.client.status, 'stopped');

    const unreachable = harness({ session: 'unreachable' });
    unreachable.close();
    await unreachable.settle();
    unreachable.pass(BACK_OFF_MIN);
    assert.equal(unreachable.links.length, 2);
  });

  test('stays away when the answer was for good although the session is valid', async () => {
    const world = harness({ staysAway: true });
    world.close(null, true);
    await world.settle();
    assert.equal(world.client.status, 'stopped');
    world.pass(120_000);
    assert.equal(world.links.length, 1);
  });

  test('gives a connection up after 2.5 heartbeats without anything', () => {
    const world = harness();
    world.send(connected({ heartbeat: 10 }), synced(1));
    world.pass(24_000);
    world.send(heartbeat(1));
    world.pass(24_999);
    assert.equal(world.client.status, 'live');
    world.pass(1);
    assert.equal(world.client.status, 'reconnecting');
    assert.ok(world.link.closed);
  });

  test('does not wait for heartbeats that were not announced', () => {
    const world = harness();
    world.send(connected({ heartbeat: null }), synced(1));
    world.pass(3_600_000);
    assert.equal(world.client.status, 'live');
  });

  test('comes back at once when nudged, and only when it is away', () => {
    const world = harness();
    world.send(connected(), synced(1));
    world.client.nudge();
    world.pass(0);
    assert.equal(world.links.length, 1);
    world.close();
    world.client.nudge();
    world.pass(0);
    assert.equal(world.links.length, 2);
  });

  test('changes the transport with its cursor', () => {
    const world = harness();
    world.send(connected(), synced(3));
    world.client.useTransport('sse');
    assert.ok(world.links[0].closed);
    world.pass(0);
    assert.deepEqual([world.link.transport, world.link.resume], ['sse', `${EPOCH}-3`]);
    world.links[0].onFrame(JSON.stringify(pnl(9)));
    assert.equal(world.client.device.fold.get('PNL_UPDATE'), undefined, 'the old link is not heard');
  });

  test('stays cut for as long as it was asked to, whatever happens, and comes back with its cursor', () => {
    const world = harness();
    world.send(connected(), synced(4));
    world.client.cut(5_000);
    assert.ok(world.link.closed);
    assert.equal(world.client.status, 'reconnecting');
    world.links[0].onFrame(JSON.stringify(pnl(9)));
    world.pass(2_000);
    world.client.nudge();
    world.client.useTransport('sse');
    world.pass(2_999);
    assert.equal(world.links.length, 1);
    world.pass(1);
    assert.deepEqual([world.link.transport, world.link.resume], ['sse', `${EPOCH}-4`]);
    assert.deepEqual(world.cuts, [5_000, null]);
  });

  test('comes back at once when the cut is mended, unless the server asked for more', () => {
    const world = harness();
    world.send(connected(), synced(4));
    world.client.mend();
    world.client.cut(60_000);
    world.pass(1_000);
    world.client.mend();
    world.pass(0);
    assert.equal(world.links.length, 2);
    assert.deepEqual(world.cuts, [60_000, null]);

    world.send(connected(), synced(4), { type: 'CLOSING', code: 1001, reason: '', reconnect: true, retryAfterMs: 7_000 });
    world.client.cut(5_000);
    world.client.mend();
    world.pass(6_999);
    assert.equal(world.links.length, 2);
    world.pass(1);
    assert.equal(world.links.length, 3);
  });

  test('is not cut any more once it is signed out', () => {
    const world = harness();
    world.send(connected(), synced(4));
    world.client.cut(5_000);
    world.client.stop();
    assert.deepEqual(world.cuts, [5_000, null]);
    world.client.cut(5_000);
    world.pass(60_000);
    assert.equal(world.links.length, 1);
  });

  test('comes back from what it has when a loss is proved', () => {
    const world = harness();
    world.send(connected(), event(1, 0), synced(2, 1), event(9, 5));
    assert.equal(world.client.status, 'reconnecting');
    world.pass(BACK_OFF_MIN);
    assert.equal(world.link.resume, `${EPOCH}-1`);
  });

  test('gives up a connection whose frame cannot be read', () => {
    const world = harness();
    world.send(connected(), synced(1));
    world.link.onFrame('{"seq":2');
    assert.equal(world.client.status, 'reconnecting');
  });

  test('starts as a new device after another sign-in', () => {
    const world = harness();
    world.send(connected(), pnl(1), synced(1));
    world.client.stop();
    assert.ok(world.link.closed);
    world.client.start();
    assert.equal(world.link.resume, null);
    assert.equal(world.client.device.fold.get('PNL_UPDATE'), undefined);
  });
});
