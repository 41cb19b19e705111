// @ts-check
// A network that can be gone for a while: links through it end, and none opens until it is back. It knows no DOM.

/** @import { Link, LinkHandlers, OpenLink, Transport } from './user-hub.js' */

export class Cut {
  #open;
  #onChange;
  /** The link that is open, and who hears of its end. @type {{ link: Link, handlers: LinkHandlers } | null} */
  #current = null;
  /** When the network is back, in milliseconds since 1970; null while it is there. @type {number | null} */
  #until = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {OpenLink} open  how links are opened while the network is there
   * @param {(until: number | null) => void} onChange  it is gone until then, or it is back
   */
  constructor(open, onChange) {
    this.#open = open;
    this.#onChange = onChange;
  }

  /** How many milliseconds it is still gone for. */
  get left() {
    return this.#until === null ? 0 : Math.max(0, this.#until - Date.now());
  }

  /**
   * For the client, instead of the links of the browser.
   * @param {Transport} transport
   * @param {string | null} resume
   * @param {LinkHandlers} handlers
   * @returns {Link}
   */
  open = (transport, resume, handlers) => {
    if (this.#until !== null) return unreachable(handlers);
    const link = this.#open(transport, resume, handlers);
    this.#current = { link, handlers };
    return link;
  };

  /** @param {number} milliseconds */
  begin(milliseconds) {
    clearTimeout(this.#timer);
    this.#until = Date.now() + milliseconds;
    this.#timer = setTimeout(() => this.mend(), milliseconds);
    this.#onChange(this.#until);
    const current = this.#current;
    this.#current = null;
    current?.link.close();
    // One that the client has left hears nothing any more, and this neither.
    current?.handlers.onClosed(null);
  }

  /** Ends it before its time. */
  mend() {
    if (this.#until === null) return;
    clearTimeout(this.#timer);
    this.#until = null;
    this.#onChange(null);
  }
}

/** A link that cannot be opened, as it is found out: a moment later. @param {LinkHandlers} handlers @returns {Link} */
function unreachable(handlers) {
  const timer = setTimeout(() => handlers.onClosed(null), 0);
  return { close: () => clearTimeout(timer) };
}
