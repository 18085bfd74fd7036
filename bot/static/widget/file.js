import { h, icon } from './dom.js';

const KB = 1000;

/** @param {number} size */
const weight = (size) => (size < KB * KB ? `${Math.ceil(size / KB)} kB` : `${(size / KB / KB).toFixed(1)} MB`);

/**
 * A file in the thread: a picture as such, anything else by its name. It comes with the token in a header, so what the
 * page gets is a copy of its own.
 * @type {import('./types.js').MakeFile}
 */
export const makeFile = ({ chat, say }, { id, name, type, size, width, height }) => {
  const picture = /^image/.test(type);
  const link = h('a', { class: picture ? 'picture' : 'file', dir: 'auto', 'data-fd': 'file', target: '_blank', download: !picture && name });
  const img = h('img', { alt: name, width, height });
  link.append(picture ? img : icon('file'), ...(picture ? [] : [h('span', {}, name, h('small', {}, weight(size)))]));
  chat.file(id).then(
    (url) => (link.href = img.src = url),
    () => link.replaceChildren(icon('file'), say('no_file', { name })),
  );
  return link;
};
