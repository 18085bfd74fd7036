import { asApiError } from './api.js';
import { button, h, icon, label } from './dom.js';
import { complain } from './words.js';

/** What one message carries at most, as the server has it. */
const MOST = 5;
const TYPES = 'image/png,image/jpeg,image/gif,image/webp,application/pdf';

/**
 * The files that go with the next message: chosen, dropped or pasted, and sent to the server at once, so that the
 * message itself is quick.
 * @type {import('./types.js').MakeTray}
 */
export const makeTray = ({ chat, say }, changed) => {
  /** @type {import('./types.js').Kept[]} */
  let kept = [];
  const picker = h('input', { type: 'file', multiple: true, hidden: true, accept: TYPES, 'data-fd': 'files' });
  picker.onchange = () => {
    tray.add(picker.files ?? []);
    picker.value = '';
  };
  const list = h('ul', { class: 'tray', 'data-fd': 'tray' });
  const oops = h('p', { class: 'oops', role: 'alert', 'data-fd': 'oops' });
  const clip = button('attach', { class: 'tool', onclick: () => picker.click() }, icon('attach'));

  /** @param {import('./types.js').Kept[]} now */
  const keep = (now) => {
    kept = now;
    list.replaceChildren(...kept.map(({ node }) => node));
    changed();
  };

  /** @param {string} name @param {File} [file] @returns {import('./types.js').Kept} */
  const make = (name, file) => {
    const gone = new AbortController();
    const url = file && /^image/.test(file.type) ? URL.createObjectURL(file) : '';
    const drop = () => {
      gone.abort();
      URL.revokeObjectURL(url);
      keep(kept.filter((other) => other !== one));
    };
    const cross = button('remove', { class: 'tool', onclick: drop }, icon('dismiss'));
    label(cross, say('remove', { name }));
    const bar = h('progress', { max: 1, value: 0, 'aria-label': say('uploading', { name }), hidden: !file });
    const one = {
      signal: gone.signal,
      drop,
      bar,
      node: h('li', {}, url ? h('img', { src: url, alt: '' }) : icon('file'), h('span', { dir: 'auto' }, name, bar), cross),
    };
    return one;
  };

  /** @param {File} file */
  const send = async (file) => {
    const one = make(file.name, file);
    keep([...kept, one]);
    try {
      one.done = await chat.upload(file, one.signal, (part) => (one.bar.value = part));
      one.bar.hidden = true;
      changed();
    } catch (error) {
      if (one.signal.aborted) return;
      const { status, message } = asApiError(error);
      oops.textContent = status ? message : `${file.name}: ${complain(say, 'offline')}`;
      one.drop();
    }
  };

  /** @type {import('./types.js').Tray} */
  const tray = {
    nodes: [oops, list],
    tools: [picker, clip],
    get busy() {
      return kept.some(({ done }) => !done);
    },
    get full() {
      return kept.length > 0;
    },
    add(files) {
      oops.textContent = '';
      for (const file of files) {
        if (kept.length >= MOST) oops.textContent = say('most_files', { count: MOST });
        else if (file.size > chat.config.max_file_mb * 1e6) oops.textContent = say('large_file', { name: file.name, mb: chat.config.max_file_mb });
        else send(file);
      }
    },
    take() {
      const going = kept.slice(0, MOST);
      for (const { drop } of going) drop();
      oops.textContent = '';
      return going.flatMap(({ done }) => done ?? []);
    },
    put(files) {
      keep([...files.map((done) => Object.assign(make(done.name), { done })), ...kept]);
    },
    clear() {
      for (const { drop } of kept) drop();
      oops.textContent = '';
    },
    /** @param {HTMLElement} target */
    watch(target) {
      /** @param {DragEvent} event @param {boolean} over */
      const hover = (event, over) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        target.toggleAttribute('dropping', over);
      };
      target.addEventListener('dragover', (event) => hover(event, true));
      target.addEventListener('dragleave', (event) => hover(event, false));
      target.addEventListener('drop', (event) => {
        hover(event, false);
        tray.add(event.dataTransfer?.files ?? []);
      });
      target.addEventListener('paste', (event) => {
        const files = event.clipboardData?.files ?? [];
        if (!files.length) return;
        event.preventDefault();
        tray.add(files);
      });
    },
    render() {
      label(clip, say('attach'));
      list.ariaLabel = say('attached');
      list.hidden = !tray.full;
    },
  };
  return tray;
};
