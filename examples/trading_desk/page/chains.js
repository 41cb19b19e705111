// @ts-check
// CHAIN_UPDATE: the open chains, one row each.

import { byId, element, setData, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Rows } from './rows.js';

/** @import { Panel } from './panels.js' */
/** @import { Row } from './rows.js' */
/** @import { Desk, DeskClient, EventTypes } from './user-hub.js' */

const TYPE = 'CHAIN_UPDATE';

/** @typedef {EventTypes['CHAIN_UPDATE']['data']} Data */

/** @implements {Panel} */
export class ChainPanel {
  /** @readonly */
  type = TYPE;
  #rows;
  #count = byId('chain-count');
  #empty = byId('chain-empty');

  /** @param {DeskClient} client @param {(path: string) => Promise<boolean>} act */
  constructor(client, act) {
    this.#rows = new Rows(byId('chain-rows'), (chainId) => chainRow(chainId, act));
    client.on(TYPE, (_, record) => {
      if (!record.removed && record.final) this.#rows.finish(record.key, record.data, client.synced);
    });
  }

  /** @param {Desk} desk */
  render(desk) {
    const chains = desk.states(TYPE);
    const unknown = desk.fold.unknown(TYPE);
    this.#rows.render(chains, unknown);
    const open = chains.size + unknown.size;
    setText(this.#count, open > 0 ? String(open) : '');
    this.#empty.hidden = open > 0;
    setText(this.#empty, desk.synced ? 'No open chains. Place an order, or start the autopilot.' : 'unknown');
  }

  forget() {
    this.#rows.forget();
  }
}

/**
 * @param {string} chainId
 * @param {(path: string) => Promise<boolean>} act
 * @returns {Row<Data>}
 */
function chainRow(chainId, act) {
  const symbol = element('span', { class: 'symbol' });
  const side = element('span', { class: 'side' });
  const mode = element('td', { class: 'wide-only muted' });
  const status = element('span', { class: 'status' });
  const meter = element('span', { class: 'meter', 'aria-hidden': 'true' }, element('span'));
  const filled = element('span', { class: 'filled' });
  const quantity = element('td', { class: 'number wide-only' });
  const updated = element('td', { class: 'number wide-only muted' });
  const close = /** @type {HTMLButtonElement} */ (
    element('button', { type: 'button', class: 'button small', 'data-testid': 'close-chain' }, 'Close')
  );
  const node = element(
    'tr',
    { class: 'chain-row', 'data-testid': 'chain-row', 'data-chain-id': chainId, title: `Chain ${chainId}` },
    element('th', { scope: 'row' }, symbol),
    element('td', {}, side),
    mode,
    element('td', {}, status),
    element('td', {}, element('span', { class: 'fill' }, meter, filled)),
    quantity,
    updated,
    element('td', { class: 'action' }, close),
  );
  // After a request the button waits for the chain to move on, or for the request to be refused.
  let asked = false;
  let final = false;
  const settle = () => (close.disabled = asked || final);
  close.addEventListener('click', async () => {
    asked = true;
    settle();
    if (await act(`/api/orders/${encodeURIComponent(chainId)}/close`)) return;
    asked = false;
    settle();
  });

  return {
    node,
    update(data, isFinal) {
      const chain = data?.chain;
      const is = chain?.status ?? 'unknown';
      if (node.dataset.status !== is) asked = false;
      setData(node, 'status', is);
      setText(symbol, chain?.symbol ?? chainId);
      setValue(side, format.words(chain?.side));
      setData(side, 'side', chain?.side ?? null);
      setValue(mode, chain ? (format.words(chain.mode) ?? '\u2013') : null);
      setValue(status, format.words(chain?.status));
      setData(status, 'status', is);
      const orders = chain?.orders ?? [];
      const done = orders.filter((order) => order.status === 'FILLED').length;
      setValue(filled, chain ? `${done}/${orders.length}` : null);
      meter.style.setProperty('--part', String(orders.length > 0 ? done / orders.length : 0));
      // The first order enters; those after it only protect what it has bought.
      setValue(quantity, format.quantity(orders[0]?.quantity));
      setValue(updated, format.clockTime(chain?.updatedAt));
      // It cannot be closed any more, or already is on its way.
      final = isFinal || is === 'closing';
      settle();
      close.setAttribute('aria-label', `Close ${chain ? `${chain.side} ${chain.symbol}` : `chain ${chainId}`}`);
    },
  };
}
