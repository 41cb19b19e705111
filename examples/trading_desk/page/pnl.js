// @ts-check
// PNL_UPDATE: profit and loss.

import { byId, element, setData, setGain, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Sparkline } from './sparkline.js';

const TYPE = 'PNL_UPDATE';
const MODES = ['ultra', 'scalp', 'swing', 'position'];

export class PnlPanel {
  types = [TYPE];
  #sparkline = new Sparkline(byId('pnl-sparkline'));
  #total = byId('pnl-total');
  /** @type {number | null} */
  #last = null;
  #bars = MODES.map((mode) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' }, element('span'));
    const value = element('span', { class: 'number' });
    byId('pnl-modes').append(element('li', {}, element('span', {}, format.words(mode) ?? mode), bar, value));
    return { mode, bar, value };
  });

  /**
   * Every value is a point of the line, also when several come between two renderings.
   * @param {import('./fold.js').RecordFrame} record
   */
  state(record) {
    this.#sparkline.add(format.number(record.data?.pnl?.totalPnL));
  }

  /** What happens while nothing is received is not a straight line. */
  interrupted() {
    this.#sparkline.add(null);
  }

  /** @param {import('./panels.js').Desk} desk */
  render({ fold }) {
    const pnl = fold.get(TYPE)?.data?.pnl ?? null;
    const total = format.number(pnl?.totalPnL);
    setGain(this.#total, total, format.gain(total));
    setData(this.#total, 'value', total === null ? null : String(total));
    this.#flash(total);
    for (const [id, value] of /** @type {const} */ ([
      ['pnl-daily', pnl?.dailyPnL],
      ['pnl-unrealized', pnl?.unrealizedPnL],
      ['pnl-realized', pnl?.realizedPnL],
    ])) {
      setGain(byId(id), format.number(value), format.gain(value));
    }
    setValue(byId('pnl-win-rate'), format.rate(pnl?.winRate));
    this.#trades(pnl?.tradesCount);
    this.#modes(pnl?.pnlByMode);
    this.#positions(pnl ? pnl.positions : null);
    setText(byId('pnl-time'), format.clockTime(pnl?.timestamp) ?? '');
    this.#sparkline.render();
  }

  forget() {
    this.#sparkline.forget();
    this.#last = null;
  }

  /** @param {number | null} total */
  #flash(total) {
    if (total !== null && this.#last !== null && total !== this.#last) {
      const name = total > this.#last ? 'rises' : 'falls';
      this.#total.classList.remove('rises', 'falls');
      requestAnimationFrame(() => this.#total.classList.add(name));
    }
    this.#last = total;
  }

  /** @param {any} trades */
  #trades(trades) {
    const node = byId('pnl-trades');
    setValue(node, format.count(trades?.total));
    node.title = trades ? `${trades.winning} won, ${trades.losing} lost` : '';
  }

  /** @param {any} byMode */
  #modes(byMode) {
    const most = Math.max(1, ...MODES.map((mode) => Math.abs(format.number(byMode?.[mode]) ?? 0)));
    for (const { mode, bar, value } of this.#bars) {
      const amount = format.number(byMode?.[mode]);
      setGain(value, amount, format.gain(amount));
      bar.classList.toggle('negative', (amount ?? 0) < 0);
      bar.style.setProperty('--part', String(Math.abs(amount ?? 0) / most));
    }
  }

  /** @param {any} positions */
  #positions(positions) {
    const list = byId('pnl-positions');
    if (!Array.isArray(positions) || positions.length === 0) {
      list.replaceChildren(element('li', { class: 'empty' }, Array.isArray(positions) ? 'No open positions.' : 'unknown'));
      return;
    }
    list.replaceChildren(
      ...positions.map((position) => {
        const value = element('span', { class: 'number' });
        const percent = element('span', { class: 'number' });
        const amount = format.number(position?.pnl);
        setGain(value, amount, format.gain(amount));
        setGain(percent, amount, format.percentGain(position?.pnlPercent));
        return element('li', {}, element('span', { class: 'symbol' }, String(position?.symbol ?? 'unknown')), value, percent);
      }),
    );
  }
}
