const PATHS = {
  assistant: 'M12 4v3M6 8h12a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-7l-4 3v-3H6a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM9 12v2M15 12v2',
  close: 'M6 9.5l6 6 6-6',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0',
  fresh: 'M12 5v14M5 12h14',
  send: 'M12 19V5M5.5 11.5 12 5l6.5 6.5',
  down: 'M12 5v14M5.5 12.5 12 19l6.5-6.5',
  sent: 'M5 12.5l4.5 4.5L19 7.5',
  attach: 'M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.7 17a1.7 1.7 0 0 1-2.4-2.4l7.2-7.1',
  file: 'M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8ZM14 3v5h5',
  dismiss: 'M7 7l10 10M17 7 7 17',
  thumb: 'M7 11v9H4v-9ZM7 11l4-8c1.6 0 2.6 1 2.3 2.6L12.6 10H18a2 2 0 0 1 2 2.4l-1.2 6a2 2 0 0 1-2 1.6H7',
};

/**
 * An element with attributes, listeners (`onclick`) and children. Text is always text, never markup.
 * @type {import('./types.js').H}
 */
export const h = (tag, props = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, `${value}`);
  }
  for (const child of children) if (child) element.append(child);
  return element;
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) => {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const path = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
};

/** @type {import('./types.js').Button} */
export const button = (name, props, ...children) => h('button', { type: 'button', 'data-fd': name, ...props }, ...children);

/** Labels a button that shows only an icon. @type {import('./types.js').SetText} */
export const label = (element, text) => {
  element.title = text;
  element.ariaLabel = text;
};

/** Sets text only where it differs: a live region reads out what is set. @type {import('./types.js').SetText} */
export const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
