// @ts-check
// The switch that cuts the connection for a while, and what is said when it is back.

import { Absence, sentences } from './absence.js';
import { byId, element, setText } from './dom.js';
import * as format from './format.js';

export class CutSwitch {
  #switch = byId('cut');
  #duration = byId('cut-duration');
  #report = byId('cut-report');
  /** When the connection may come back. @type {number | null} */
  #until = null;
  /** @type {Absence | null} */
  #absence = null;

  /** @param {import('./client.js').Client} client */
  constructor(client) {
    this.#switch.addEventListener('change', () => {
      if (this.#switch.checked) client.cut(Number(this.#duration.value) * 1000);
      else client.mend();
    });
  }

  /**
   * @param {number | null} until
   * @param {string | null} cursor
   */
  onCut(until, cursor) {
    this.#until = until;
    this.#switch.checked = until !== null;
    this.#duration.disabled = until !== null;
    if (until !== null) {
      // One that is cut again before it was back has been away all the time.
      this.#absence ??= new Absence(cursor);
      this.#report.replaceChildren();
    }
    this.countDown();
  }

  /** @param {import('./device.js').Effect} effect */
  note(effect) {
    const report = this.#absence?.note(effect);
    if (!report) return;
    this.#absence = null;
    this.#show(report);
  }

  /** Called every second. */
  countDown() {
    const left = this.#until === null ? 0 : Math.ceil((this.#until - Date.now()) / 1000);
    setText(byId('badge-wait'), left > 0 ? ` in ${left} s` : '');
  }

  forget() {
    this.#absence = null;
    this.#report.replaceChildren();
  }

  /** @param {import('./absence.js').Report} report */
  #show(report) {
    const { replayed, values, replaced, lost, recovered } = report;
    const said = sentences(report);
    const node = element(
      'div',
      {
        class: 'cut-told',
        'data-replayed': String(replayed),
        'data-values': String(values),
        'data-replaced': replaced === null ? 'unknown' : String(replaced),
        'data-lost': lost === null ? '0' : String(lost.upTo ?? 'unknown'),
        'data-recovered': String(recovered),
      },
      element('p', { class: 'cut-back' }, `Back at ${format.clockTime(new Date().toISOString())}`),
      line(recovered ? 'good' : 'warn', said.place),
      line(replayed > 0 ? 'good' : 'none', said.events),
      line(values > 0 ? 'good' : 'none', said.values),
      line(lost === null ? 'good' : 'bad', said.lost),
    );
    this.#report.replaceChildren(node);
  }
}

/** @param {string} tone @param {string} sentence */
function line(tone, sentence) {
  return element(
    'p',
    { class: 'cut-line' },
    element('span', { class: 'lamp', 'data-tone': tone, 'aria-hidden': 'true' }),
    element('span', {}, sentence),
  );
}
