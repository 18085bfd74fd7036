// @ts-check
import { fill, h } from "./dom.js";
import { Found } from "./found.js";
import { icon } from "./icons.js";
import { listKey, VIEW_NAMES, where } from "./route.js";
import { Row } from "./row.js";
import { lasted, now } from "./time.js";

/** @typedef {import("./types.js").View} View */

/** @type {{[view in View]: [import("./icons.js").IconName, string, string]}} */
const EMPTY = {
  queue: ["cup", "Nobody is waiting", "Time for a cup of something. You will hear the moment somebody needs a person."],
  mine: ["hand", "Your hands are free", "Take the next customer whenever you are ready."],
  team: ["cup", "Nothing for this team", "What comes to the team, and what its people look after, stands here."],
  all: ["talk", "All quiet", "Conversations that wait for people or are with them stand here."],
  mentions: ["at", "Nobody has mentioned you", "A colleague's note with your name brings a conversation here."],
  snoozed: ["clock", "Nothing is asleep", "What you snooze comes back at its time, or when the customer writes."],
  bot: ["bot", "The bot has nothing to do", "Conversations that it answers by itself stand here."],
  closed: ["check", "Nothing closed yet", "Finished conversations rest here."],
  search: ["search", "Search all that was said", "Closed conversations and notes are searched too."],
};
const TYPED_MS = 250;

/** The second column: what is shown, the search over everything said, the rows. */
export class ListPane {
  #title = h("h2", { class: "list-title", id: "list-title", tabindex: "-1" });
  #filters = h("p", { class: "list-filters" });
  #take = h(
    "button",
    { class: "button primary", type: "button", "data-action": "take-next", onclick: () => this.actions.takeNext() },
    icon("hand"),
    "Take next",
  );
  #search = h("input", {
    class: "search",
    type: "search",
    placeholder: "Search everything",
    "aria-label": "Search everything that was said",
    "aria-keyshortcuts": "/",
    oninput: () => this.#typed(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#searchKey(event),
  });
  #missed = h("div", { class: "missed-note", role: "status", "data-testid": "missed" });
  #rows = h("ul", { class: "rows", id: "rows", "data-testid": "rows" });
  #more = h("button", { class: "button wide more", type: "button", onclick: () => this.#loadMore() }, "Show more");
  #empty = h("div", { class: "empty" });
  #list = h("div", { class: "scroll" }, this.#rows, this.#more, this.#empty);
  /** @type {Map<string, Row>} */
  #known = new Map();
  /** @type {import("./api.js").ApiError|null} */
  #error = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #waiting;
  element = h("section", { class: "pane list-pane", "aria-labelledby": "list-title" });

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./seen.js").Seen} seen
   * @param {import("./actions.js").Actions} actions
   * @param {import("./route.js").Route} route
   */
  constructor(desk, seen, actions, route) {
    this.desk = desk;
    this.seen = seen;
    this.actions = actions;
    this.route = route;
    this.found = new Found(desk, route);
    this.element.append(
      h("header", { class: "list-head" }, this.#title, this.#take),
      h(
        "div",
        { class: "list-tools", role: "search" },
        h("div", { class: "search-box" }, icon("search"), this.#search),
      ),
      this.#filters,
      this.#missed,
      this.#list,
      this.found.element,
    );
    desk.listChanged.on(() => this.draw());
    desk.countsChanged.on(() => this.#drawTake());
    desk.listFailed.on((error) => {
      this.#error = error;
      this.draw();
    });
    desk.away.missed.on((missed) => this.#drawMissed(missed));
    this.#drawTake();
  }

  get #ids() {
    const list = this.desk.where.view === "search" ? this.found.element : this.#rows;
    return /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-row]")]);
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** Moves through the rows, as j and k do. @param {number} step */
  step(step) {
    const rows = this.#ids;
    const from = rows.findIndex((row) => row === document.activeElement);
    const at = from < 0 ? rows.findIndex((row) => row.dataset.conversation === this.desk.open) : from;
    const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    if (rows[to]) rows[to].focus();
    else this.focusTitle();
  }

  /** @param {string|null|undefined} id */
  focusRow(id) {
    const rows = this.#ids;
    const row = rows.find((one) => one.dataset.conversation === id) ?? rows[0];
    if (row) row.focus();
    else this.focusTitle();
  }

  focusTitle() {
    this.#title.focus();
  }

  draw() {
    const { lists, open, user, setup } = this.desk;
    const list = this.desk.where;
    const searching = list.view === "search";
    this.#title.textContent = list.view === "team" ? setup.teamName(list.team) : VIEW_NAMES[list.view];
    if (document.activeElement !== this.#search && this.#search.value !== list.q) this.#search.value = list.q;
    this.#drawFilters();
    this.#list.hidden = searching;
    this.found.element.hidden = !searching;
    if (searching) return this.found.show(list.q);
    this.found.forget();
    const shown = lists.rows(list);
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
        where: list,
        name: this.desk.nameOf(summary),
        team: setup.teamName(summary.team),
        open: summary.id === open,
        unread: this.seen.unread(summary),
        missed: this.desk.away.count(summary.id),
        me: user.id,
        tabbable: summary.id === tabbable,
      });
      if (this.#rows.children[index] !== row.element)
        this.#rows.insertBefore(row.element, this.#rows.children[index] ?? null);
    });
    // Moving a row takes the focus from it.
    if (focused && this.#known.has(focused) && document.activeElement === document.body)
      this.#known.get(focused)?.focus();
    this.#more.hidden = !lists.next(list);
    this.#drawEmpty(shown.length);
  }

  /** @param {number} shown */
  #drawEmpty(shown) {
    const { lists } = this.desk;
    const list = this.desk.where;
    this.#rows.hidden = shown === 0;
    this.#empty.hidden = shown > 0;
    if (shown) return;
    if (this.#error && !lists.loaded(list)) {
      const forbidden = this.#error.status === 403;
      fill(
        this.#empty,
        icon("warn"),
        h("h3", null, forbidden ? "This desk is for agents" : "The list could not be read"),
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
    } else if (!lists.loaded(list)) {
      fill(this.#empty, h("p", { class: "loading" }, "One moment…"));
    } else {
      const [name, title, text] = EMPTY[list.view];
      fill(this.#empty, icon(name), h("h3", null, title), h("p", null, text));
    }
  }

  /** What the list is narrowed to, each to be taken away by a press, and the teams and tags to narrow it to. */
  #drawFilters() {
    const list = this.desk.where;
    const { teams, tags } = this.desk.setup.now;
    const choose = (/** @type {"team"|"tag"} */ name, /** @type {{id: string, name: string}[]} */ all) => {
      const select = h(
        "select",
        {
          class: "filter",
          "aria-label": name === "team" ? "Only of a team" : "Only with a tag",
          "data-filter": name,
          "data-set": Boolean(list[name]),
          onchange: (/** @type {Event} */ event) =>
            this.route.go({ ...list, [name]: /** @type {HTMLSelectElement} */ (event.target).value }),
        },
        h("option", { value: "" }, name === "team" ? "Every team" : "Any tag"),
        all.map((one) => h("option", { value: one.id, selected: one.id === list[name] }, one.name)),
      );
      return select;
    };
    const key = JSON.stringify([listKey(list), teams.map(({ id, name }) => [id, name]), tags]);
    if (this.#filters.dataset.drawn === key) return;
    this.#filters.dataset.drawn = key;
    const focused =
      document.activeElement instanceof HTMLElement && this.#filters.contains(document.activeElement)
        ? document.activeElement.dataset.filter
        : null;
    const byTag = tags.includes(list.tag) || !list.tag ? tags : [list.tag, ...tags];
    fill(
      this.#filters,
      list.view !== "search" && list.view !== "team" && teams.length > 1 && choose("team", teams),
      list.view !== "search" &&
        byTag.length > 0 &&
        choose(
          "tag",
          byTag.map((tag) => ({ id: tag, name: tag })),
        ),
    );
    this.#filters.hidden = !this.#filters.childElementCount;
    if (focused) /** @type {HTMLElement|null} */ (this.#filters.querySelector(`[data-filter=${focused}]`))?.focus();
  }

  /** @param {import("./away.js").Missed} missed */
  #drawMissed({ since, news }) {
    const close = h("button", { class: "link", type: "button", onclick: () => fill(this.#missed) }, "Got it");
    const seen = news.map(({ id }) => this.desk.lists.get(id)).filter((summary) => summary !== undefined);
    const queued = seen.filter(({ owner }) => owner === "queue").length;
    const mine = seen.filter((summary) => this.desk.lists.isMine(summary)).length;
    const parts = [
      queued && `${queued} waiting`,
      mine && `${mine} of yours`,
      seen.length - queued - mine > 0 && `${seen.length - queued - mine} of colleagues or closed`,
    ].filter(Boolean);
    fill(
      this.#missed,
      icon("check"),
      h(
        "p",
        null,
        h("strong", null, `Back after ${lasted(now() - since)}. `),
        parts.length ? `News in ${seen.length}: ${parts.join(", ")}.` : "You missed nothing.",
      ),
      close,
    );
    this.draw();
  }

  #drawTake() {
    const waiting = this.desk.counts.queue;
    // Not `disabled`: who tabs here should learn that nobody waits.
    this.#take.setAttribute("aria-disabled", String(waiting === 0));
    this.#take.title = waiting ? "Claim who waits in front (t)" : "Nobody is waiting";
  }

  async #loadMore() {
    const last = this.#ids.at(-1);
    this.#more.disabled = true;
    try {
      await this.desk.loadMore();
      // The first of the new ones; the button may be gone.
      /** @type {HTMLElement|null|undefined} */ (
        last?.parentElement?.nextElementSibling?.querySelector("[data-row]")
      )?.focus();
    } catch (error) {
      this.actions.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    } finally {
      this.#more.disabled = false;
    }
  }

  #typed() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#searchNow(), TYPED_MS);
  }

  #searchNow() {
    clearTimeout(this.#waiting);
    const q = this.#search.value.trim();
    const { view } = this.desk.where;
    if (!q && view !== "search") return;
    if (!q) return this.route.go("queue");
    // Typing on is not a new step for the back button.
    if (view === "search") this.route.replace(where("search", { q }));
    else this.route.go(where("search", { q }));
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      const had = this.#search.value;
      this.#search.value = "";
      if (had) return this.#searchNow();
      this.focusRow(this.desk.open);
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      this.focusRow(null);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const { view, q } = this.desk.where;
      const words = this.#search.value.trim();
      // Who has gone elsewhere meanwhile is left there.
      this.found.whenFound(words, () => this.#search === document.activeElement && this.focusRow(null));
      if (view === "search" && q === words) this.found.again();
      else this.#searchNow();
    }
  }
}
