// @ts-check
// The line of a value as this page has seen it. Where the page saw nothing, the line is broken.

const POINTS = 240;
/** Fewer than this do not yet fill the width. */
const FILLS_FROM = 24;
const SVG = 'http://www.w3.org/2000/svg';

export class Sparkline {
  #svg;
  #line = document.createElementNS(SVG, 'path');
  #area = document.createElementNS(SVG, 'path');
  #zero = document.createElementNS(SVG, 'path');
  /** @type {(number | null)[]} null is a break */
  #values = [];

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.#svg = svg;
    this.#area.setAttribute('class', 'sparkline-area');
    this.#zero.setAttribute('class', 'sparkline-zero');
    this.#line.setAttribute('class', 'sparkline-line');
    svg.append(this.#area, this.#zero, this.#line);
  }

  /** @param {number | null} value */
  add(value) {
    if (value === null && (this.#values.at(-1) ?? null) === null) return;
    this.#values.push(value);
    if (this.#values.length > POINTS) this.#values.shift();
  }

  forget() {
    this.#values = [];
  }

  render() {
    const seen = this.#values.filter((value) => value !== null);
    const low = Math.min(...seen);
    const high = Math.max(...seen);
    const span = high - low || 1;
    const y = (/** @type {number} */ value) => (92 - ((value - low) / span) * 84).toFixed(2);
    // New values come in at the right edge.
    const right = Math.max(FILLS_FROM, this.#values.length) - 1;
    const first = right + 1 - this.#values.length;
    this.#svg.setAttribute('viewBox', `0 0 ${right} 100`);
    let line = '';
    let area = '';
    /** @type {number | null} */
    let begun = null;
    this.#values.forEach((value, index) => {
      const x = first + index;
      if (value === null) {
        if (begun !== null) area += `L${x - 1} 100L${begun} 100Z`;
        begun = null;
        return;
      }
      const at = `${begun === null ? 'M' : 'L'}${x} ${y(value)}`;
      if (begun === null) begun = x;
      line += at;
      area += at;
    });
    if (begun !== null) area += `L${right} 100L${begun} 100Z`;
    this.#line.setAttribute('d', line);
    this.#area.setAttribute('d', area);
    this.#zero.setAttribute('d', seen.length > 0 && low < 0 && high > 0 ? `M0 ${y(0)}H${right}` : '');
    const rise = (seen.at(-1) ?? 0) - (seen[0] ?? 0);
    this.#svg.dataset.trend = seen.length < 2 ? 'flat' : rise < 0 ? 'down' : 'up';
  }
}
