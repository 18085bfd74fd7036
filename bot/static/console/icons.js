// @ts-check

/** Strokes on a 20 × 20 grid. Decoration only: each stands beside words or inside a labelled button. */
const PATHS = {
  alarm: "M10 5.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM10 8v3.2l2 1.2M3.5 5.5l2-2M16.5 5.5l-2-2",
  archive: "M3.5 4.5h13v3h-13v-3ZM4.5 7.5V15a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V7.5M8 10.5h4",
  at: "M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM13 7v4a2 2 0 0 0 4 0v-1a7 7 0 1 0-2.8 5.6",
  back: "M12.5 4.5 7 10l5.5 5.5",
  bolt: "M11 2.5 4.5 11.5H10l-1 6 6.5-9H10l1-6Z",
  book: "M4 4.5h4.5a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 0-1.5-1H4v-10.5ZM16 4.5h-4.5A1.5 1.5 0 0 0 10 6v10a1.5 1.5 0 0 1 1.5-1H16v-10.5Z",
  bot: "M10 3v2.5M5.5 5.5h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM7.6 9.4v1.6M12.4 9.4v1.6",
  check: "m4.5 10.5 3.6 3.6 7.4-8",
  clip: "m14.5 9.5-5 5a3 3 0 0 1-4.3-4.3l5.8-5.7a2 2 0 0 1 2.9 2.9l-5.7 5.6a1 1 0 0 1-1.4-1.4l4.7-4.7",
  clock: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 6.5V10l2.4 1.6",
  close: "m5.5 5.5 9 9m0-9-9 9",
  dots: "M5 10h.01M10 10h.01M15 10h.01",
  down: "M10 4.5v11m0 0 4.5-4.5M10 15.5 5.5 11",
  file: "M5.5 3h6L15 6.5V16a1 1 0 0 1-1 1H5.5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM11.5 3v3.5H15",
  flag: "M5 17V3.5h9.5l-2 3.5 2 3.5H5",
  gear: "M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5 15 15M15 5l-1.5 1.5M6.5 13.5 5 15",
  hand: "M10 3v8.5m0 0 3.2-3.2M10 11.5 6.8 8.3M3.5 11.5v3A1.5 1.5 0 0 0 5 16h10a1.5 1.5 0 0 0 1.5-1.5v-3",
  inbox: "M3.5 11 6 4.5h8l2.5 6.5v4a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-4ZM3.5 11H7l1.2 2h3.6l1.2-2h3.5",
  merge: "M5 4v3c0 3 5 2.5 5 6v3M15 4v3c0 3-5 2.5-5 6M7.5 14l2.5 2.5 2.5-2.5",
  move: "M3.5 10h12m0 0-4-4m4 4-4 4",
  panel:
    "M4.5 4h11A1.5 1.5 0 0 1 17 5.5v9a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 14.5v-9A1.5 1.5 0 0 1 4.5 4ZM12 4v12",
  lines: "M4 5.5h12M4 10h8M4 14.5h10",
  lock: "M6 9h8a1.5 1.5 0 0 1 1.5 1.5v4A1.5 1.5 0 0 1 14 16H6a1.5 1.5 0 0 1-1.5-1.5v-4A1.5 1.5 0 0 1 6 9ZM7 9V6.5a3 3 0 0 1 6 0V9",
  pen: "m4 16 .8-3.2L13.5 4l2.5 2.5-8.8 8.7L4 16Z",
  people:
    "M7.5 10a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.5 16c.6-2.3 2.6-3.5 5-3.5s4.4 1.2 5 3.5M13 4.8a2.7 2.7 0 0 1 0 5M14.5 12.7c1.5.4 2.6 1.5 3 3.3",
  person: "M10 10.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM4 16.5c.8-2.6 3.1-4 6-4s5.2 1.4 6 4",
  plus: "M10 4.5v11M4.5 10h11",
  queue: "M4 5.5h12M4 10h12M4 14.5h7",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4ZM12.8 12.8l3.7 3.7",
  send: "M3.5 10 16.5 4l-4 12.5-3-5-6-1.5Zm6 1.5L16.5 4",
  undo: "M7.5 4.5 4 8l3.5 3.5M4 8h7.5a4 4 0 0 1 0 8H8",
  wall: "M4 16V9.5M8 16V4.5M12 16v-8M16 16v-4.5",
  up: "M10 15.5v-11m0 0L5.5 9M10 4.5 14.5 9",
  warn: "M10 4 17 16H3L10 4ZM10 8.5v3.5M10 14v.2",
  cup: "M4 8h9v4a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4V8ZM13 9h1.5a2 2 0 0 1 0 4H13M6.5 3.5c-.6.8.6 1.4 0 2.2M10 3.5c-.6.8.6 1.4 0 2.2",
  star: "m10 3.5 2 4.2 4.5.6-3.3 3.1.9 4.6L10 13.7 5.9 16l.9-4.6L3.5 8.3l4.5-.6 2-4.2Z",
  tag: "M3.5 4.5v5l7 7 5.5-5.5-7-7h-5a.5.5 0 0 0-.5.5ZM7 8h.01",
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
