// @ts-check
// LIFECYCLE_EVENT: what happened, newest first; and where something that happened may be missing here.

import { byId, element, setText } from './dom.js';
import * as format from './format.js';

const ROWS = 100;
const TYPE = 'LIFECYCLE_EVENT';

/** @typedef {{ node: HTMLElement, id: string, isGap: boolean }} Entry */

export class LifecyclePanel {
  types = [TYPE];
  #list = byId('lifecycle-rows');
  #empty = byId('lifecycle-empty');
  /** Newest first, as shown. @type {Entry[]} */
  #entries = [];
  /** @type {Entry[]} */
  #fresh = [];

  /** @param {import('./fold.js').RecordFrame} record */
  log(record) {
    const event = record.data?.event ?? {};
    const id = String(event.id ?? record.seq);
    // A mailbox that was made anew may tell again what it kept; an event has one id for ever.
    if (!this.#has(id)) this.#fresh.push({ id, node: eventRow(id, event), isGap: false });
  }

  /** @param {import('./device.js').Gap} gap */
  gap(gap) {
    // A GAP is told again until the cursor has passed it.
    const id = `gap ${gap.epoch} ${gap.from} ${gap.to}`;
    if (!this.#has(id)) this.#fresh.push({ id, node: gapRow(gap), isGap: true });
  }

  /** @param {import('./panels.js').Desk} desk */
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

/** @param {string} id @param {any} event */
function eventRow(id, event) {
  const pnl = format.number(event.pnl);
  const what = [
    event.quantity != null && format.quantity(event.quantity),
    event.price != null && `at ${format.price(event.price)}`,
    event.reason && String(event.reason),
  ].filter(Boolean);
  return element(
    'li',
    {
      class: 'lifecycle-row',
      'data-testid': 'lifecycle-row',
      'data-event-id': id,
      'data-event-type': String(event.eventType ?? 'unknown'),
    },
    element('time', { title: format.fullTime(event.occurredAt) ?? '' }, format.clockTime(event.occurredAt) ?? '\u2013'),
    element('span', { class: 'event-type', 'data-tone': tone(event) }, format.words(event.eventType) ?? 'unknown'),
    element('span', { class: 'symbol' }, String(event.symbol ?? '')),
    element('span', { class: 'event-what muted' }, what.join(' \u00b7 ')),
    element('span', { class: `event-pnl ${pnl === null ? '' : pnl < 0 ? 'loss' : 'gain'}` }, format.gain(pnl) ?? ''),
  );
}

/** @param {import('./device.js').Gap} gap */
function gapRow({ from, to, reason }) {
  // Positions, of which State has some too: no more than this, and perhaps none.
  const events = from === null || to === null ? null : to - from + 1;
  const sentence =
    events === null
      ? 'Some events may be missing here'
      : `Up to ${format.count(events)} ${events === 1 ? 'event' : 'events'} may be missing here`;
  const why = { evicted: 'too long away', unknown: 'the server began anew', lost: 'lost on the way' }[reason] ?? reason;
  return element(
    'li',
    { class: 'gap-row', 'data-testid': 'gap-row', 'data-reason': reason },
    element('span', {}, sentence),
    element('span', { class: 'gap-why' }, why),
  );
}

const BAD = new Set(['BREAKER_TRIPPED', 'ORDER_REJECTED', 'POSITION_LIQUIDATED', 'SL_HIT']);
const GOOD = new Set(['BREAKER_RESET', 'TP_HIT']);

/** @param {any} event */
function tone({ eventType, pnl }) {
  if (eventType === 'POSITION_CLOSED' && format.number(pnl) !== null) return pnl < 0 ? 'bad' : 'good';
  if (BAD.has(eventType)) return 'bad';
  if (GOOD.has(eventType)) return 'good';
  return eventType === 'POSITION_OPENED' ? 'new' : 'plain';
}
