// @ts-check
// Values as people read them. Everything takes what the wire may hold, and gives null for what is not known.

const amounts = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signed = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: 'exceptZero',
});
const quantities = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });
const smallPrices = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {unknown} value @returns {number | null} */
export function number(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** @param {unknown} value @param {Intl.NumberFormat} format */
function formatted(value, format) {
  const known = number(value);
  // A true minus is as wide as the plus, so that columns of signs align.
  return known === null ? null : format.format(known).replace('-', '\u2212');
}

/** @param {unknown} value */
export const amount = (value) => formatted(value, amounts);
/** @param {unknown} value */
export const gain = (value) => formatted(value, signed);
/** @param {unknown} value */
export const quantity = (value) => formatted(value, quantities);
/** @param {unknown} value */
export const count = (value) => formatted(value, counts);
/** @param {unknown} value */
export const price = (value) => formatted(value, Math.abs(Number(value)) < 10 ? smallPrices : amounts);

/** @param {number} rate */
export const perSecond = (rate) => (rate < 10 ? rate.toFixed(1) : counts.format(rate));

/** @param {number} milliseconds */
export const milliseconds = (milliseconds) => `${counts.format(milliseconds)} ms`;

/** @param {unknown} value in percent */
export function percentGain(value) {
  const text = gain(value);
  return text && `${text}%`;
}

/** @param {unknown} value a fraction, as confidence is, or already in percent */
export function rate(value) {
  const known = number(value);
  return known === null ? null : `${(known <= 1 ? known * 100 : known).toFixed(1)}%`;
}

/** Stop loss, take profit, profit and loss: traders read them as letters. */
const LETTERS = /\b(sl|tp|pnl|api)\b/g;

/** @param {unknown} value `half_open`, `TP_HIT` @returns {string | null} `Half open`, `TP hit` */
export function words(value) {
  if (typeof value !== 'string' || value === '') return null;
  const text = value.replaceAll('_', ' ').toLowerCase();
  return capital(text.replace(LETTERS, (letters) => letters.toUpperCase()));
}

/** @param {string} text `alice` @returns {string} `Alice` */
export const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** @param {string} text `signed out` @returns {string} `Signed out.` */
export function sentence(text) {
  const begun = capital(text);
  return begun === '' || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** @param {unknown} value RFC 3339, or milliseconds since 1970 @returns {number | null} */
export function time(value) {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : (number(value) ?? NaN);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** @param {unknown} value */
export function clockTime(value) {
  const at = time(value);
  return at === null ? null : clock.format(at);
}

/** @param {unknown} value */
export function fullTime(value) {
  const at = time(value);
  return at === null ? null : moment.format(at);
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
}
