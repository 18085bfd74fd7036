/** @import { Row } from './types.js' */
import { makeLeave, makeRating } from './cards.js';
import { button, h, icon, label } from './dom.js';
import { makeMessage } from './message.js';
import { timeline } from './timeline.js';

/** This close to the end counts as being there. */
const NEAR = 60;

/**
 * The list of messages: keeps each row's element, and follows the newest unless the customer has scrolled up.
 * @type {import('./types.js').MakeThread}
 */
export const makeThread = (kit) => {
  const { chat, say } = kit;
  /** @type {Map<string, ReturnType<import('./types.js').MakeRow>>} */
  const shown = new Map();
  let mine = '';
  let greeted = '';

  const welcome = h('div', { class: 'welcome', 'data-fd': 'welcome' });
  const list = h('div', { class: 'rows', role: 'log', 'aria-relevant': 'additions', 'data-fd': 'log' });
  const typing = h('div', { class: 'typing', 'data-fd': 'typing' });
  const inner = h('div', { class: 'inner' }, welcome, list, typing);
  const scroller = h('div', { class: 'scroller', tabindex: 0, role: 'region', onscroll: () => scrolled() }, inner);
  const pill = button('pill', { onclick: () => thread.follow(true) });

  /** @param {'starters' | 'choices'} name @param {string[]} titles @param {(title: string, index: number) => void} act */
  const group = (name, titles, act) => {
    const buttons = titles.map((title, index) => {
      const onclick = () => {
        kit.panel.settle();
        act(title, index);
      };
      return h('button', { type: 'button', dir: 'auto', onclick }, title);
    });
    return h('div', { class: 'choices', role: 'group', 'aria-label': say(name), 'data-fd': name }, ...buttons);
  };

  /** @type {import('./types.js').MakeRow} */
  const makeRow = (row) => {
    if (row.kind === 'message') return makeMessage(kit, row);
    if (row.kind === 'rating') return makeRating(kit, row);
    if (row.kind === 'leave') return makeLeave(kit, row);
    if (row.kind === 'choices') {
      const node = group('choices', row.titles, (title, index) => chat.choose({ seq: row.seq, index }, title));
      return { node, update() {} };
    }
    const node = h('div', { class: row.kind, 'data-fd': row.kind, 'data-event': row.event, dir: 'auto' });
    return {
      node,
      update: ({ text }) => (node.textContent = text),
    };
  };

  /** Touches only what differs: a screen reader reads out what is added. @param {Row[]} rows */
  const place = (rows) => {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, { node, gone }] of shown) {
      if (keys.has(key)) continue;
      gone?.();
      node.remove();
      shown.delete(key);
    }
    let next = list.firstChild;
    for (const row of rows) {
      const piece = shown.get(row.key) ?? makeRow(row);
      const now = JSON.stringify(row);
      if (piece.was !== now) piece.update(row);
      shown.set(row.key, Object.assign(piece, { was: now }));
      if (piece.node === next) next = next.nextSibling;
      else list.insertBefore(piece.node, next);
    }
  };

  /** @param {boolean} begun */
  const greet = (begun) => {
    const { welcome: text, starters } = chat.config;
    const topics = begun || !chat.loaded ? [] : starters;
    const now = JSON.stringify([text, topics]);
    if (greeted === now) return;
    greeted = now;
    welcome.replaceChildren(h('div', { class: 'text', dir: 'auto' }, text));
    if (topics.length) welcome.append(group('starters', topics, (topic) => chat.choose({ topic }, topic)));
  };

  const showTyping = () => {
    typing.hidden = !chat.typing;
    const name = chat.typing?.from === 'bot' ? say('assistant') : chat.typing?.name || say('agent');
    typing.replaceChildren(h('span', { class: 'dots', 'aria-hidden': true }, h('i'), h('i'), h('i')), say('typing', { name }));
  };

  const showPill = () => {
    const news = chat.unread ? say('unread', { count: chat.unread }) : '';
    pill.hidden = thread.following;
    pill.replaceChildren(icon('down'), news);
    label(pill, news || say('newest'));
  };

  const scrolled = () => {
    following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
    if (following) kit.panel.seen();
    showPill();
  };

  let following = true;
  /** @type {import('./types.js').Thread} */
  const thread = {
    node: h('div', { class: 'thread' }, scroller, pill),
    scroller,
    get following() {
      return following;
    },
    render() {
      const rows = timeline(kit);
      const newest = rows.findLast((row) => row.kind === 'message' && row.from === 'customer')?.key ?? '';
      scroller.ariaLabel = list.ariaLabel = say('log');
      list.ariaBusy = `${!chat.loaded}`;
      greet(rows.length > 0);
      place(rows);
      showTyping();
      // What the customer just sent is always shown.
      if (following || (newest && newest !== mine)) thread.follow();
      mine = newest;
      showPill();
    },
    follow(smooth) {
      following = true;
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth && !calm ? 'smooth' : 'instant' });
      kit.panel.seen();
    },
  };

  // The panel grows and shrinks (keyboard, long words, late fonts): the end stays in sight.
  const sizes = new ResizeObserver(() => following && thread.follow());
  sizes.observe(scroller);
  sizes.observe(inner);
  return thread;
};
