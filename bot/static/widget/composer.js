import { button, h, icon, label, write } from './dom.js';
import { makeTray } from './tray.js';

/** The counter shows when fewer characters than this are left. */
const CLOSE = 200;

/** Where the customer writes. The draft outlives a change of page. @type {import('./types.js').MakeComposer} */
export const makeComposer = (kit) => {
  const { chat, say, tab } = kit;
  const left = h('div', { class: 'left', id: 'fd-left', role: 'status', 'data-fd': 'counter' });
  const send = button('send', { type: 'submit' }, icon('send'));
  const area = h('textarea', {
    rows: 1,
    dir: 'auto',
    'data-fd': 'input',
    enterkeyhint: 'send',
    'aria-describedby': 'fd-left',
    oninput() {
      if (area.value.trim()) chat.tell();
      changed();
    },
    /** @param {KeyboardEvent} event */
    onkeydown(event) {
      // An Enter that ends an input-method composition is not a send.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      submit();
    },
  });
  area.value = tab.get('draft') ?? '';

  // Counted like the server does: an emoji is one character.
  const room = () => chat.config.max_text - [...area.value.trim()].length;

  const changed = () => {
    tab.set('draft', area.value);
    composer.render();
    composer.fit();
  };

  const submit = () => {
    const text = area.value.trim();
    if (send.disabled) return;
    composer.fill('');
    area.focus();
    chat.send(text, '', tray.take());
  };

  const tray = makeTray(kit, () => composer.render());

  /** @param {Event} event */
  const onsubmit = (event) => {
    event.preventDefault();
    submit();
  };

  /** @type {import('./types.js').Composer} */
  const composer = {
    area,
    tray,
    node: h('form', { class: 'composer', onsubmit }, ...tray.nodes, left, h('div', { class: 'field' }, ...tray.tools, area, send)),
    fill(draft) {
      area.value = draft;
      changed();
    },
    join(text, files = []) {
      tray.put(files);
      composer.fill([text, area.value].filter((part) => part.trim()).join('\n'));
    },
    clear() {
      tray.clear();
      composer.fill('');
      tab.remove('draft');
    },
    fit() {
      area.style.height = 'auto';
      area.style.height = `${area.scrollHeight}px`;
    },
    render() {
      const count = room();
      area.placeholder = `${say('write')}…`;
      area.ariaLabel = say('write');
      area.ariaInvalid = `${count < 0}`;
      send.disabled = !(area.value.trim() || tray.full) || tray.busy || count < 0;
      tray.render();
      label(send, say('send'));
      write(left, count < 0 ? say('over', { count: -count }) : count < CLOSE ? say('left', { count }) : '');
    },
  };
  return composer;
};
