// @ts-check
// SIGNAL_UPDATE: the pending signals, one row each, with the time that is left.

import { byId, element, setData, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Rows } from './rows.js';

const TYPE = 'SIGNAL_UPDATE';
const SOON = 15_000;

export class SignalPanel {
  types = [TYPE];
  #rows = new Rows(byId('signal-rows'), signalRow);
  #count = byId('signal-count');
  #empty = byId('signal-empty');

  /** @param {import('./panels.js').Desk} desk */
  render({ fold, synced }) {
    const signals = fold.all(TYPE);
    const unknown = fold.unknown(TYPE);
    this.#rows.render(signals, unknown);
    const pending = signals.size + unknown.size;
    setText(this.#count, pending > 0 ? String(pending) : '');
    this.#empty.hidden = pending > 0;
    setText(this.#empty, synced ? 'No pending signals.' : 'unknown');
  }

  /** @param {import('./fold.js').RecordFrame} record @param {boolean} synced */
  finish(record, synced) {
    this.#rows.finish(record, synced);
  }

  forget() {
    this.#rows.forget();
  }
}

/**
 * @param {string} id
 * @returns {import('./rows.js').Row}
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
    update(record) {
      const signal = record?.data?.signal ?? {};
      setData(node, 'status', signal.status ?? 'unknown');
      setValue(symbol, signal.symbol ?? null);
      setValue(direction, format.words(signal.direction));
      setData(direction, 'side', signal.direction ?? null);
      setText(mode, format.words(signal.mode) ?? '');
      setValue(confidence, format.number(signal.confidence) === null ? null : `${Math.round(signal.confidence * 100)}%`);
      meter.style.setProperty('--part', String(format.number(signal.confidence) ?? 0));
      setValue(entry, format.price(signal.entryPrice));
      setValue(stop, format.price(signal.stopLoss));
      setValue(target, format.price(Array.isArray(signal.takeProfit) ? signal.takeProfit[0] : null));
      const pending = signal.status === 'pending';
      setData(left, 'expires', pending ? (signal.expiresAt ?? null) : null);
      if (pending) countDown(left);
      else setValue(left, format.words(signal.status));
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
  for (const node of byId('signal-rows').querySelectorAll('[data-expires]')) countDown(node);
}
