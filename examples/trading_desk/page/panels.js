// @ts-check
// The panels that show one State each: Ginie, circuit breaker, modes, system.

import { byId, element, setData, setGain, setText, setValue } from './dom.js';
import * as format from './format.js';

/** @import { GinieStatusPayload, ModeStatusPayload } from '../../../clients/typescript/dist/trading.js' */
/** @import { Desk, EventTypes } from './user-hub.js' */

/**
 * @typedef {object} Panel
 * @property {keyof EventTypes} type  what it shows
 * @property {(desk: Desk) => void} render  at most once a frame of the screen
 * @property {() => void} [forget]  somebody else sits here now
 */

/** @type {Panel} */
export const giniePanel = {
  type: 'GINIE_STATUS_UPDATE',
  render(desk) {
    const status = desk.state('GINIE_STATUS_UPDATE')?.status ?? null;
    const node = byId('ginie-running');
    setValue(node, status && (status.isRunning ? 'Running' : 'Stopped'));
    setData(node, 'running', status ? String(status.isRunning) : 'unknown');
    setData(byId('ginie-lamp'), 'tone', status ? (status.isRunning ? 'good' : 'off') : 'unknown');
    byId('ginie-dry-run').hidden = !status?.isDryRun;
    setValue(byId('ginie-mode'), format.words(status?.currentMode));
    setValue(byId('ginie-positions'), status && `${format.count(status.activePositions)} in ${format.count(status.totalModes)} modes`);
    setGain(
      byId('ginie-daily'),
      status && status.dailyPnL,
      status && `${format.gain(status.dailyPnL)} in ${format.count(status.dailyTrades)} ${status.dailyTrades === 1 ? 'trade' : 'trades'}`,
    );
    setValue(byId('ginie-signal'), status && lastSignal(status));
    setValue(byId('ginie-breaker'), status && (status.circuitBreakerActive ? 'Holding it back' : 'Not tripped'));
    byId('ginie-breaker').classList.toggle('loss', status?.circuitBreakerActive === true);
  },
};

/** @param {GinieStatusPayload} status */
function lastSignal({ lastSignalSymbol, lastSignalDirection, lastSignalTime }) {
  const parts = [format.words(lastSignalDirection), lastSignalSymbol, format.clockTime(lastSignalTime)];
  return parts.filter(Boolean).join(' ') || 'None yet';
}

/** @type {Record<string, string>} */
const PHASE_TONE = { closed: 'good', open: 'bad', half_open: 'warn' };

/** @type {Panel} */
export const breakerPanel = {
  type: 'CIRCUIT_BREAKER_UPDATE',
  render(desk) {
    const state = desk.state('CIRCUIT_BREAKER_UPDATE')?.state ?? null;
    const phase = state && state.phase;
    const node = byId('breaker-phase');
    setValue(node, format.words(phase));
    setData(node, 'phase', phase ?? 'unknown');
    setData(byId('breaker-lamp'), 'tone', phase === null ? 'unknown' : (PHASE_TONE[phase] ?? 'warn'));
    const reason = byId('breaker-reason');
    reason.hidden = !state?.isTriggered || !state.triggerReason;
    setText(reason, state?.triggerReason ?? '');
    setValue(byId('breaker-losses'), format.count(state?.consecutiveLosses));
    setValue(byId('breaker-daily-loss'), format.amount(state?.dailyLoss));
    setValue(byId('breaker-trips'), format.count(state?.tripCount));
    const resetTime = state?.isTriggered ? state.resetTime : null;
    setText(byId('breaker-time-label'), resetTime ? 'Resets at' : 'Last tripped');
    setValue(byId('breaker-time'), state && (format.clockTime(resetTime ?? state.lastTrippedAt) ?? 'Never'));
  },
};

const MODES = ['ultra', 'scalp', 'swing', 'position'];

/** @implements {Panel} */
export class ModePanel {
  /** @readonly */
  type = 'MODE_STATUS_UPDATE';
  #list = byId('mode-rows');
  #rows = MODES.map((mode) => ({ mode, update: this.#row(mode) }));

  /** @param {Desk} desk */
  render(desk) {
    for (const { mode, update } of this.#rows) update(desk.state('MODE_STATUS_UPDATE', mode)?.status ?? null);
  }

  /** @param {string} mode */
  #row(mode) {
    const lamp = element('span', { class: 'lamp', 'aria-hidden': 'true' });
    const status = element('span', { class: 'mode-status' });
    const capital = element('span', { class: 'number' });
    const positions = element('span', { class: 'mode-positions muted' });
    const reason = element('span', { class: 'mode-reason' });
    const node = element(
      'li',
      { 'data-testid': 'mode-row', 'data-mode': mode },
      lamp,
      element('span', { class: 'mode-name' }, format.words(mode) ?? mode),
      status,
      capital,
      positions,
      reason,
    );
    this.#list.append(node);
    return (/** @type {ModeStatusPayload | null} */ known) => {
      setData(lamp, 'tone', modeTone(known));
      setValue(status, known && format.words(known.status));
      setText(reason, known?.pausedReason ?? '');
      setText(capital, known ? (format.amount(known.allocatedCapital) ?? '\u2013') : '');
      setText(positions, known ? `${format.count(known.activePositions)} open` : '');
    };
  }
}

/** @param {ModeStatusPayload | null} known */
function modeTone(known) {
  if (known === null) return 'unknown';
  if (known.status === 'error') return 'bad';
  if (!known.enabled) return 'off';
  return known.pausedReason || known.status === 'paused' || known.status === 'cooldown' ? 'warn' : 'good';
}

const PARTS = /** @type {const} */ ([
  ['binanceConnected', 'Binance', 'Up', 'Down'],
  ['databaseConnected', 'Database', 'Up', 'Down'],
  ['redisConnected', 'Redis', 'Up', 'Down'],
  ['apiHealthy', 'API', 'Healthy', 'Ailing'],
]);

/** @implements {Panel} */
export class SystemPanel {
  /** @readonly */
  type = 'SYSTEM_STATUS_UPDATE';
  #parts = PARTS.map(([field, name, good, bad]) => {
    const lamp = element('span', { class: 'lamp', 'aria-hidden': 'true' });
    const value = element('span', { class: 'part-value' });
    byId('system-rows').append(element('li', { 'data-part': field }, lamp, element('span', {}, name), value));
    return { field, lamp, value, good, bad };
  });

  /** @param {Desk} desk */
  render(desk) {
    const status = desk.state('SYSTEM_STATUS_UPDATE')?.status ?? null;
    for (const { field, lamp, value, good, bad } of this.#parts) {
      const healthy = status && status[field];
      setData(lamp, 'tone', healthy === null ? 'unknown' : healthy ? 'good' : 'bad');
      setValue(value, healthy === null ? null : healthy ? good : bad);
      value.classList.toggle('loss', healthy === false);
    }
    setText(byId('system-devices'), status ? `${format.count(status.websocketClients)} connected` : '');
    setValue(byId('system-started'), status && `Running since ${format.fullTime(status.startedAt)}`);
  }
}
