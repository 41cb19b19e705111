// @ts-check
// The meter of this connection: records a second, and how long they take from the server to here.

import { Deliveries } from './deliveries.js';
import { byId, setData, setValue } from './dom.js';
import * as format from './format.js';

/** @import { DeskClient } from './user-hub.js' */

export class DeliveryMeter {
  #deliveries = new Deliveries(Date.now());
  #node = byId('meter');

  /** @param {DeskClient} client */
  constructor(client) {
    client.onEffect((effect) => {
      // What comes before SYNCED is as old as it is: a snapshot, or what this page has missed.
      if (client.synced && 'record' in effect) this.#deliveries.note(effect.record.timestamp, Date.now());
    });
  }

  /** Called about once a second. */
  show() {
    const measured = this.#deliveries.measure(Date.now());
    setValue(byId('meter-rate'), measured && format.perSecond(measured.rate));
    setValue(byId('meter-median'), measured && format.milliseconds(measured.median));
    setValue(byId('meter-p95'), measured && format.milliseconds(measured.p95));
    setData(this.#node, 'rate', measured && measured.rate.toFixed(1));
    setData(this.#node, 'median', measured && String(measured.median));
    setData(this.#node, 'p95', measured && String(measured.p95));
    byId('meter-note').hidden = measured?.behind !== true;
  }

  forget() {
    this.#deliveries = new Deliveries(Date.now());
    this.show();
  }
}
