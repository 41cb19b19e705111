// @ts-check
// Wires the client to the page: badge, panels, sign-in, buttons.

import * as api from './api.js';
import { ChainPanel } from './chains.js';
import { Cut } from './cut.js';
import { byId, setText } from './dom.js';
import * as format from './format.js';
import { LifecyclePanel } from './lifecycle.js';
import { DeliveryMeter } from './meter.js';
import { startOrderForm } from './order.js';
import { ModePanel, SystemPanel, breakerPanel, giniePanel } from './panels.js';
import { PnlPanel } from './pnl.js';
import { polledDesk } from './polled.js';
import { SignalPanel, countDownAll } from './signals.js';
import { CutSwitch } from './switch.js';
import { toast } from './toast.js';
import { Client, browserLinks, pollWhileOffline } from './user-hub.js';

/** @import { Panel } from './panels.js' */
/** @import { Desk, DeskClient, Status, Transport } from './user-hub.js' */

const root = document.documentElement;

const cut = new Cut(browserLinks({ websocket: '/ws', sse: '/events' }), (until) => {
  cutSwitch.turn(until !== null);
  showBadge();
  if (until === null) client.reconnect();
});

/** @type {DeskClient} */
const client = new Client({ transport: startTransport(), session: api.checkSession, open: cut.open });
const cutSwitch = new CutSwitch(cut, client);
const meter = new DeliveryMeter(client);

/** What a request brought last while the connection is gone for long, and when. @type {{ desk: Desk, at: number } | null} */
let polled = null;
/** Whose desk is shown. */
let user = '';

// Panels: each is rendered once a frame of the screen, however many frames arrive, and also in a window that is hidden,
// where the screen has no frames. Not in the middle of a batch that brings the page up to date: what belongs together
// is together at its end.

/** @type {Panel[]} */
const panels = [
  new ChainPanel(client, act),
  new LifecyclePanel(client),
  giniePanel,
  breakerPanel,
  new PnlPanel(client),
  new ModePanel(),
  new SystemPanel(),
  new SignalPanel(client),
];
for (const panel of panels) client.on(panel.type, () => render([panel]));

/** @type {Set<Panel>} */
const changed = new Set();
const HIDDEN_RENDER = 200;
/** @type {(() => void) | null} */
let cancelRender = null;

/** @param {Iterable<Panel>} which */
function render(which) {
  for (const panel of which) changed.add(panel);
  if (cancelRender || changed.size === 0) return;
  const screen = requestAnimationFrame(renderWhole);
  const timer = setTimeout(renderWhole, HIDDEN_RENDER);
  cancelRender = () => {
    cancelAnimationFrame(screen);
    clearTimeout(timer);
  };
}

function renderWhole() {
  cancelRender?.();
  cancelRender = null;
  // Whatever ends the batch is a new status, which renders all panels.
  if (client.status.state !== 'syncing') renderNow();
}

function renderNow() {
  for (const panel of changed) panel.render(polled?.desk ?? client);
  changed.clear();
}

function forget() {
  for (const panel of panels) panel.forget?.();
  cutSwitch.forget();
  meter.forget();
  // At once, whatever else is under way: it is another user's now.
  for (const panel of panels) changed.add(panel);
  renderNow();
}

// Status.

/** @type {Record<Status['state'], string>} */
const BADGE = {
  connecting: 'Connecting',
  syncing: 'Syncing',
  live: 'Live',
  reconnecting: 'Reconnecting',
  stopped: 'Signed out',
};

function showBadge() {
  const { state, since } = client.status;
  setText(byId('badge-text'), polled ? 'Polling' : BADGE[state]);
  setText(byId('badge-more'), state === 'stopped' ? '' : sinceWhen(since));
  byId('badge').title = state === 'stopped' ? '' : `${BADGE[state]} since ${format.fullTime(since)}`;
}

/** @param {number} since */
function sinceWhen(since) {
  if (polled) return `, as of ${format.clockTime(polled.at)}`;
  const left = Math.ceil(cut.left / 1000);
  return left > 0 ? ` in ${left} s` : ` since ${format.clockTime(since)}`;
}

/** @param {Status} status */
function showStatus(status) {
  root.dataset.connection = status.state;
  if (status.state === 'live' || status.state === 'stopped') polled = null;
  if (status.state === 'stopped') {
    cut.mend();
    showSignIn(farewell(status));
  } else if (client.userId !== null && client.userId !== user) {
    forget();
    showUser(client.userId);
  }
  showBadge();
  render(panels);
}

client.onStatus(showStatus);
client.onGap(() => render(panels));

pollWhileOffline(client, {
  poll: api.state,
  show(answer) {
    // Another tab may have signed in as somebody else meanwhile.
    if (answer.user !== user) return;
    polled = { desk: polledDesk(answer.records), at: Date.now() };
    showBadge();
    render(panels);
  },
});

// Sign-in.

/** What to say to somebody whose desk was closed. @param {Status} status */
function farewell({ reason, code }) {
  if (reason !== '') return format.sentence(reason);
  return code === null ? '' : 'This device was disconnected.';
}

/** @param {string} reason */
function showSignIn(reason) {
  root.dataset.view = 'sign-in';
  forget();
  const node = byId('sign-in-reason');
  setText(node, reason);
  node.hidden = reason === '';
}

/** @param {string} name */
function showUser(name) {
  root.dataset.view = 'desk';
  user = name;
  setText(byId('user'), format.capital(name));
  setText(byId('avatar'), name.slice(0, 1).toUpperCase());
  byId('avatar').dataset.user = name;
}

async function start() {
  try {
    const session = await api.session();
    showUser(session.user);
    byId('user').title = `Signed in until ${format.fullTime(session.expiresAt) ?? 'you sign out'}`;
  } catch (error) {
    if (error instanceof api.RequestFailed && error.status === 401) {
      showStatus(client.status);
      return;
    }
    // The server is not there yet: the client goes on trying, and asks for the session again.
    showUser('');
  }
  client.start();
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.user-choice'))) {
  button.addEventListener('click', async () => {
    try {
      await api.signIn(button.dataset.user ?? '');
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
      showSignIn('');
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
  byId('transport', HTMLSelectElement).value = transport;
  return transport;
}

byId('transport').addEventListener('change', () => {
  const transport = byId('transport', HTMLSelectElement).value === 'sse' ? 'sse' : 'websocket';
  sessionStorage.setItem('transport', transport);
  client.useTransport(transport);
});

// Time passes without a frame, too.

setInterval(() => {
  countDownAll();
  showBadge();
  meter.show();
}, 1000);
void start();
