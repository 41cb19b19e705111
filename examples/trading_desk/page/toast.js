// @ts-check
// Short notices that block nothing.

import { byId, element } from './dom.js';

const SHOWN_FOR = 6_000;
const AT_MOST = 4;

/**
 * @param {string} sentence
 * @param {'error' | 'done'} [tone]
 */
export function toast(sentence, tone = 'error') {
  const dismiss = element('button', { type: 'button', class: 'toast-dismiss', 'aria-label': 'Dismiss' }, '\u00d7');
  const shown = element('div', { class: `toast ${tone}`, 'data-testid': 'toast' }, element('p', {}, sentence), dismiss);
  const remove = () => shown.remove();
  dismiss.addEventListener('click', remove);
  const toasts = byId('toasts');
  toasts.append(shown);
  while (toasts.childElementCount > AT_MOST) toasts.firstElementChild?.remove();
  setTimeout(remove, SHOWN_FOR);
}
