// @ts-check

/** Seconds to add to this computer's clock to get the server's. All `at` values are the server's. */
let offset = 0;

/** @param {string|null} header the `Date` header of an answer */
export function learnClock(header) {
  const at = header ? Date.parse(header) / 1000 : NaN;
  if (Number.isNaN(at)) return;
  const difference = at - Date.now() / 1000;
  // The header has whole seconds only, so small differences say nothing.
  offset = Math.abs(difference) > 3 ? difference : 0;
}

/** Now by the server's clock, in seconds. */
export function now() {
  return Date.now() / 1000 + offset;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const shortDayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** @param {number} at */
export const clock = (at) => clockFormat.format(at * 1000);

/** @param {number} at */
export const fullTime = (at) => fullFormat.format(at * 1000);

/** A key equal for two moments of the same local day. @param {number} at */
export const dayKey = (at) => new Date(at * 1000).toDateString();

/** @param {number} at */
export function dayLabel(at) {
  const key = dayKey(at);
  if (key === dayKey(now())) return "Today";
  // Not a day's seconds ago: where the clocks change a day has 23 hours or 25.
  const yesterday = new Date(now() * 1000);
  yesterday.setDate(yesterday.getDate() - 1);
  if (key === yesterday.toDateString()) return "Yesterday";
  return dayFormat.format(at * 1000);
}

/** How long someone waits, ticking: 0:42, 12:05, 1 h 20 min. @param {number} since */
export function waited(since) {
  const seconds = Math.max(0, Math.floor(now() - since));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** How long ago, calm: just now, 5 min ago, 3 h ago, 4 Nov. @param {number} at */
export function ago(at) {
  const seconds = now() - at;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return shortDayFormat.format(at * 1000);
}

/** How pressing a wait is; the colour follows. @param {number} since @returns {"short"|"long"|"late"} */
export function urgency(since) {
  const minutes = (now() - since) / 60;
  return minutes < 3 ? "short" : minutes < 10 ? "long" : "late";
}

/** A length as people say it: 40 s, 12 min, 3 h 5 min, 2 days. @param {number} seconds */
export function lasted(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) {
    const minutes = Math.floor((seconds % 3600) / 60);
    const hours = Math.floor(seconds / 3600);
    return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  }
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** What is left until a target, or how late it is. @param {number} at */
export function dueWords(at) {
  const left = at - now();
  return left < 0 ? `${lasted(-left)} late` : `${lasted(left)} left`;
}

/**
 * While it is at risk one can still do something about it. @param {number} at @param {number} risk since when
 * @returns {"fine"|"risk"|"late"}
 */
export function dueState(at, risk) {
  return at < now() ? "late" : risk < now() ? "risk" : "fine";
}

/** When something sleeps until: 14:30, tomorrow 9:00, Mon 9:00, 4 Dec. @param {number} at */
export function wakes(at) {
  const days = Math.round(
    (new Date(at * 1000).setHours(0, 0, 0, 0) - new Date(now() * 1000).setHours(0, 0, 0, 0)) / 864e5,
  );
  if (days <= 0) return clock(at);
  if (days === 1) return `tomorrow ${clock(at)}`;
  return days < 7 ? `${weekdayFormat.format(at * 1000)} ${clock(at)}` : shortDayFormat.format(at * 1000);
}

/** A size of a file. @param {number} bytes */
export function sized(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/**
 * Keeps every `[data-wait]`, `[data-ago]`, `[data-due]` and `[data-until]` element on the page true, once a second; writes only what changed.
 * @param {Document} page
 */
export function startTicking(page) {
  const tick = () => {
    if (page.hidden) return;
    for (const element of page.querySelectorAll("[data-wait]")) {
      const since = Number(/** @type {HTMLElement} */ (element).dataset.wait);
      setText(element, waited(since));
      element.setAttribute("data-urgency", urgency(since));
    }
    for (const element of page.querySelectorAll("[data-ago]")) {
      setText(element, ago(Number(/** @type {HTMLElement} */ (element).dataset.ago)));
    }
    for (const element of page.querySelectorAll("[data-due]")) {
      const { due, risk } = /** @type {HTMLElement} */ (element).dataset;
      setText(element, dueWords(Number(due)));
      element.closest("[data-due-state]")?.setAttribute("data-due-state", dueState(Number(due), Number(risk)));
    }
    // What can be done for a short while only, such as changing an own message.
    for (const element of page.querySelectorAll("[data-until]"))
      if (Number(/** @type {HTMLElement} */ (element).dataset.until) < now()) element.remove();
  };
  setInterval(tick, 1000);
  page.addEventListener("visibilitychange", tick);
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
