// @ts-check
import { ownerWords } from "./chip.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash, VIEW_NAMES, VIEWS } from "./route.js";
import { Row } from "./row.js";
import { routeOf } from "./why.js";

/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").View} View */

/** @type {{[view in View]: [import("./icons.js").IconName, string, string]}} */
const EMPTY = {
  queue: ["cup", "Nobody is waiting", "Time for a cup of something. You will hear the moment somebody needs a person."],
  mine: ["hand", "Your hands are free", "Take the next customer whenever you are ready."],
  agents: ["talk", "All quiet among colleagues", "Conversations that people look after stand here."],
  bot: ["bot", "The bot has nothing to do", "Conversations that it answers by itself stand here."],
  closed: ["check", "Nothing closed yet", "Finished conversations rest here for a while."],
};

/** The left column: views with their counts, the search, the rows. */
export class ListPane {
  #take = h(
    "button",
    { class: "button primary", type: "button", "data-action": "take-next", onclick: () => this.actions.takeNext() },
    icon("hand"),
    "Take next",
  );
  #search = h("input", {
    class: "search",
    type: "search",
    placeholder: "Search",
    "aria-label": "Search in this list",
    "aria-keyshortcuts": "/",
    oninput: () => this.draw(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#searchKey(event),
  });
  /** @type {Map<View, {link: HTMLAnchorElement, count: HTMLElement}>} */
  #tabs = new Map();
  #rows = h("ul", { class: "rows", id: "rows", "data-testid": "rows" });
  #empty = h("div", { class: "empty" });
  /** @type {Map<string, Row>} */
  #known = new Map();
  /** @type {import("./api.js").ApiError|null} */
  #error = null;
  element = h("section", { class: "pane list-pane", "aria-label": "Conversations" });

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./seen.js").Seen} seen
   * @param {import("./actions.js").Actions} actions
   */
  constructor(desk, seen, actions) {
    this.desk = desk;
    this.seen = seen;
    this.actions = actions;
    const nav = h("nav", { class: "views", "aria-label": "Views" });
    for (const view of VIEWS) {
      const count = h("span", { class: "count" });
      const link = h("a", { href: placeHash(view), "data-view": view }, h("span", null, VIEW_NAMES[view]), count);
      this.#tabs.set(view, { link, count });
      nav.append(link);
    }
    this.element.append(
      nav,
      h("div", { class: "list-tools" }, h("div", { class: "search-box" }, icon("search"), this.#search), this.#take),
      h("div", { class: "scroll" }, this.#rows, this.#empty),
    );
    desk.listChanged.on(() => this.draw());
    desk.countsChanged.on(() => this.#drawCounts());
    desk.listFailed.on((error) => {
      this.#error = error;
      this.draw();
    });
    this.#drawCounts();
  }

  get #ids() {
    return /** @type {HTMLElement[]} */ ([...this.#rows.querySelectorAll("[data-row]")]).map(
      (row) => row.dataset.conversation ?? "",
    );
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** Moves through the rows, as j and k do. @param {number} step */
  step(step) {
    const ids = this.#ids;
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset.conversation : undefined;
    const from = ids.indexOf(focused ?? this.desk.open ?? "");
    const to = from < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, from + step));
    this.focusRow(ids[to]);
  }

  /** @param {string|null|undefined} id */
  focusRow(id) {
    const row = this.#known.get(id ?? "") ?? this.#known.get(this.#ids[0]);
    if (row) row.focus();
    else this.focusView();
  }

  focusView() {
    this.#tabs.get(this.desk.view)?.link.focus();
  }

  draw() {
    const { view, lists, open, user } = this.desk;
    for (const [name, { link }] of this.#tabs) {
      if (name === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const words = this.#search.value.trim().toLowerCase();
    const all = lists.rows(view);
    const shown = words ? all.filter((summary) => matches(summary, this.desk.nameOf(summary), words, user.id)) : all;
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset.conversation : undefined;
    const tabbable = [focused, open].find((id) => shown.some((summary) => summary.id === id)) ?? shown[0]?.id;
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.#known) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#known.delete(id);
    }
    shown.forEach((summary, index) => {
      const row = this.#known.get(summary.id) ?? new Row();
      this.#known.set(summary.id, row);
      row.update(summary, {
        view,
        name: this.desk.nameOf(summary),
        open: summary.id === open,
        unread: this.seen.unread(summary),
        me: user.id,
        tabbable: summary.id === tabbable,
      });
      if (this.#rows.children[index] !== row.element)
        this.#rows.insertBefore(row.element, this.#rows.children[index] ?? null);
    });
    // Moving a row takes the focus from it.
    if (focused && this.#known.has(focused) && document.activeElement === document.body)
      this.#known.get(focused)?.focus();
    this.#drawEmpty(words, shown.length);
  }

  /** @param {string} words @param {number} shown */
  #drawEmpty(words, shown) {
    const { view, lists } = this.desk;
    this.#rows.hidden = shown === 0;
    this.#empty.hidden = shown > 0;
    if (shown) return;
    if (this.#error && !lists.loaded(view)) {
      const forbidden = this.#error.status === 403;
      fill(
        this.#empty,
        icon("warn"),
        h("h2", null, forbidden ? "This desk is for agents" : "The list could not be read"),
        h(
          "p",
          null,
          forbidden
            ? "Your account has another role. Ask an administrator if you should help customers too."
            : this.#error.message,
        ),
        !forbidden &&
          h("button", { class: "button", type: "button", onclick: () => this.desk.loadList() }, "Try again"),
      );
    } else if (!lists.loaded(view)) {
      fill(this.#empty, h("p", { class: "loading" }, "One moment…"));
    } else if (words) {
      fill(
        this.#empty,
        icon("search"),
        h("h2", null, "No match"),
        h("p", null, `Nothing in this list has “${this.#search.value.trim()}”.`),
        h("button", { class: "button", type: "button", onclick: () => this.#clearSearch() }, "Clear the search"),
      );
    } else {
      const [name, title, text] = EMPTY[view];
      fill(this.#empty, icon(name), h("h2", null, title), h("p", null, text));
    }
  }

  #drawCounts() {
    const { counts } = this.desk;
    for (const [view, { link, count }] of this.#tabs) {
      count.textContent = counts[view] > 999 ? "999+" : String(counts[view]);
      link.toggleAttribute("data-some", counts[view] > 0);
    }
    // Not `disabled`: who tabs here should learn that nobody waits.
    this.#take.setAttribute("aria-disabled", String(counts.queue === 0));
    this.#take.title = counts.queue ? "Claim who waits in front (t)" : "Nobody is waiting";
  }

  #clearSearch() {
    this.#search.value = "";
    this.draw();
    this.#search.focus();
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.#search.value) return this.#clearSearch();
      this.focusRow(this.desk.open);
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.focusRow(null);
    }
  }
}

/** @param {Summary} summary @param {string} name @param {string} words @param {string} me */
function matches(summary, name, words, me) {
  const route = routeOf(summary.why);
  return [
    summary.id,
    name,
    summary.last?.text,
    summary.page,
    summary.locale,
    summary.team,
    route?.label,
    ownerWords(summary, me),
  ].some((text) => text?.toLowerCase().includes(words));
}
