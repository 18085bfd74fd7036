// The one tag of a host page: draws the bubble, brings in the rest when it is wanted.
//   <script type="module" src="https://HOST/widget/loader.js" async
//     data-accent="#1f5f5b" data-position="left" data-locale="en-GB"></script>
// Any element of the page with `data-frontdesk-open` opens the chat; its value, if any, becomes the draft.

/** @import { Shell, Widget } from './types.js' */

const base = new URL('..', import.meta.url).href;
const prefix = `frontdesk ${base} `;
// A module has no document.currentScript.
const { accent = '', position = '', locale = '', label = 'Open chat', identity } =
  [...document.scripts].find((script) => script.src === import.meta.url)?.dataset ?? {};

// A mail leads here. The code is for us, so it goes from the address before anything else of the page looks.
const [, code = ''] = location.hash.match(/^#frontdesk=([\w-]{20,64})$/) ?? [];
if (code) history.replaceState(history.state, '', location.pathname + location.search);

const STYLE = `
:host { all: initial; --accent: #1f5f5b; --on-accent: #fff; --z: 2147483000; }
@media print { :host { display: none } }
.bubble { all: unset; box-sizing: border-box; position: fixed; z-index: var(--z); inset-block-end: max(20px, env(safe-area-inset-bottom));
  right: max(20px, env(safe-area-inset-right)); width: 60px; height: 60px; border-radius: 50%; cursor: pointer;
  color: var(--on-accent); background: var(--accent); box-shadow: 0 1px 2px #0003, 0 8px 24px -4px #0005;
  display: grid; place-items: center; transition: transform .2s }
:host([left]) :is(.bubble, .sorry) { right: auto; left: max(20px, env(safe-area-inset-left)) }
.bubble:hover { transform: scale(1.06) }
.bubble:active { transform: scale(.96) }
.bubble:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; box-shadow: 0 0 0 3px #fff }
.bubble svg { grid-area: 1 / 1; width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round;
  transition: opacity .18s, transform .25s }
.bubble[aria-expanded=false] svg:last-of-type, .bubble[aria-expanded=true] svg:first-of-type { opacity: 0; transform: rotate(45deg) scale(.6) }
.bubble[aria-busy=true] svg { animation: wait 1s infinite alternate ease-in-out }
.badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; height: 22px; padding: 0 6px; box-sizing: border-box;
  border-radius: 11px; background: #c8322b; color: #fff; font: 600 12px/22px system-ui, sans-serif; text-align: center; box-shadow: 0 0 0 2px #fff }
.badge:empty, .sorry:empty { display: none }
.sorry { position: fixed; z-index: var(--z); inset-block-end: 92px; right: 20px; max-width: 240px; padding: 10px 14px; border-radius: 12px;
  background: #23262d; color: #fff; font: 14px/1.4 system-ui, sans-serif }
:host([covering]) .bubble { display: none }
@keyframes wait { to { opacity: .35 } }
@media (prefers-reduced-motion: reduce) { .bubble, .bubble svg { transition: none; animation: none } }
`;

/** @param {string} d */
function icon(d) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.append(document.createElementNS(space, 'path'));
  svg.firstElementChild?.setAttribute('d', d);
  return svg;
}

/** White or near-black, whichever reads better on the accent. @param {HTMLElement} host */
function paint(host) {
  if (!CSS.supports('color', accent)) return;
  host.style.setProperty('--accent', accent);
  host.style.color = accent;
  const [r, g, b] = (getComputedStyle(host).color.match(/^rgb\((\d+), (\d+), (\d+)/) ?? []).slice(1).map((n) => (+n / 255) ** 2.2);
  host.style.color = '';
  if (r * 0.2126 + g * 0.7152 + b * 0.0722 > 0.2) host.style.setProperty('--on-accent', '#14161a');
}

function start() {
  const host = document.createElement('div');
  host.id = 'frontdesk';
  host.toggleAttribute('left', position === 'left');
  const language = locale || document.documentElement.lang || navigator.language;
  host.lang = language;
  host.dir = /^(ar|dv|fa|he|ps|ur|yi)\b/.test(language) ? 'rtl' : 'ltr';
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const bubble = document.createElement('button');
  const badge = document.createElement('span');
  const sorry = document.createElement('div');
  bubble.type = 'button';
  bubble.ariaHasPopup = 'dialog';
  bubble.className = bubble.dataset.fd = 'bubble';
  badge.className = badge.dataset.fd = 'badge';
  sorry.className = 'sorry';
  sorry.role = 'status';
  bubble.append(icon('M12 3.8c-5 0-8.7 3.3-8.7 7.6 0 2.3 1 4.2 2.7 5.6l-.6 3.4 3.7-1.8c.9.2 1.9.4 2.9.4 5 0 8.7-3.3 8.7-7.6S17 3.8 12 3.8ZM8.4 11.4h.01M12 11.4h.01M15.6 11.4h.01'), icon('M6 9.5l6 6 6-6'), badge);
  root.append(bubble, sorry);

  /** @type {Shell} */
  const shell = {
    base, prefix, host, root, bubble,
    locale: language,
    who: identity,
    show({ open, unread, label }) {
      host.toggleAttribute('open', open);
      bubble.ariaExpanded = String(open);
      bubble.ariaLabel = label;
      badge.textContent = unread ? String(Math.min(unread, 99)) : '';
    },
  };
  shell.show({ open: false, unread: 0, label });

  /** @type {Promise<Widget> | null} */
  let loading = null;
  /** @type {Widget | undefined} */
  let widget;
  const load = () =>
    (loading ??= import('./widget.js')
      .then(({ mount }) => mount(shell))
      .then((mounted) => (widget = mounted))
      .catch((error) => {
        loading = null;
        throw error;
      }));

  /** @param {string} [draft] */
  async function open(draft) {
    bubble.ariaBusy = 'true';
    sorry.textContent = '';
    try {
      (await load()).open(draft);
    } catch {
      sorry.textContent = 'The chat cannot be reached right now. Please try again.';
      setTimeout(() => (sorry.textContent = ''), 6000);
    }
    bubble.ariaBusy = null;
  }
  const close = () => widget?.close();
  const toggle = () => (widget?.isOpen ? close() : void open());
  /** Who the visitor is: a token, what fetches one, or null after signing out. @param {Shell['who']} who */
  const identify = (who) => {
    shell.who = who;
    widget?.identify();
  };
  window.Frontdesk = { open, close, toggle, identify, get isOpen() { return !!widget?.isOpen; } };

  bubble.addEventListener('click', toggle);
  // Whoever points at the bubble will probably press it.
  for (const hint of ['pointerenter', 'focus']) bubble.addEventListener(hint, () => void load().catch(() => {}), { once: true });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('[data-frontdesk-open]');
    if (!link) return;
    event.preventDefault();
    open(link.getAttribute('data-frontdesk-open') || undefined);
  });

  document.body.append(host);
  paint(host);
  if (code) {
    open();
    load().then(({ resume }) => resume(code), () => {});
  }
  try {
    // A conversation, or a chat left open with nothing sent yet.
    if (sessionStorage.getItem(`${prefix}open`) || Object.keys(localStorage).some((key) => key.startsWith(prefix)))
      load().catch(() => {});
  } catch {
    // Storage is forbidden: then nothing is stored.
  }
}

if (!window.Frontdesk) {
  if (document.body) start();
  else document.addEventListener('DOMContentLoaded', start);
}
