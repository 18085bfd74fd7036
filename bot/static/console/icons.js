// @ts-check

/** Strokes on a 20 × 20 grid. Decoration only: each stands beside words or inside a labelled button. */
const PATHS = {
  back: "M12.5 4.5 7 10l5.5 5.5",
  bot: "M10 3v2.5M5.5 5.5h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM7.6 9.4v1.6M12.4 9.4v1.6",
  check: "m4.5 10.5 3.6 3.6 7.4-8",
  clock: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 6.5V10l2.4 1.6",
  close: "m5.5 5.5 9 9m0-9-9 9",
  down: "M10 4.5v11m0 0 4.5-4.5M10 15.5 5.5 11",
  hand: "M10 3v8.5m0 0 3.2-3.2M10 11.5 6.8 8.3M3.5 11.5v3A1.5 1.5 0 0 0 5 16h10a1.5 1.5 0 0 0 1.5-1.5v-3",
  panel:
    "M4.5 4h11A1.5 1.5 0 0 1 17 5.5v9a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 14.5v-9A1.5 1.5 0 0 1 4.5 4ZM12 4v12",
  lock: "M6 9h8a1.5 1.5 0 0 1 1.5 1.5v4A1.5 1.5 0 0 1 14 16H6a1.5 1.5 0 0 1-1.5-1.5v-4A1.5 1.5 0 0 1 6 9ZM7 9V6.5a3 3 0 0 1 6 0V9",
  person: "M10 10.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM4 16.5c.8-2.6 3.1-4 6-4s5.2 1.4 6 4",
  queue: "M4 5.5h12M4 10h12M4 14.5h7",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4ZM12.8 12.8l3.7 3.7",
  send: "M3.5 10 16.5 4l-4 12.5-3-5-6-1.5Zm6 1.5L16.5 4",
  undo: "M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4 4 0 0 1 0 8H8",
  warn: "M10 4 17 16H3L10 4ZM10 8.5v3.5M10 14v.2",
  cup: "M4 8h9v4a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4V8ZM13 9h1.5a2 2 0 0 1 0 4H13M6.5 3.5c-.6.8.6 1.4 0 2.2M10 3.5c-.6.8.6 1.4 0 2.2",
  talk: "M4.5 4.5h11A1.5 1.5 0 0 1 17 6v6a1.5 1.5 0 0 1-1.5 1.5H9.5L6 16.5v-3H4.5A1.5 1.5 0 0 1 3 12V6a1.5 1.5 0 0 1 1.5-1.5Z",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
