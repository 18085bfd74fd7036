// @ts-check
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";

const GATHER_MS = 700;
const TOAST_MS = { info: 4500, trouble: 9000 };

/** Says things: to screen readers, in the title, and in notes at the edge of the page that go by themselves. */
export class Announcer {
  #voice = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite", id: "announcer" });
  /** The console puts it where it covers nothing. */
  toasts = h("div", { class: "toasts", role: "alert", id: "toasts" });
  /** @type {string[]} */
  #gathered = [];
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {HTMLElement} page */
  constructor(page) {
    page.append(this.#voice);
  }

  /** @param {string} text heard, not seen */
  say(text) {
    this.#gathered.push(text);
    clearTimeout(this.#timer);
    // Five arrivals in a second are one sentence, not five that cut each other off.
    this.#timer = setTimeout(() => {
      const all = this.#gathered.splice(0);
      // A new element each time: the same sentence twice is said twice.
      this.#voice.replaceChildren(
        h("p", null, all.length > 2 ? `${all.length} pieces of news. ${all.at(-1)}` : all.join(" ")),
      );
    }, GATHER_MS);
  }

  /** @param {string} text seen and heard @param {"info"|"trouble"} [tone] */
  toast(text, tone = "info") {
    const toast = h(
      "div",
      { class: "toast", "data-tone": tone },
      icon(tone === "trouble" ? "warn" : "check"),
      h("p", null, text),
      h(
        "button",
        { class: "icon-button", type: "button", onclick: () => toast.remove() },
        icon("close"),
        hidden("Dismiss"),
      ),
    );
    // Two of a kind would only be read twice.
    this.toasts.querySelector(`[data-tone="${tone}"]`)?.remove();
    this.toasts.append(toast);
    let left = TOAST_MS[tone];
    const timer = setInterval(() => {
      // It stays while somebody reads it with the pointer or the focus on it.
      if (!toast.matches(":hover, :focus-within")) left -= 500;
      if (left > 0) return;
      clearInterval(timer);
      toast.remove();
    }, 500);
  }

  /** @param {number} waiting */
  title(waiting) {
    document.title = waiting ? `(${waiting}) waiting · Frontdesk` : "Frontdesk";
  }
}
