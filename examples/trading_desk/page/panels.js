// @ts-check
// The panels that show one State each: Ginie, circuit breaker, modes, system.

import { byId, element, setData, setGain, setText, setValue } from './dom.js';
import * as format from './format.js';

/** @typedef {{ fold: import('./fold.js').Fold, synced: boolean }} Desk */
/**
 * @typedef {object} Panel
 * @property {string[]} types
 * @property {(desk: Desk) => void} render
 * @property {(record: import('./fold.js').RecordFrame) => void} [state]
 * @property {(record: import('./fold.js').RecordFrame, synced: boolean) => void} [finish]
 * @property {(record: import('./fold.js').RecordFrame) => void} [log]
 * @property {(gap: import('./device.js').Gap) => void} [gap]
 * @property {() => void} [interrupted]
 * @property {() => void} [forget]
 */

/** @type {Panel} */
export const giniePanel = {
  types: ['GINIE_STATUS_UPDATE'],
  render({ fold }) {
    const status = fold.get('GINIE_STATUS_UPDATE')?.data?.status ?? null;
    const running = typeof status?.isRunning === 'boolean' ? status.isRunning : null;
    const node = byId('ginie-running');
    setValue(node, running === null ? null : running ? 'Running' : 'Stopped');
    setData(node, 'running', running === null ? 'unknown' : String(running));
    setData(byId('ginie-lamp'), 'tone', running === null ? 'unknown' : running ? 'good' : 'off');
    byId('ginie-dry-run').hidden = status?.isDryRun !== true;
    setValue(byId('ginie-mode'), format.words(status?.currentMode));
    setValue(byId('ginie-positions'), status && `${format.count(status.activePositions)} in ${format.count(status.totalModes)} modes`);
    setGain(
      byId('ginie-daily'),
      format.number(status?.dailyPnL),
      status && `${format.gain(status.dailyPnL)} in ${format.count(status.dailyTrades)} trades`,
    );
    setValue(byId('ginie-signal'), status && lastSignal(status));
    const tripped = status?.circuitBreakerActive;
    setValue(byId('ginie-breaker'), typeof tripped === 'boolean' ? (tripped ? 'Holding it back' : 'Not tripped') : null);
    byId('ginie-breaker').classList.toggle('loss', tripped === true);
  },
};

/** @param {any} status */
function lastSignal({ lastSignalSymbol, lastSignalDirection, lastSignalTime }) {
  const parts = [format.words(lastSignalDirection), lastSignalSymbol, format.clockTime(lastSignalTime)];
  return parts.filter(Boolean).join(' ') || 'None yet';
}

/** @type {Record<string, string>} */
const PHASE_TONE = { closed: 'good', open: 'bad', half_open: 'warn' };

/** @type {Panel} */
export const breakerPanel = {
  types: ['CIRCUIT_BREAKER_UPDATE'],
  render({ fold }) {
    const state = fold.get('CIRCUIT_BREAKER_UPDATE')?.data?.state ?? null;
    const phase = typeof state?.phase === 'string' ? state.phase : null;
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
    const resets = state?.isTriggered && state.resetTime;
    setText(byId('breaker-time-label'), resets ? 'Resets at' : 'Last tripped');
    const at = resets ? state.resetTime : state?.lastTrippedAt;
    setValue(byId('breaker-time'), state && (format.clockTime(at) ?? 'Never'));
  },
};

const MODES = ['ultra', 'scalp', 'swing', 'position'];

/** @implements {Panel} */
export class ModePanel {
  types = ['MODE_STATUS_UPDATE'];
  #list = byId('mode-rows');
  /** @type {Map<string, (status: any) => void>} */
  #rows = new Map(MODES.map((mode) => [mode, this.#row(mode)]));

  /** @param {Desk} desk */
  render({ fold }) {
    const modes = fold.all('MODE_STATUS_UPDATE');
    for (const [mode, update] of this.#rows) update(modes.get(mode)?.data?.status ?? null);
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
    return (/** @type {any} */ known) => {
      setData(lamp, 'tone', modeTone(known));
      setValue(status, known && format.words(known.status));
      setText(reason, known?.pausedReason ?? '');
      setText(capital, known ? (format.amount(known.allocatedCapital) ?? '\u2013') : '');
      setText(positions, known ? `${format.count(known.activePositions)} open` : '');
    };
  }
}

/** @param {any} known */
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
  types = ['SYSTEM_STATUS_UPDATE'];
  #parts = PARTS.map(([field, name, good, bad]) => {
    const lamp = element('span', { class: 'lamp', 'aria-hidden': 'true' });
    const value = element('span', { class: 'part-value' });
    byId('system-rows').append(element('li', { 'data-part': field }, lamp, element('span', {}, name), value));
    return { field, lamp, value, good, bad };
  });

  /** @param {Desk} desk */
  render({ fold }) {
    const status = fold.get('SYSTEM_STATUS_UPDATE')?.data?.status ?? null;
    for (const { field, lamp, value, good, bad } of this.#parts) {
      const healthy = status?.[field];
      setData(lamp, 'tone', typeof healthy !== 'boolean' ? 'unknown' : healthy ? 'good' : 'bad');
      setValue(value, typeof healthy !== 'boolean' ? null : healthy ? good : bad);
      value.classList.toggle('loss', healthy === false);
    }
    const devices = format.number(status?.websocketClients);
    setText(byId('system-devices'), devices === null ? '' : `${format.count(devices)} connected`);
    setValue(byId('system-started'), status && `Running since ${format.fullTime(status.startedAt) ?? 'an unknown time'}`);
  }
}
