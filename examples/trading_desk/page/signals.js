// @ts-check
// SIGNAL_UPDATE: the pending signals, one row each, with the time that is left.

import { byId, element, setData, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Rows } from './rows.js';

/** @import { Panel } from './panels.js' */
/** @import { Row } from './rows.js' */
/** @import { Desk, DeskClient, EventTypes } from './user-hub.js' */

const TYPE = 'SIGNAL_UPDATE';
const SOON = 15_000;

/** @typedef {EventTypes['SIGNAL_UPDATE']['data']} Data */

/** @implements {Panel} */
export class SignalPanel {
  /** @readonly */
  type = TYPE;
  #rows = new Rows(byId('signal-rows'), signalRow);
  #count = byId('signal-count');
  #empty = byId('signal-empty');

  /** @param {DeskClient} client */
  constructor(client) {
    client.on(TYPE, (_, record) => {
      if (!record.removed && record.final) this.#rows.finish(record.key, record.data, client.synced);
    });
  }

  /** @param {Desk} desk */
  render(desk) {
    const signals = desk.states(TYPE);
    const unknown = desk.fold.unknown(TYPE);
    this.#rows.render(signals, unknown);
    const pending = signals.size + unknown.size;
    setText(this.#count, pending > 0 ? String(pending) : '');
    this.#empty.hidden = pending > 0;
    setText(this.#empty, desk.synced ? 'No pending signals.' : 'unknown');
  }

  forget() {
    this.#rows.forget();
  }
}

/**
 * @param {string} id
 * @returns {Row<Data>}
 */
function signalRow(id) {
  const symbol = element('span', { class: 'symbol' });
  const direction = element('span', { class: 'side' });
  const mode = element('span', { class: 'muted' });
  const left = element('span', { class: 'left' });
  const meter = element('span', { class: 'meter', 'aria-hidden': 'true' }, element('span'));
  const confidence = element('span', { class: 'confidence-value' });
  const entry = element('dd');
  const stop = element('dd');
  const target = element('dd');
  const node = element(
    'li',
    { class: 'signal-row', 'data-testid': 'signal-row', 'data-signal-id': id, title: `Signal ${id}` },
    element('div', { class: 'signal-head' }, symbol, direction, mode, left),
    element('div', { class: 'confidence' }, element('span', { class: 'label' }, 'Confidence'), meter, confidence),
    element(
      'dl',
      { class: 'levels' },
      element('div', {}, element('dt', {}, 'Entry'), entry),
      element('div', {}, element('dt', {}, 'Stop'), stop),
      element('div', {}, element('dt', {}, 'Target'), target),
    ),
  );
  return {
    node,
    update(data) {
      const signal = data?.signal;
      setData(node, 'status', signal?.status ?? 'unknown');
      setValue(symbol, signal?.symbol ?? null);
      setValue(direction, format.words(signal?.direction));
      setData(direction, 'side', signal?.direction ?? null);
      setText(mode, format.words(signal?.mode) ?? '');
      setValue(confidence, signal ? `${Math.round(signal.confidence * 100)}%` : null);
      meter.style.setProperty('--part', String(signal?.confidence ?? 0));
      setValue(entry, format.price(signal?.entryPrice));
      setValue(stop, format.price(signal?.stopLoss));
      setValue(target, format.price(signal?.takeProfit[0]));
      const pending = signal?.status === 'pending';
      setData(left, 'expires', pending ? signal.expiresAt : null);
      left.classList.remove('soon', 'over');
      if (pending) countDown(left);
      else setValue(left, format.words(signal?.status));
    },
  };
}

/** @param {HTMLElement} node */
function countDown(node) {
  const at = format.time(node.dataset.expires);
  const left = at === null ? null : at - Date.now();
  setValue(node, left === null ? null : left > 0 ? format.duration(left) : 'Expired');
  node.classList.toggle('soon', left !== null && left < SOON);
  node.classList.toggle('over', left !== null && left <= 0);
}

/** Called every second: time passes without a frame. */
export function countDownAll() {
  /** @type {NodeListOf<HTMLElement>} */
  const nodes = byId('signal-rows').querySelectorAll('[data-expires]');
  for (const node of nodes) countDown(node);
}
