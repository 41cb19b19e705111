// @ts-check
// The form that places an order. The chain that it opens comes back over the stream.

import { post } from './api.js';
import { byId, setText } from './dom.js';
import { toast } from './toast.js';

/** A sensible size a symbol, so that the first order needs no thought. @type {Record<string, string>} */
const QUANTITY = { BTCUSDT: '0.05', ETHUSDT: '0.5', SOLUSDT: '10' };

/** @param {(error: unknown) => void} onFailed */
export function startOrderForm(onFailed) {
  const form = byId('order-form', HTMLFormElement);
  const fields = /** @type {any} */ (form.elements);
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector('[type=submit]'));

  fields.symbol.addEventListener('change', () => {
    setText(byId('order-unit'), fields.symbol.value.replace(/USDT$/, ''));
    fields.quantity.value = QUANTITY[fields.symbol.value] ?? '1';
  });

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      const side = fields.side.value;
      const symbol = fields.symbol.value;
      await post('/api/orders', { symbol, side, quantity: fields.quantity.valueAsNumber, mode: fields.mode.value });
      toast(`${side === 'LONG' ? 'Long' : 'Short'} ${symbol} placed.`, 'done');
    } catch (error) {
      onFailed(error);
    } finally {
      submit.disabled = false;
    }
  });
}
