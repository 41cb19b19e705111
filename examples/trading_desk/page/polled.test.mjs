// What was polled, in the shape of what the client has: node --test

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chain, pnl } from './frames.mjs';
import { polledDesk } from './polled.js';

test('an answer to a poll is a desk like that of the client', () => {
  const desk = polledDesk([pnl(3, 7), chain(5, 'a', 'active'), chain(6, 'b', 'pending')]);
  assert.equal(desk.synced, true);
  assert.deepEqual(desk.state('PNL_UPDATE'), { pnl: { totalPnL: 7 } });
  assert.deepEqual(desk.state('CHAIN_UPDATE', 'b'), { chain: { chainId: 'b', status: 'pending' } });
  assert.deepEqual([...desk.states('CHAIN_UPDATE').keys()], ['a', 'b']);
  assert.equal(desk.fold.unknown('CHAIN_UPDATE').size, 0);
});

test('nothing is known where the answer has nothing', () => {
  const desk = polledDesk([]);
  assert.equal(desk.state('PNL_UPDATE'), undefined);
  assert.equal(desk.states('CHAIN_UPDATE').size, 0);
});
