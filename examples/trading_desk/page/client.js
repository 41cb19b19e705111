// @ts-check
// Drives a Device: opens connections, comes back with the right delay, and stays away when told to.
// It knows no DOM and no socket; links, the clock and chance are given to it.

import { Device } from './device.js';

/** @typedef {'connecting' | 'syncing' | 'live' | 'reconnecting' | 'stopped'} Status */
/** @typedef {'websocket' | 'sse'} Transport */
/** @typedef {{ close(): void }} Link */
/** @typedef {{ code: number | null, refused: boolean }} Closed  refused: the server answered, and it was no stream */
/** @typedef {{ onFrame(text: string): void, onClosed(closed: Closed): void }} LinkHandlers */
/** @typedef {{ now(): number, after(milliseconds: number, then: () => void): () => void }} Clock */
/**
 * @typedef {object} Environment
 * @property {(transport: Transport, resume: string | null, handlers: LinkHandlers) => Link} openLink
 * @property {() => Promise<'valid' | 'ended' | 'unreachable'>} checkSession
 * @property {(transport: Transport, resume: string | null) => Promise<boolean>} [staysAway]
 *   whether a refused request was refused for good although the session itself is valid
 * @property {Clock} [clock]
 * @property {() => number} [random]
 */
/**
 * @typedef {object} Listener
 * @property {(status: Status, reason: string) => void} onStatus
 * @property {(effects: import('./device.js').Effect[]) => void} onEffects
 * @property {(until: number | null) => void} [onCut]  by hand, until this time of the clock; null when that is over
 */

export const BACK_OFF_MIN = 1_000;
export const BACK_OFF_MAX = 30_000;
/** The server may be loading State before its first frame. */
const FIRST_FRAME_WITHIN = 20_000;
const HEARTBEATS_MISSED = 2.5;
const SESSION_EXPIRED = 3005;

/** @type {Clock} */
const SYSTEM_CLOCK = {
  now: () => Date.now(),
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Between half of a doubling ceiling and all of it, so that devices that were cut together do not return together.
 * @param {number} attempt from 0
 * @param {number} chance from 0 to 1
 */
export function backOff(attempt, chance) {
  const ceiling = Math.min(BACK_OFF_MAX, 2 * BACK_OFF_MIN * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}

/** @param {number | null} code a WebSocket close code */
export function comesBack(code) {
  return code === null || code < 3500 || code > 3999;
}

export class Client {
  device = new Device();
  /** @type {Status} */
  status = 'connecting';

  #environment;
  #clock;
  #random;
  #listener;
  /** @type {Transport} */
  #transport;
  /** @type {Link | null} */
  #link = null;
  /** Raised whenever the link changes, so that what an earlier one still says is not heard. */
  #generation = 0;
  #running = false;
  #attempt = 0;
  /** The server asked not to be called before this time. */
  #notBefore = 0;
  /** Somebody here has cut the connection until this time. @type {number | null} */
  #cutUntil = null;
  #heard = 0;
  #silence = FIRST_FRAME_WITHIN;
  #connected = false;
  /** @type {(() => void) | null} */
  #cancelRetry = null;
  /** @type {(() => void) | null} */
  #cancelWatch = null;

  /**
   * @param {Environment} environment
   * @param {Listener} listener
   * @param {Transport} [transport]
   */
  constructor(environment, listener, transport = 'websocket') {
    this.#environment = environment;
    this.#clock = environment.clock ?? SYSTEM_CLOCK;
    this.#random = environment.random ?? Math.random;
    this.#listener = listener;
    this.#transport = transport;
  }

  /** Starts as a new device: what an earlier user had is forgotten. */
  start() {
    this.#leave();
    this.#setCut(null);
    this.device = new Device();
    this.#running = true;
    this.#attempt = 0;
    this.#notBefore = 0;
    this.#setStatus('connecting');
    this.#connect();
  }

  /** @param {string} [reason] */
  stop(reason = '') {
    this.#leave();
    this.#running = false;
    this.#setCut(null);
    this.device = new Device();
    this.#setStatus('stopped', reason);
  }

  /** @param {Transport} transport */
  useTransport(transport) {
    if (transport === this.#transport) return;
    this.#transport = transport;
    if (!this.#running) return;
    this.#leave();
    this.#attempt = 0;
    this.#setStatus('reconnecting');
    this.#retryAfter(0);
  }

  /** The network or the user is back: no reason to wait any longer, unless the server asked for it. */
  nudge() {
    if (!this.#running || this.#cancelRetry === null) return;
    this.#attempt = 0;
    this.#retryAfter(0);
  }

  /**
   * Closes the connection, and keeps it closed for a while. All else is as with a cut that nobody wanted.
   * @param {number} milliseconds
   */
  cut(milliseconds) {
    if (!this.#running) return;
    this.#leave();
    this.#attempt = 0;
    this.#setCut(this.#clock.now() + milliseconds);
    this.#setStatus('reconnecting');
    this.#retryAfter(0);
  }

  /** Ends a cut before its time. */
  mend() {
    if (this.#cutUntil === null) return;
    this.#setCut(null);
    this.#retryAfter(0);
  }

  #connect() {
    this.#connected = false;
    this.#silence = FIRST_FRAME_WITHIN;
    this.#heard = this.#clock.now();
    const generation = ++this.#generation;
    const resume = this.device.begin();
    /** @param {() => void} then */
    const ifCurrent = (then) => generation === this.#generation && then();
    this.#watch();
    this.#link = this.#environment.openLink(this.#transport, resume, {
      onFrame: (text) => ifCurrent(() => this.#receive(text)),
      onClosed: (closed) => ifCurrent(() => this.#closed(closed, resume)),
    });
  }

  /** @param {string} text */
  #receive(text) {
    this.#heard = this.#clock.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      // What it would have said is lost, and the cursor is still before it.
      this.#leave();
      this.#retry();
      return;
    }
    const effects = this.device.receive(frame);
    if (effects.length > 0) this.#listener.onEffects(effects);
    for (const effect of effects) {
      switch (effect.kind) {
        case 'connected':
          this.#connected = true;
          this.#silence = effect.heartbeat === null ? Infinity : effect.heartbeat * 1000 * HEARTBEATS_MISSED;
          this.#watch();
          break;
        case 'syncing':
          this.#setStatus('syncing');
          break;
        case 'synced':
          this.#attempt = 0;
          this.#setStatus('live');
          break;
        case 'closing':
          this.#closing(effect);
          return;
        case 'reconnect':
          this.#leave();
          this.#retry();
          return;
      }
    }
  }

  /** @param {Extract<import('./device.js').Effect, { kind: 'closing' }>} closing */
  #closing({ code, reason, reconnect, retryAfterMs }) {
    if (!reconnect) {
      this.stop(reason || 'This device was disconnected.');
      return;
    }
    this.#leave();
    this.#notBefore = this.#clock.now() + retryAfterMs;
    if (code === SESSION_EXPIRED) this.#retryIfSignedIn(false, null);
    else this.#retry();
  }

  /** @param {Closed} closed @param {string | null} resume */
  #closed({ code, refused }, resume) {
    const answered = this.#connected;
    this.#leave();
    if (!comesBack(code)) this.stop('This device was disconnected.');
    else if (answered && code !== SESSION_EXPIRED) this.#retry();
    // A browser does not say why a connection could not be opened: the session may have ended.
    else this.#retryIfSignedIn(refused, resume);
  }

  /** @param {boolean} refused @param {string | null} resume */
  async #retryIfSignedIn(refused, resume) {
    const generation = this.#generation;
    this.#setStatus('reconnecting');
    const session = await this.#environment.checkSession();
    if (generation !== this.#generation) return;
    if (session === 'ended') {
      this.stop('Your session has ended. Sign in again.');
      return;
    }
    if (session === 'valid' && refused && (await this.#environment.staysAway?.(this.#transport, resume))) {
      if (generation === this.#generation) this.stop('This device was disconnected.');
      return;
    }
    if (generation === this.#generation) this.#retry();
  }

  #retry() {
    this.#setStatus('reconnecting');
    this.#retryAfter(backOff(this.#attempt++, this.#random()));
  }

  /** @param {number} milliseconds */
  #retryAfter(milliseconds) {
    this.#cancelRetry?.();
    const wait = Math.max(milliseconds, Math.max(this.#notBefore, this.#cutUntil ?? 0) - this.#clock.now());
    this.#cancelRetry = this.#clock.after(wait, () => {
      this.#cancelRetry = null;
      this.#setCut(null);
      this.#connect();
    });
  }

  /** One timer that looks again, instead of one that every frame sets anew. */
  #watch() {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    if (this.#silence === Infinity) return;
    const left = this.#heard + this.#silence - this.#clock.now();
    if (left > 0) {
      this.#cancelWatch = this.#clock.after(left, () => this.#watch());
      return;
    }
    this.#leave();
    this.#retry();
  }

  #leave() {
    this.#generation++;
    this.#cancelRetry?.();
    this.#cancelWatch?.();
    this.#cancelRetry = this.#cancelWatch = null;
    const link = this.#link;
    this.#link = null;
    link?.close();
  }

  /** @param {number | null} until */
  #setCut(until) {
    if (until === this.#cutUntil) return;
    this.#cutUntil = until;
    this.#listener.onCut?.(until);
  }

  /** @param {Status} status @param {string} [reason] */
  #setStatus(status, reason = '') {
    if (status === this.status && reason === '') return;
    this.status = status;
    this.#listener.onStatus(status, reason);
  }
}
