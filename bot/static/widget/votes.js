import { button, h, icon, label } from './dom.js';

/** Whether an answer helped. @type {import('./types.js').MakeVotes} */
export const makeVotes = ({ chat, say }, seq) => {
  const thumbs = [true, false].map((helpful) => {
    const name = helpful ? 'helped' : 'helped_not';
    const thumb = button(name, { onclick: () => chat.vote(seq, helpful) }, icon('thumb'));
    label(thumb, say(name));
    return thumb;
  });
  const words = h('span', { role: 'status' });
  return {
    node: h('div', { class: 'votes', role: 'group', 'aria-label': say('helpful'), 'data-fd': 'votes' }, words, ...thumbs),
    show(vote) {
      words.textContent = say(vote == null ? 'helpful' : 'helpful_thanks');
      thumbs.forEach((thumb, place) => (thumb.ariaPressed = `${vote === !place}`));
    },
  };
};
