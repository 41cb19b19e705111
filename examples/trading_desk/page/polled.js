// @ts-check
// What an ordinary request brings while the connection is gone, in the shape of what the client has: panels show either.

import { Fold } from './user-hub.js';

/** @import { AnyRecord, Desk } from './user-hub.js' */

/** @param {AnyRecord[]} records @returns {Desk} */
export function polledDesk(records) {
  const fold = new Fold();
  for (const record of records) fold.apply(record);
  const desk = {
    fold,
    synced: true,
    state: (/** @type {string} */ type, /** @type {string | undefined} */ key) => fold.get(type, key)?.data,
    states: (/** @type {string} */ type) => new Map([...fold.all(type)].map(([key, record]) => [key, record.data])),
  };
  return /** @type {any} */ (desk);
}
