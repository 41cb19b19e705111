// @ts-check
// LIFECYCLE_EVENT: what happened, newest first; and where something that happened may be missing here.

import { byId, element, setText } from './dom.js';
import * as format from './format.js';

/** @import { LifecycleEventPayload } from '../../../clients/typescript/dist/trading.js' */
/** @import { Panel } from './panels.js' */
/** @import { Desk, DeskClient, Gap } from './user-hub.js' */

const ROWS = 100;
const TYPE = 'LIFECYCLE_EVENT';

/** @typedef {{ node: HTMLElement, id: string, isGap: boolean }} Entry */

/** @implements {Panel} */
export class LifecyclePanel {
  /** @readonly */
  type = TYPE;
  #list = byId('lifecycle-rows');
  #empty = byId('lifecycle-empty');
  /** Newest first, as shown. @type {Entry[]} */
  #entries = [];
  /** @type {Entry[]} */
  #fresh = [];

  /** @param {DeskClient} client */
  constructor(client) {
    client.on(TYPE, ({ event }) => {
      // A mailbox that was made anew may tell again what it kept; an event has one id for ever.
      if (!this.#has(event.id)) this.#fresh.push({ id: event.id, node: eventRow(event), isGap: false });
    });
    client.onGap((gap) => {
      const id = `gap ${gap.from} ${gap.to}`;
      const newest = this.#fresh.at(-1) ?? this.#entries[0];
      // A GAP is told again until something has come after it.
      if (newest?.id !== id) this.#fresh.push({ id, node: gapRow(gap), isGap: true });
    });
  }

  /** @param {Desk} desk */
  render({ synced }) {
    this.#list.prepend(...this.#fresh.reverse().map((entry) => entry.node));
    this.#entries.unshift(...this.#fresh);
    this.#fresh = [];
    const over = this.#entries.splice(ROWS);
    // A return brings more than fits: that something is missing before it must not scroll out unseen.
    const lastGap = over.find((entry) => entry.isGap);
    if (lastGap) this.#entries.push(lastGap);
    for (const entry of over) if (entry !== lastGap) entry.node.remove();
    this.#empty.hidden = this.#entries.length > 0;
    setText(this.#empty, synced ? 'Nothing has happened since this page was opened.' : 'unknown');
  }

  forget() {
    this.#entries = [];
    this.#fresh = [];
    this.#list.replaceChildren();
  }

  /** @param {string} id */
  #has(id) {
    return this.#entries.some((entry) => entry.id === id) || this.#fresh.some((entry) => entry.id === id);
  }
}

/** @param {LifecycleEventPayload} event */
function eventRow(event) {
  const { pnl } = event;
  const what = [
    event.quantity !== null && format.quantity(event.quantity),
    event.price !== null && `at ${format.price(event.price)}`,
    event.reason,
  ].filter(Boolean);
  return element(
    'li',
    {
      class: 'lifecycle-row',
      'data-testid': 'lifecycle-row',
      'data-event-id': event.id,
      'data-event-type': event.eventType,
    },
    element('time', { title: format.fullTime(event.occurredAt) ?? '' }, format.clockTime(event.occurredAt) ?? '\u2013'),
    element('span', { class: 'event-type', 'data-tone': tone(event) }, format.words(event.eventType) ?? 'unknown'),
    element('span', { class: 'symbol' }, event.symbol),
    element('span', { class: 'event-what muted' }, what.join(' \u00b7 ')),
    element('span', { class: `event-pnl ${pnl === null ? '' : pnl < 0 ? 'loss' : 'gain'}` }, format.gain(pnl) ?? ''),
  );
}

/** @param {Gap} gap */
function gapRow({ from, to, reason }) {
  // Positions, of which State has some too: no more than this, and perhaps none.
  const events = from === null || to === null ? null : to - from + 1;
  const sentence =
    events === null
      ? 'Some events may be missing here'
      : `Up to ${format.count(events)} ${events === 1 ? 'event' : 'events'} may be missing here`;
  return element(
    'li',
    { class: 'gap-row', 'data-testid': 'gap-row', 'data-reason': reason },
    element('span', {}, sentence),
    element('span', { class: 'gap-why' }, WHY[reason] ?? reason),
  );
}

/** @type {Record<string, string>} */
const WHY = { evicted: 'too long away', unknown: 'the server began anew', lost: 'lost on the way' };

const BAD = new Set(['BREAKER_TRIPPED', 'ORDER_REJECTED', 'POSITION_LIQUIDATED', 'SL_HIT']);
const GOOD = new Set(['BREAKER_RESET', 'TP_HIT']);

/** @param {LifecycleEventPayload} event */
function tone({ eventType, pnl }) {
  if (eventType === 'POSITION_CLOSED' && pnl !== null) return pnl < 0 ? 'bad' : 'good';
  if (BAD.has(eventType)) return 'bad';
  if (GOOD.has(eventType)) return 'good';
  return eventType === 'POSITION_OPENED' ? 'new' : 'plain';
}
