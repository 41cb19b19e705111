// How fast records come: node --test

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Deliveries, WINDOW } from './deliveries.js';

const START = Date.parse('2026-11-22T23:59:39.000Z');
const stamp = (milliseconds) => new Date(START + milliseconds).toISOString();

/** Records that were sent every 100 ms and took so long each, and the moment after the last. */
function deliveries(latencies) {
  const all = new Deliveries(START);
  latencies.forEach((latency, at) => all.note(stamp(at * 100), START + at * 100 + latency));
  return all;
}

test('nothing is known before a record has come', () => {
  assert.equal(new Deliveries(START).measure(START + 1000), null);
});

test('rate, median and 95th percentile are of what came', () => {
  const latencies = Array.from({ length: 100 }, (_, at) => at + 1);
  assert.deepEqual(deliveries(latencies).measure(START + 10_000), { rate: 10, median: 50, p95: 95, behind: false });
});

test('one record is median and 95th percentile at once', () => {
  assert.deepEqual(deliveries([7]).measure(START + 500), { rate: 1, median: 7, p95: 7, behind: false });
});

test('what came more than half a minute ago is forgotten, and the rate is of the time since', () => {
  const all = deliveries([500]);
  all.note(stamp(WINDOW), START + WINDOW + 3);
  const { rate, median } = all.measure(START + WINDOW + 1000);
  assert.deepEqual({ rate: Math.round(rate * WINDOW / 1000), median }, { rate: 1, median: 3 });
  assert.equal(all.measure(START + 3 * WINDOW), null);
});

test('a clock that is behind shows latency from the fastest record, and says so', () => {
  assert.deepEqual(deliveries([-5000, -4990, -4900]).measure(START + 1000), { rate: 3, median: 10, p95: 100, behind: true });
});

test('a timestamp that is none is no record', () => {
  const all = new Deliveries(START);
  for (const timestamp of ['', 'yesterday', undefined]) all.note(timestamp, START);
  assert.equal(all.measure(START + 1), null);
});

test('a storm does not fill the memory of the page, and its rate stays right', () => {
  const all = new Deliveries(START);
  for (let at = 0; at < 100_000; at += 1) all.note(stamp(at / 10), START + at / 10);
  const { rate } = all.measure(START + 10_000);
  assert.ok(Math.abs(rate - 10_000) < 100, `${rate}`);
});
