// What is said of an absence, against frames as a hub sends them: node --test

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Device } from '../../../clients/typescript/dist/device.js';
import { Absence, sentences } from './absence.js';
import { EPOCH, TIMESTAMP, chain, connected, event, heartbeat, pnl, synced } from './frames.mjs';

const OTHER_EPOCH = '00000000000000bb';
const CURSOR = `${EPOCH}-10`;
const resumed = connected({ recovered: true, after: CURSOR, lastLog: 9 });
const gap = { type: 'GAP', from: 11, to: 20, reason: 'evicted', lastLog: 20 };

/** Cuts a device at 10, feeds it what follows, and answers the report. */
function after(...connections) {
  const device = new Device();
  device.begin();
  for (const frame of [connected(), event(9, 0), synced(10, 9)]) device.receive(frame);
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

test('an absence is what was replayed, what came, and, from the two cursors, what was replaced', () => {
  const report = after([resumed, event(13, 9), pnl(17), chain(18, 'a', 'closed', { final: true }), event(19, 13), synced(20, 19)]);
  assert.deepEqual(report, { recovered: true, replayed: 2, values: 2, replaced: 6, lost: null });
  assert.deepEqual(sentences(report), {
    place: 'The server knew where this page had been.',
    events: '2 events were replayed.',
    values: '2 values came, 6 older ones in between were replaced.',
    lost: 'Nothing was lost.',
  });
});

test('an absence is told when everything is here, and not before', () => {
  assert.equal(after([resumed, event(13, 9), heartbeat(13, 13)]), null);
});

test('an absence may be nothing', () => {
  const report = after([resumed, synced(10, 9)]);
  assert.deepEqual(report, { recovered: true, replayed: 0, values: 0, replaced: 0, lost: null });
  assert.equal(sentences(report).values, '0 values came: nothing had changed.');
});

test('an absence counts the members of a group, and the end of a State', () => {
  const removed = { seq: 13, type: 'CHAIN_UPDATE', timestamp: TIMESTAMP, key: 'a', removed: true, reason: 'cleared' };
  const report = after([resumed, pnl(11, 1, { group: 12 }), event(12, 9, { group: 12 }), removed, synced(13, 12)]);
  assert.deepEqual(report, { recovered: true, replayed: 1, values: 2, replaced: 0, lost: null });
});

test('an absence says what was declared lost, and then not what was replaced: a GAP covers both', () => {
  const report = after([resumed, gap, pnl(15), event(21, 20), synced(21, 21)]);
  assert.deepEqual(report, { recovered: true, replayed: 1, values: 1, replaced: null, lost: { upTo: 9, why: 'evicted' } });
  assert.equal(sentences(report).values, '1 value came.');
  assert.equal(sentences(report).lost, 'Up to 9 events are lost: the page was away for too long.');
});

test('an absence says that no more is lost than a GAP covers', () => {
  const report = after([resumed, { ...gap, from: 10 }, pnl(25), synced(30, 20)]);
  assert.deepEqual(report.lost, { upTo: 11, why: 'evicted' });
});

test('an absence says that the place was not known, and then that nobody knows how much is lost', () => {
  const unknown = { type: 'GAP', from: null, to: null, reason: 'unknown', lastLog: 1 };
  const report = after([connected({ epoch: OTHER_EPOCH }), unknown, event(2, 1), pnl(3), synced(3, 2, OTHER_EPOCH)]);
  assert.deepEqual(report, { recovered: false, replayed: 1, values: 1, replaced: null, lost: { upTo: null, why: 'unknown' } });
  assert.equal(sentences(report).lost, 'Events may be lost: the server began anew.');
});

test('an absence counts State that a RESET sends anew, and compares no positions then', () => {
  const report = after([resumed, pnl(11), { type: 'RESET', reason: 'evicted' }, pnl(2), event(12, 9), synced(12, 12)]);
  assert.deepEqual(report, { recovered: true, replayed: 1, values: 1, replaced: null, lost: null });
});

test('an absence counts nothing twice when the connection is given up on the way', () => {
  const lossy = [resumed, event(11, 9), pnl(12), event(15, 14)];
  const again = [connected({ recovered: true, after: `${EPOCH}-11`, lastLog: 11 }), pnl(12), event(14, 11), event(15, 14), synced(16, 15)];
  assert.deepEqual(after(lossy, again), { recovered: true, replayed: 3, values: 1, replaced: 2, lost: null });
  assert.deepEqual(after([resumed, event(11, 9)], again).replayed, 3, 'also when it was cut');
});
