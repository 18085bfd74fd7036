import { makeComposer } from './composer.js';
import { button, h, icon, label, write } from './dom.js';
import { makeHeader } from './header.js';
import { makeThread } from './thread.js';

/** On small screens the panel covers the page. */
const SMALL = matchMedia('(max-width: 480px)');
/** Focusing a text field there would throw up the keyboard. */
const TOUCH = matchMedia('(pointer: coarse)');

/** The dialog beside the bubble. @type {import('./types.js').MakePanel} */
export const makePanel = (kit) => {
  const { shell, chat, say, tab } = kit;
  const { root, host, bubble } = shell;
  /** Where focus came from. @type {Element | null} */
  let opener = null;
  let isOpen = false;
  let told = '';
  /** @type {HTMLElement[]} */
  let held = [];

  const header = makeHeader(kit);
  const thread = makeThread(kit);
  const composer = makeComposer(kit);
  const dismiss = () => {
    chat.notice = '';
    chat.changed();
    panel.settle();
  };
  const sentence = h('span');
  const cross = button('dismiss', { class: 'tool', onclick: dismiss }, icon('dismiss'));
  const notice = h('div', { class: 'notice', role: 'status', 'data-fd': 'notice' }, sentence, cross);
  const onfresh = () => {
    panel.settle();
    chat.fresh();
  };
  const fresh = button('fresh', { onclick: onfresh });
  const hush = h('div', { class: 'hush', role: 'status', 'data-fd': 'announcer' });
  const node = h(
    'section',
    { class: 'panel', role: 'dialog', 'aria-labelledby': 'fd-title', 'data-fd': 'panel', hidden: true },
    header.node,
    thread.node,
    notice,
    fresh,
    composer.node,
  );
  root.append(node, hush);
  composer.tray.watch(node);

  /** Reads out what the eye would see elsewhere. @param {string} text */
  const tell = (text) => {
    if (text !== told) hush.textContent = text;
    told = text;
  };

  /** Covers what the keyboard leaves free. The page behind stands still, and Tab does not go there. */
  const fit = () => {
    const covering = isOpen && SMALL.matches;
    const { height, offsetTop } = window.visualViewport ?? { height: innerHeight, offsetTop: 0 };
    node.ariaModal = `${covering}`;
    if (host.hasAttribute('covering') !== covering) {
      host.toggleAttribute('covering', covering);
      for (const element of held) element.inert = false;
      const others = /** @type {HTMLElement[]} */ ([...document.body.children]).filter((element) => element !== host && !element.inert);
      held = covering ? others : [];
      for (const element of held) element.inert = true;
    }
    document.documentElement.style.overflow = covering ? 'hidden' : '';
    node.style.height = covering ? `${height}px` : '';
    node.style.top = covering ? `${offsetTop}px` : '';
  };

  node.addEventListener('keydown', (event) => {
    // What is typed here is not a shortcut of the page.
    event.stopPropagation();
    // The browser closes an open menu, wherever the focus is.
    if (event.key === 'Escape' && !event.isComposing && !node.querySelector(':popover-open')) panel.close();
  });
  document.addEventListener('visibilitychange', () => thread.following && panel.seen());
  SMALL.addEventListener('change', fit);
  for (const type of ['resize', 'scroll']) window.visualViewport?.addEventListener(type, fit);

  /** @type {import('./types.js').Panel} */
  const panel = {
    get isOpen() {
      return isOpen;
    },
    render() {
      header.render();
      thread.render();
      composer.render();
      notice.hidden = !chat.notice;
      write(sentence, say(chat.notice));
      label(cross, say('dismiss'));
      fresh.hidden = chat.status.owner !== 'closed';
      fresh.replaceChildren(icon('fresh'), say('fresh'));
      const count = isOpen ? 0 : chat.unread;
      const news = count ? say('unread', { count }) : '';
      const name = say(isOpen ? 'close' : 'open');
      shell.show({ open: isOpen, unread: count, label: news ? `${name}, ${news}` : name });
      tell(chat.outbox.entries.some(({ state }) => state === 'failed') ? say('failed') : news);
    },
    open(draft, quiet) {
      // A link that is pressed again says nothing new.
      if (draft && !composer.area.value.startsWith(draft)) composer.join(draft);
      if (!isOpen) {
        opener = document.activeElement;
        isOpen = true;
        node.hidden = false;
        tab.set('open', true);
        fit();
        composer.fit();
        thread.follow();
        panel.render();
      }
      if (!quiet) panel.settle();
    },
    close() {
      const inside = root.activeElement;
      isOpen = false;
      node.hidden = true;
      tab.remove('open');
      fit();
      panel.render();
      const back = opener instanceof HTMLElement && opener.isConnected && opener !== host && opener !== document.body;
      if (inside) (back ? /** @type {HTMLElement} */ (opener) : bubble).focus();
    },
    settle() {
      const calm = TOUCH.matches && root.activeElement !== composer.area;
      (calm ? thread.scroller : composer.area).focus({ preventScroll: true });
    },
    seen() {
      if (isOpen && !document.hidden) chat.markRead();
    },
    draft(text) {
      composer.join(text);
    },
    edit(id) {
      const entry = chat.outbox.drop(id);
      if (entry) composer.join(entry.text, entry.files);
      composer.area.focus();
    },
    clear: composer.clear,
  };
  return panel;
};
