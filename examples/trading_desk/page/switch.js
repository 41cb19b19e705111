// @ts-check
// The switch that cuts the connection for a while, and what is said when it is back.

import { Absence, sentences } from './absence.js';
import { byId, element } from './dom.js';
import * as format from './format.js';

/** @import { Report } from './absence.js' */
/** @import { Cut } from './cut.js' */
/** @import { DeskClient } from './user-hub.js' */

export class CutSwitch {
  #client;
  #switch = byId('cut', HTMLInputElement);
  #duration = byId('cut-duration', HTMLSelectElement);
  #report = byId('cut-report');
  /** @type {Absence | null} */
  #absence = null;

  /** @param {Cut} cut @param {DeskClient} client */
  constructor(cut, client) {
    this.#client = client;
    this.#switch.addEventListener('change', () => {
      if (this.#switch.checked) cut.begin(Number(this.#duration.value) * 1000);
      else cut.mend();
    });
    client.onEffect((effect) => {
      const report = this.#absence?.note(effect);
      if (!report) return;
      this.#absence = null;
      this.#show(report);
    });
  }

  /** @param {boolean} isCut */
  turn(isCut) {
    this.#switch.checked = isCut;
    this.#duration.disabled = isCut;
    if (!isCut) return;
    // One that is cut again before it was back has been away all the time.
    this.#absence ??= new Absence(this.#client.cursor);
    this.#report.replaceChildren();
  }

  forget() {
    this.#absence = null;
    this.#report.replaceChildren();
  }

  /** @param {Report} report */
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
      element('p', { class: 'cut-back' }, `Back at ${format.clockTime(Date.now())}`),
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
