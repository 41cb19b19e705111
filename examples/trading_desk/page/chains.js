// @ts-check
// CHAIN_UPDATE: the open chains, one row each.

import { byId, element, setData, setText, setValue } from './dom.js';
import * as format from './format.js';
import { Rows } from './rows.js';

const TYPE = 'CHAIN_UPDATE';

/** @typedef {import('./panels.js').Desk} Desk */

export class ChainPanel {
  types = [TYPE];
  #rows;
  #count = byId('chain-count');
  #empty = byId('chain-empty');

  /** @param {(path: string) => Promise<boolean>} act */
  constructor(act) {
    this.#rows = new Rows(byId('chain-rows'), (chainId) => chainRow(chainId, act));
  }

  /** @param {Desk} desk */
  render({ fold, synced }) {
    const chains = fold.all(TYPE);
    const unknown = fold.unknown(TYPE);
    this.#rows.render(chains, unknown);
    const open = chains.size + unknown.size;
    setText(this.#count, open > 0 ? String(open) : '');
    this.#empty.hidden = open > 0;
    setText(this.#empty, synced ? 'No open chains. Place an order, or start the autopilot.' : 'unknown');
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
 * @param {string} chainId
 * @param {(path: string) => Promise<boolean>} act
 * @returns {import('./rows.js').Row}
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
    update(record) {
      const chain = record?.data?.chain ?? {};
      const name = format.words(chain.status);
      const wire = typeof chain.status === 'string' ? chain.status : 'unknown';
      if (node.dataset.status !== wire) asked = false;
      setData(node, 'status', wire);
      setText(symbol, chain.symbol ?? chainId);
      setValue(side, format.words(chain.side));
      setData(side, 'side', chain.side ?? null);
      setValue(mode, record ? (format.words(chain.mode) ?? '\u2013') : null);
      setValue(status, name);
      setData(status, 'status', wire.toLowerCase());
      const orders = Array.isArray(chain.orders) ? chain.orders : null;
      const done = orders?.filter((/** @type {any} */ order) => String(order?.status).toLowerCase() === 'filled').length ?? 0;
      setValue(filled, orders && `${done}/${orders.length}`);
      meter.style.setProperty('--part', String(orders?.length ? done / orders.length : 0));
      // The first order enters; those after it only protect what it has bought.
      setValue(quantity, format.quantity(orders?.[0]?.quantity));
      setValue(updated, format.clockTime(chain.updatedAt));
      // It cannot be closed any more, or already is on its way.
      final = record?.final === true || wire === 'closing';
      settle();
      close.setAttribute('aria-label', `Close ${chain.side ?? ''} ${chain.symbol ?? `chain ${chainId}`}`);
    },
  };
}
