// @ts-check
// Wires the client to the page: sign-in, badge, panels.

import * as api from './api.js';
import { ChainPanel } from './chains.js';
import { Client } from './client.js';
import { CutSwitch } from './cut.js';
import { byId, setText } from './dom.js';
import * as format from './format.js';
import { LifecyclePanel } from './lifecycle.js';
import { startOrderForm } from './order.js';
import { ModePanel, SystemPanel, breakerPanel, giniePanel } from './panels.js';
import { PnlPanel } from './pnl.js';
import { SignalPanel, countDownAll } from './signals.js';
import { toast } from './toast.js';
import { openLink, staysAway } from './transport.js';

/** @typedef {import('./client.js').Status} Status */
/** @typedef {import('./client.js').Transport} Transport */

const root = document.documentElement;

/** @type {Record<Status, string>} */
const BADGE = {
  connecting: 'Connecting',
  syncing: 'Syncing',
  live: 'Live',
  reconnecting: 'Reconnecting',
  stopped: 'Signed out',
};

/** @type {import('./panels.js').Panel[]} */
const panels = [
  new ChainPanel(act),
  new LifecyclePanel(),
  giniePanel,
  breakerPanel,
  new PnlPanel(),
  new ModePanel(),
  new SystemPanel(),
  new SignalPanel(),
];

// Rendering: once a frame of the screen however many frames arrive, and also in a window that is hidden,
// where the screen has no frames.

/** @type {Set<import('./panels.js').Panel>} */
const changed = new Set();
const HIDDEN_RENDER = 200;
/** @type {(() => void) | null} */
let cancelRender = null;

/** @param {Iterable<import('./panels.js').Panel>} which */
function render(which) {
  for (const panel of which) changed.add(panel);
  if (cancelRender || changed.size === 0) return;
  const screen = requestAnimationFrame(renderNow);
  const timer = setTimeout(renderNow, HIDDEN_RENDER);
  cancelRender = () => {
    cancelAnimationFrame(screen);
    clearTimeout(timer);
  };
}

function renderNow() {
  cancelRender?.();
  cancelRender = null;
  const desk = { fold: client.device.fold, synced: client.device.synced };
  for (const panel of changed) panel.render(desk);
  changed.clear();
}

function forget() {
  for (const panel of panels) panel.forget?.();
  cutSwitch.forget();
  render(panels);
}

// What the client says.

/** @param {import('./device.js').Effect[]} effects */
function onEffects(effects) {
  for (const effect of effects) {
    cutSwitch.note(effect);
    switch (effect.kind) {
      case 'connected':
        if (effect.newUser) forget();
        showUser(effect.userId);
        break;
      case 'cleared':
      case 'synced':
        render(panels);
        break;
      case 'gap':
        for (const panel of panels) {
          if (!panel.gap) continue;
          panel.gap(effect);
          render([panel]);
        }
        break;
      case 'state':
      case 'final':
      case 'removed':
      case 'log':
        onRecord(effect.kind, effect.record);
    }
  }
}

/**
 * @param {'state' | 'final' | 'removed' | 'log'} kind
 * @param {import('./fold.js').RecordFrame} record
 */
function onRecord(kind, record) {
  for (const panel of panels) {
    if (!panel.types.includes(record.type)) continue;
    if (kind === 'state') panel.state?.(record);
    if (kind === 'log') panel.log?.(record);
    if (kind === 'final') panel.finish?.(record, client.device.synced);
    render([panel]);
  }
}

/** @param {Status} status @param {string} reason */
function onStatus(status, reason) {
  root.dataset.connection = status;
  const badge = byId('badge');
  setText(byId('badge-text'), BADGE[status]);
  badge.title = `${BADGE[status]} since ${format.fullTime(new Date().toISOString())}`;
  if (status === 'reconnecting') for (const panel of panels) panel.interrupted?.();
  if (status === 'stopped') showSignIn(reason);
  render(panels);
}

const client = new Client(
  { openLink, checkSession: api.checkSession, staysAway },
  { onEffects, onStatus, onCut: (until) => cutSwitch.onCut(until, client.device.cursor) },
  startTransport(),
);
const cutSwitch = new CutSwitch(client);

// Sign-in.

/** @param {string} [reason] */
function showSignIn(reason = '') {
  root.dataset.view = 'sign-in';
  forget();
  const node = byId('sign-in-reason');
  setText(node, format.sentence(reason));
  node.hidden = reason === '';
}

/** @param {string} user */
function showUser(user) {
  root.dataset.view = 'desk';
  setText(byId('user'), user ? user[0].toUpperCase() + user.slice(1) : '');
  setText(byId('avatar'), user.slice(0, 1).toUpperCase());
  byId('avatar').dataset.user = user;
}

async function start() {
  try {
    const { user, expiresAt } = await api.session();
    showUser(user);
    byId('user').title = `Signed in until ${format.fullTime(expiresAt) ?? 'you sign out'}`;
  } catch (error) {
    if (error instanceof api.RequestFailed && error.status === 401) {
      client.stop();
      return;
    }
    // The server is not there yet: the client goes on trying, and asks for the session again.
    showUser('');
  }
  client.start();
}

for (const button of document.querySelectorAll('.user-choice')) {
  button.addEventListener('click', async () => {
    try {
      await api.signIn(/** @type {HTMLElement} */ (button).dataset.user ?? '');
      await start();
    } catch (error) {
      failed(error);
    }
  });
}

for (const [id, signOut] of /** @type {const} */ ([
  ['sign-out', api.signOut],
  ['sign-out-everywhere', api.signOutEverywhere],
])) {
  byId(id).addEventListener('click', async () => {
    try {
      await signOut();
      client.stop();
      // The server may have said so first; whoever asked for it needs no reason.
      showSignIn();
    } catch (error) {
      failed(error);
    }
  });
}

// Actions.

/** @param {unknown} error */
function failed(error) {
  if (error instanceof api.RequestFailed && error.status === 401) client.stop('Your session has ended. Sign in again.');
  else toast(error instanceof Error ? error.message : String(error));
}

/**
 * @param {string} path
 * @returns {Promise<boolean>} whether the server took it
 */
async function act(path) {
  try {
    await api.post(path);
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-action]'))) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    await act(button.dataset.action ?? '');
    button.disabled = false;
  });
}

startOrderForm(failed);

// Transport.

/** @returns {Transport} */
function startTransport() {
  const wanted = new URLSearchParams(location.search).get('transport') ?? sessionStorage.getItem('transport');
  const transport = wanted === 'sse' ? 'sse' : 'websocket';
  byId('transport').value = transport;
  return transport;
}

byId('transport').addEventListener('change', () => {
  const transport = byId('transport').value;
  sessionStorage.setItem('transport', transport);
  client.useTransport(transport);
});

// The world.

addEventListener('online', () => client.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') client.nudge();
});
setInterval(() => {
  countDownAll();
  cutSwitch.countDown();
}, 1000);
void start();
