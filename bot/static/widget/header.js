import { button, h, icon, label, write } from './dom.js';
import { standing } from './timeline.js';

/** Whose chat this is, who is there, and what can be done. @type {import('./types.js').MakeView} */
export const makeHeader = (kit) => {
  const { chat, say } = kit;
  const title = h('h2', { id: 'fd-title', dir: 'auto' });
  const status = h('p', { role: 'status', 'data-fd': 'status' });
  const close = button('close', { class: 'tool', onclick: () => kit.panel.close() }, icon('close'));
  const more = button('menu', { class: 'tool', popovertarget: 'fd-menu' }, icon('more'));

  /** @param {string} name @param {() => void} act */
  const item = (name, act) => {
    const onclick = () => {
      menu.hidePopover();
      kit.panel.settle();
      act();
    };
    return button(`menu-${name}`, { onclick });
  };
  const person = item('person', chat.askPerson);
  const save = item('save', chat.save);
  const fresh = item('fresh', chat.fresh);

  const menu = h(
    'div',
    {
      id: 'fd-menu',
      class: 'menu',
      popover: 'auto',
      ontoggle() {
        const { right, bottom } = more.getBoundingClientRect();
        menu.style.top = `${bottom + 4}px`;
        menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
        [person, save, fresh].find(({ disabled }) => !disabled)?.focus();
      },
      onkeydown(event) {
        if (event.key !== 'Escape') return;
        // It closes the menu, not the chat.
        event.stopPropagation();
        more.focus();
      },
    },
    person,
    save,
    fresh,
  );
  // One tap away, until a person is there or on the way.
  const quick = button('person', { class: 'tool', onclick: () => person.click() }, icon('person'));

  return {
    node: h('header', {}, h('div', { class: 'mark' }, icon('assistant')), h('div', {}, title, status), quick, more, close, menu),
    render() {
      const { owner } = chat.status;
      const waiting = owner === 'queue' || owner === 'agent';
      const trouble = chat.down && say(navigator.onLine ? 'connecting' : 'offline');
      status.dataset.owner = trouble ? 'down' : owner;
      write(title, say('title', { shop: chat.config.shop }));
      write(status, trouble || standing(chat.status, say, chat.longer));
      person.replaceChildren(icon('person'), say('person'));
      save.replaceChildren(icon('down'), say('save'));
      fresh.replaceChildren(icon('fresh'), say('fresh'));
      save.disabled = !chat.records.length;
      quick.hidden = person.disabled = waiting;
      fresh.disabled = waiting || !chat.session;
      label(quick, say('person'));
      label(more, say('more'));
      label(close, say('close'));
    },
  };
};
