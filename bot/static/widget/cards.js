import { asApiError } from './api.js';
import { button, h, write } from './dom.js';
import { complain } from './words.js';

/**
 * A form among the messages. `send` says what happens; what was written stays until it worked.
 * @type {import('./types.js').MakeCard}
 */
const makeCard = (say, name, title, send, ...fields) => {
  const error = h('p', { class: 'wrong', role: 'alert' });
  const go = button(`${name}-send`, { class: 'go', type: 'submit' }, say('send'));
  const foot = h('div', { class: 'foot' }, go);
  /** @param {Event} event */
  const onsubmit = async (event) => {
    event.preventDefault();
    go.disabled = true;
    write(error, '');
    try {
      await send();
    } catch (problem) {
      const { code } = asApiError(problem);
      write(error, `${say('failed')} ${code === 'bad_field' ? say('error_email') : complain(say, code)}`);
    }
    go.disabled = false;
  };
  return { form: h('form', { class: 'card', 'data-fd': name, 'aria-label': title, onsubmit }, h('strong', {}, title), ...fields, error, foot), foot };
};

/** @type {import('./types.js').Field} */
const field = (words, input) => h('label', { class: 'line' }, words, input);

/**
 * Asks how it was, once an agent has closed. One press is a rating; what else is said comes on top.
 * @type {import('./types.js').MakeRating}
 */
export const makeRating = ({ chat, say, panel }, { seq }) => {
  /** @param {'csat' | 'effort'} name */
  const scale = (name) => {
    const poles = [say(`${name}_low`), say(`${name}_high`)];
    const marks = [1, 2, 3, 4, 5].map((mark) => {
      const label = [mark, mark === 1 && poles[0], mark === 5 && poles[1]].filter(Boolean).join(', ');
      return h('label', {}, h('input', { type: 'radio', name, value: mark, required: name === 'csat', 'aria-label': label }), h('span', {}, `${mark}`));
    });
    const ends = h('div', { class: 'poles', 'aria-hidden': true }, ...poles.map((pole) => h('span', {}, pole)));
    return h('fieldset', { 'data-fd': name }, h('legend', {}, say(name)), h('div', { class: 'scale' }, ...marks), ends);
  };
  const comment = h('textarea', { rows: 2, maxlength: 1000, dir: 'auto', 'data-fd': 'comment' });
  const more = h('div', { class: 'more', hidden: true }, scale('effort'), field(say('comment'), comment));
  const told = () => {
    const { csat, effort } = Object.fromEntries(new FormData(form));
    return { csat: +csat, ...(effort && { effort: +effort }), comment: comment.value.trim() };
  };
  const { form, foot } = makeCard(say, 'rating', say('rating'), () => chat.rate(seq, told()).then(thank), scale('csat'), more);
  foot.append(button('skip', { onclick: () => (chat.skip(seq), panel.settle()) }, say('skip')));
  form.onchange = ({ target }) => {
    if (/** @type {HTMLInputElement} */ (target).name !== 'csat') return;
    more.hidden = false;
    // Whoever leaves now has said it all the same.
    chat.rate(seq, told(), true).catch(() => {});
  };

  const thanks = h('p', { role: 'status' });
  const again = button('change', { class: 'link', onclick: () => show(false) }, say('change'));
  const done = h('div', { class: 'card', hidden: true, 'data-fd': 'rated' }, thanks, again);
  /** @param {boolean} rated */
  const show = (rated) => {
    form.hidden = rated;
    done.hidden = !rated;
    write(thanks, rated ? say('thanks') : '');
  };
  const thank = () => {
    show(true);
    again.focus();
  };
  show(chat.said.rated === seq);
  return { node: h('div', {}, form, done), update() {} };
};

/**
 * Where nobody is there: takes what the customer wants to say and where the answer goes.
 * @type {import('./types.js').MakeLeave}
 */
export const makeLeave = ({ chat, say, clock, panel }, { draft }) => {
  const text = h('textarea', { rows: 3, required: true, maxlength: chat.config.max_text, dir: 'auto', 'data-fd': 'leave-text' });
  const email = h('input', { type: 'email', required: true, maxlength: 200, autocomplete: 'email', 'data-fd': 'leave-email' });
  const name = h('input', { maxlength: 80, autocomplete: 'name', dir: 'auto', 'data-fd': 'leave-name' });
  text.value = draft;
  const why = h('p', {});
  const written = () => (text.value.trim() === draft ? '' : text.value.trim());
  const leave = () => chat.leave({ email: email.value.trim(), name: name.value.trim(), text: written() }).then(() => (text.value = draft));
  const { form } = makeCard(
    say,
    'leave',
    say('leave'),
    leave,
    why,
    field(say('leave_text'), text),
    field(say('leave_email'), email),
    field(say('leave_name'), name),
  );
  const told = h('p', { role: 'status' });
  const again = button('change', { class: 'link', onclick: () => show('') }, say('change'));
  const done = h('div', { class: 'card', 'data-fd': 'left' }, told, again);
  /** @param {string} mail */
  const show = (mail) => {
    const inside = form.contains(/** @type {ShadowRoot} */ (form.getRootNode()).activeElement);
    form.hidden = !!mail;
    done.hidden = !mail;
    write(told, mail && say('left_mail', { mail }));
    if (mail && inside) again.focus();
  };
  return {
    node: h('div', {}, form, done),
    update({ opens, mail }) {
      write(why, `${say('nobody')} ${opens ? say('opens', { when: clock.moment(opens) }) : ''} ${say('leave_why')}`);
      show(mail);
    },
    // Somebody came after all; what was written here goes on there.
    gone: () => written() && panel.draft(written()),
  };
};
