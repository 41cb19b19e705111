// @ts-check
// PNL_UPDATE: profit and loss.

import { byId, element, setData, setGain, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Sparkline } from './sparkline.js';

/** @import { PnLPayload } from '../../../clients/typescript/dist/trading.js' */
/** @import { Panel } from './panels.js' */
/** @import { Desk, DeskClient } from './user-hub.js' */

const TYPE = 'PNL_UPDATE';
const MODES = /** @type {const} */ (['ultra', 'scalp', 'swing', 'position']);

/** @implements {Panel} */
export class PnlPanel {
  /** @readonly */
  type = TYPE;
  #sparkline = new Sparkline(byId('pnl-sparkline', SVGSVGElement));
  #total = byId('pnl-total');
  /** @type {number | null} */
  #last = null;
  #bars = MODES.map((mode) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' }, element('span'));
    const value = element('span', { class: 'number' });
    byId('pnl-modes').append(element('li', {}, element('span', {}, format.words(mode) ?? mode), bar, value));
    return { mode, bar, value };
  });

  /** @param {DeskClient} client */
  constructor(client) {
    // Every value is a point of the line, also when several come between two renderings.
    client.on(TYPE, (data) => this.#sparkline.add(data?.pnl.totalPnL ?? null));
    // What happens while nothing is received is not a straight line.
    client.onStatus(({ state }) => state === 'reconnecting' && this.#sparkline.add(null));
  }

  /** @param {Desk} desk */
  render(desk) {
    const pnl = desk.state(TYPE)?.pnl;
    const total = pnl?.totalPnL ?? null;
    setGain(this.#total, total, format.gain(total));
    setData(this.#total, 'value', total === null ? null : String(total));
    this.#flash(total);
    for (const [id, value] of /** @type {const} */ ([
      ['pnl-daily', pnl?.dailyPnL],
      ['pnl-unrealized', pnl?.unrealizedPnL],
      ['pnl-realized', pnl?.realizedPnL],
    ])) {
      setGain(byId(id), value ?? null, format.gain(value));
    }
    setValue(byId('pnl-win-rate'), format.rate(pnl?.winRate));
    this.#trades(pnl?.tradesCount);
    this.#modes(pnl?.pnlByMode);
    this.#positions(pnl?.positions);
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

  /** @param {PnLPayload['tradesCount'] | undefined} trades */
  #trades(trades) {
    const node = byId('pnl-trades');
    setValue(node, format.count(trades?.total));
    node.title = trades ? `${trades.winning} won, ${trades.losing} lost` : '';
  }

  /** @param {PnLPayload['pnlByMode'] | undefined} byMode */
  #modes(byMode) {
    const most = Math.max(1, ...MODES.map((mode) => Math.abs(byMode?.[mode] ?? 0)));
    for (const { mode, bar, value } of this.#bars) {
      const amount = byMode?.[mode] ?? null;
      setGain(value, amount, format.gain(amount));
      bar.classList.toggle('negative', (amount ?? 0) < 0);
      bar.style.setProperty('--part', String(Math.abs(amount ?? 0) / most));
    }
  }

  /** @param {PnLPayload['positions'] | undefined} positions */
  #positions(positions) {
    const list = byId('pnl-positions');
    if (!positions?.length) {
      list.replaceChildren(element('li', { class: 'empty' }, positions ? 'No open positions.' : 'unknown'));
      return;
    }
    list.replaceChildren(
      ...positions.map(({ symbol, pnl, pnlPercent }) => {
        const value = element('span', { class: 'number' });
        const percent = element('span', { class: 'number' });
        setGain(value, pnl, format.gain(pnl));
        setGain(percent, pnl, format.percentGain(pnlPercent));
        return element('li', {}, element('span', { class: 'symbol' }, symbol), value, percent);
      }),
    );
  }
}
