// @ts-check
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { listKey, pageHash, placeHash, VIEW_NAMES, VIEWS, where } from "./route.js";

/** @typedef {import("./route.js").Where} Where */

/** @type {{[view: string]: import("./icons.js").IconName}} */
const ICONS = {
  mine: "hand",
  queue: "inbox",
  mentions: "at",
  snoozed: "clock",
  all: "talk",
  bot: "bot",
  closed: "archive",
};

/** The left edge: every list with its count, the teams, and for supervisors the wall and the settings. */
export class Rail {
  #lists = h("ul", { class: "rail-list" });
  #teams = h("ul", { class: "rail-list", "aria-labelledby": "rail-teams" });
  #teamsTitle = h("h2", { class: "rail-title", id: "rail-teams" }, "Teams");
  #pages = h("ul", { class: "rail-list rail-pages" });
  element = h("nav", { class: "rail", "aria-label": "Lists" }, this.#lists, this.#teamsTitle, this.#teams, this.#pages);
  #drawn = "";

  /** @param {import("./desk.js").Desk} desk @param {import("./seen.js").Seen} seen @param {import("./route.js").Route} route */
  constructor(desk, seen, route) {
    this.desk = desk;
    this.seen = seen;
    this.route = route;
    desk.countsChanged.on(() => this.draw());
    desk.listChanged.on(() => this.draw());
    desk.setup.changed.on(() => this.draw());
    route.changed.on(() => this.draw());
    this.draw();
  }

  /** The link of the list that is shown. */
  focus() {
    const current = this.element.querySelector("[aria-current]");
    if (current instanceof HTMLElement) current.focus();
  }

  draw() {
    const { counts, setup, lists, supervises } = this.desk;
    const { place } = this.route;
    const mine = lists.rows(where("mine")).filter((summary) => this.seen.unread(summary)).length;
    const teams = [...setup.now.teams].sort((a, b) => {
      const own = Number(b.members.includes(this.desk.user.id)) - Number(a.members.includes(this.desk.user.id));
      return own || a.name.localeCompare(b.name);
    });
    const drawn = JSON.stringify([counts, mine, place.page, listKey(place.where), teams, supervises]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.element.contains(document.activeElement)
      ? document.activeElement?.getAttribute("data-rail")
      : null;
    fill(
      this.#lists,
      VIEWS.map((view) =>
        this.#link({
          name: view,
          href: placeHash(where(view)),
          symbol: icon(ICONS[view]),
          words: VIEW_NAMES[view],
          count: counts[/** @type {"mine"} */ (view)],
          current: !place.page && place.where.view === view,
          unread: view === "mine" ? mine : view === "mentions" ? counts.mentions : 0,
        }),
      ),
    );
    fill(
      this.#teams,
      teams.map((team) =>
        this.#link({
          name: `team:${team.id}`,
          href: placeHash(where("team", { team: team.id })),
          symbol: h("span", { class: "team-mark", "aria-hidden": "true" }, team.name.slice(0, 1).toUpperCase()),
          words: team.name,
          count: counts.teams?.[team.id] ?? 0,
          current: !place.page && place.where.view === "team" && place.where.team === team.id,
        }),
      ),
    );
    this.#teamsTitle.hidden = this.#teams.hidden = !teams.length;
    fill(
      this.#pages,
      supervises &&
        this.#link({
          name: "wall",
          href: pageHash("wall"),
          symbol: icon("wall"),
          words: "Live wall",
          current: place.page === "wall",
        }),
      supervises &&
        this.#link({
          name: "settings",
          href: pageHash("settings", "teams"),
          symbol: icon("gear"),
          words: "Settings",
          current: place.page === "settings",
        }),
    );
    if (focused)
      /** @type {HTMLElement|null} */ (this.element.querySelector(`[data-rail="${CSS.escape(focused)}"]`))?.focus();
  }

  /**
   * @param {{name: string, href: string, symbol: Node, words: string, count?: number, current: boolean, unread?: number}} link
   */
  #link({ name, href, symbol, words, count, current, unread = 0 }) {
    return h(
      "li",
      null,
      h(
        "a",
        {
          href,
          "data-rail": name,
          "data-view": name,
          "aria-current": current ? "page" : null,
          "data-some": Boolean(count),
          title: words,
        },
        symbol,
        h("span", { class: "rail-words" }, words),
        unread > 0 && h("span", { class: "unread" }, hidden(`, ${unread} unread`)),
        count !== undefined && h("span", { class: "count" }, hidden(", "), count > 999 ? "999+" : String(count)),
      ),
    );
  }
}
