import { button, h, icon } from './dom.js';
import { makeFile } from './file.js';
import { makeVotes } from './votes.js';
import { complain } from './words.js';

/** First letters of the first and the last word. @param {string} name */
const initials = (name) => name.replace(/^\s*(\S).*?(?:\s(\S)\S*)?\s*$/su, '$1$2').toUpperCase();

/** The same person has the same colour everywhere. @param {string} name */
const hue = (name) => [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);

/** The chat stays where it is when a link leads away from the shop. @param {HTMLAnchorElement} link */
const outward = (link) => {
  if (link.origin === location.origin) return;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
};

/** What an agent types is text; only its web addresses become links. @param {string} text */
const linked = (text) =>
  text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]'])/).map((part, index) => (index % 2 ? h('a', { href: part }, part) : part));

/**
 * What is wider than the chat scrolls in itself. Where there is something to scroll it has a name and a place among what
 * the Tab key reaches, and only there. The box is around a table, which has to stay one.
 * @param {HTMLElement} words @param {import('./types.js').Say} say
 */
const scrollable = (words, say) => {
  const sizes = new ResizeObserver((changed) => {
    for (const { target } of changed)
      for (const [name, value] of Object.entries({ tabindex: '0', role: 'group', 'aria-label': say('sideways') }))
        if (target.scrollWidth > target.clientWidth) target.setAttribute(name, value);
        else target.removeAttribute(name);
  });
  for (const inner of words.querySelectorAll('pre, table')) {
    const box = h('div', { class: 'wide' });
    inner.replaceWith(box);
    box.append(inner);
    sizes.observe(box);
  }
};

/**
 * One message. Its words change only where its agent changes them; its state is brought up to date.
 * @type {import('./types.js').MakeMessage}
 */
export const makeMessage = (kit, { key, seq: place, from, name, text, html, lang, files = [], at, answer }) => {
  const { chat, say, clock, panel } = kit;
  const time = clock.time(at);
  const words = h('div', { class: 'text', dir: 'auto', lang, title: time });
  const meta = h('div', { class: 'meta' });
  const face = h('div', { class: 'avatar', 'aria-hidden': true }, from === 'bot' ? icon('assistant') : initials(name));
  face.style.setProperty('--hue', `${hue(name)}`);
  // The one place where markup goes in: rendered and sanitised by the server.
  if (from === 'bot' && html != null) words.innerHTML = html.replaceAll('src="/pictures/', `src="${kit.shell.base}pictures/`);
  else words.append(...(from === 'agent' ? linked(text) : [text]));
  words.querySelectorAll('a').forEach(outward);
  scrollable(words, say);
  const shown = files.map((file) => makeFile(kit, file));
  const votes = answer && place ? makeVotes(kit, place) : null;
  const node = h(
    'div',
    { role: 'article', 'data-fd': 'message', 'data-from': from },
    from !== 'customer' && face,
    h(
      'div',
      { class: 'stack' },
      h('div', { class: 'name', 'aria-hidden': true, dir: 'auto' }, name),
      h('span', { class: 'hush' }, `${name}, ${time}`),
      (text || html) && words,
      ...shown,
      votes?.node,
      meta,
    ),
  );
  return {
    node,
    update({ seq, id, state, code, final, first, last, newest, text, amended, vote }) {
      if (amended) {
        const gone = amended === 'deleted';
        if (gone) for (const file of shown) file.remove();
        if (!words.isConnected) meta.before(words);
        words.replaceChildren(...(gone ? [h('i', {}, say('deleted_words'))] : linked(text)));
      }
      if (votes) votes.show(vote);
      Object.assign(node.dataset, { seq, id, state });
      node.className = `row ${from} ${first ? 'first' : ''} ${last ? 'last' : ''} ${newest ? 'newest' : ''} ${amended ?? ''}`;
      if (state === 'failed') {
        const again = final
          ? button('edit', { onclick: () => panel.edit(key) }, say('edit'))
          : button('retry', { onclick: chat.outbox.resume }, say('retry'));
        meta.replaceChildren(`${say('failed')} ${complain(say, code)} `, again);
      } else {
        const moment = h('time', { 'aria-hidden': true, datetime: new Date(at).toISOString() }, time);
        const mark = amended === 'edited' && say('edited_mark');
        meta.replaceChildren(mark || '', moment, h('span', {}, state && say(state), state === 'sent' && icon(state)));
      }
    },
  };
};
