import { makeChat } from './chat.js';
import { makePanel } from './panel.js';
import { makeShelf } from './shelf.js';
import { makeClock, makeSay } from './words.js';

/**
 * Builds the panel into the loader's shadow root and takes up a stored conversation.
 * @param {import('./types.js').Shell} shell
 * @returns {Promise<import('./types.js').Widget>}
 */
export async function mount(shell) {
  const { base, prefix, root, locale } = shell;
  // A constructed sheet: the host page's policy need not allow inline style.
  const style = await fetch(new URL('widget.css', import.meta.url));
  if (!style.ok) throw new Error(`widget.css: ${style.status}`);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await style.text());
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const chat = makeChat(base, makeShelf('localStorage', prefix), locale, () => kit.panel.render(), () => shell.who, () => kit.panel.clear());
  const say = makeSay(() => chat.config.texts);
  const tab = makeShelf('sessionStorage', prefix);
  const kit = /** @type {import('./types.js').Kit} */ ({ shell, chat, say, clock: makeClock(locale, say), tab });
  kit.panel = makePanel(kit);
  kit.panel.render();
  chat.start();
  // The customer went on to another page of the shop. A covering panel would hide it, so that one stays closed.
  if (tab.get('open') && innerWidth > 480) kit.panel.open('', true);
  return Object.assign(kit.panel, { identify: chat.identify, resume: chat.resume });
}
