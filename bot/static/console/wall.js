// @ts-check
import { dueChip, waitTime } from "./chip.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash, where } from "./route.js";
import { clock, lasted, urgency, waited } from "./time.js";

/** @typedef {import("./types.js").Wall} Wall */

const EVERY_MS = 15_000;
/** Several changes in a row are one reading. */
const SETTLE_MS = 600;
const STATUS = { online: "Online", away: "Away", offline: "Not here" };

/** The supervisors' page: who waits, who is at work, what is about to be late. */
export class WallPage {
  #title = h("h2", { tabindex: "-1" }, "Live wall");
  #at = h("p", { class: "quiet small" });
  #body = h("div", { class: "wall", "data-testid": "wall" });
  element = h(
    "main",
    { class: "page-pane", hidden: true },
    h("header", { class: "page-head" }, this.#title, this.#at),
    this.#body,
  );
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #beat;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #soon;

  /**
   * @param {import("./desk.js").Desk} desk @param {import("./actions.js").Actions} actions
   * @param {import("./arrange.js").Arrange} arrange
   */
  constructor(desk, actions, arrange) {
    this.desk = desk;
    this.actions = actions;
    this.arrange = arrange;
    const later = () => {
      if (this.element.hidden) return;
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => this.#read(), SETTLE_MS);
    };
    desk.summaryChanged.on(later);
    desk.countsChanged.on(later);
    desk.setup.changed.on(later);
  }

  /** @param {boolean} shown */
  show(shown) {
    if (shown === !this.element.hidden) return;
    this.element.hidden = !shown;
    clearInterval(this.#beat);
    if (!shown) return;
    this.#beat = setInterval(() => document.hidden || this.#read(), EVERY_MS);
    void this.#read();
  }

  focus() {
    this.#title.focus();
  }

  async #read() {
    try {
      const [wall, queue] = await Promise.all([this.desk.api.wall(), this.desk.api.list(where("queue"))]);
      for (const summary of queue.conversations) this.desk.lists.upsert(summary);
      this.#draw(wall, queue.conversations);
    } catch (error) {
      this.#at.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {Wall} wall @param {import("./types.js").Summary[]} queue */
  #draw(wall, queue) {
    const { today } = wall;
    this.#at.textContent = `As of ${clock(wall.at)}, kept up to date`;
    const focused = document.activeElement?.getAttribute("data-wall");
    const risk = wall.teams.reduce((sum, team) => sum + team.at_risk, 0);
    const late = wall.teams.reduce((sum, team) => sum + team.breached, 0);
    const here = wall.agents.filter(({ status }) => status === "online");
    fill(
      this.#body,
      h(
        "ul",
        { class: "tiles", "aria-label": "Now" },
        tile("Waiting", String(wall.waiting), wall.waiting ? "" : "Nobody waits"),
        tile(
          "Longest wait",
          wall.longest
            ? h("time", { "data-wait": wall.longest, "data-urgency": urgency(wall.longest) }, waited(wall.longest))
            : "–",
        ),
        tile("Targets at risk", String(risk), risk ? "Little time left" : "", risk ? "risk" : ""),
        tile("Targets missed", String(late), "", late ? "late" : ""),
        tile("Agents online", `${here.length}`, `of ${wall.agents.length}`),
      ),
      h(
        "div",
        { class: "wall-columns" },
        h(
          "section",
          { class: "card", "aria-labelledby": "wall-queue" },
          h("h3", { id: "wall-queue" }, "Who waits, due first"),
          queue.length
            ? h(
                "ul",
                { class: "wall-rows" },
                queue.map((one) => this.#row(one, "Assign")),
              )
            : h("p", { class: "quiet" }, "Nobody is waiting."),
        ),
        h(
          "section",
          { class: "card", "aria-labelledby": "wall-teams" },
          h("h3", { id: "wall-teams" }, "Teams"),
          table(
            ["Team", "Waiting", "Longest", "At risk", "Missed"],
            wall.teams.map((team) => [
              h(
                "a",
                { href: placeHash(where("team", { team: team.team })), "data-wall": `team ${team.team}` },
                this.desk.setup.teamName(team.team),
              ),
              String(team.waiting),
              team.longest ? h("time", { "data-wait": team.longest }, waited(team.longest)) : "–",
              mark(team.at_risk, "risk"),
              mark(team.breached, "late"),
            ]),
          ),
          h("h3", null, "Today"),
          h(
            "dl",
            { class: "facts" },
            fact("Came to people", today.arrived),
            fact("Answered", today.answered),
            fact("Closed", today.closed),
            fact(
              "First answer, median",
              today.first_response_median === null ? "–" : lasted(today.first_response_median),
            ),
            fact("Rating", today.csat === null ? "–" : `${today.csat} of 5`),
          ),
        ),
      ),
      h(
        "section",
        { "aria-labelledby": "wall-agents" },
        h("h3", { id: "wall-agents" }, "Agents"),
        h(
          "ul",
          { class: "agents" },
          [...wall.agents].sort(byPresence).map((agent) => this.#agent(agent)),
        ),
      ),
    );
    if (focused)
      /** @type {HTMLElement|null} */ (this.#body.querySelector(`[data-wall="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Wall["agents"][number]} agent */
  #agent(agent) {
    const full = agent.load >= agent.capacity;
    return h(
      "li",
      { class: "card agent", "data-agent": agent.id },
      h(
        "p",
        { class: "agent-head" },
        h("span", { class: "status-dot", "data-status": agent.status, "aria-hidden": "true" }),
        h("strong", { class: "grow" }, agent.name),
        h("span", { class: "quiet small" }, STATUS[agent.status]),
      ),
      h(
        "p",
        { class: "agent-load" },
        h("meter", {
          min: "0",
          max: String(Math.max(1, agent.capacity)),
          value: String(agent.load),
          "aria-label": `${agent.name}'s load`,
        }),
        h("span", { class: "small", "data-full": full }, `${agent.load} of ${agent.capacity}${full ? ", full" : ""}`),
      ),
      agent.conversations.length > 0 &&
        h(
          "ul",
          { class: "wall-rows" },
          agent.conversations.map((one) => this.#row(one, "Move")),
        ),
    );
  }

  /** @param {import("./types.js").Summary} summary @param {string} verb */
  #row(summary, verb) {
    const name = this.desk.nameOf(summary);
    return h(
      "li",
      { class: "wall-row" },
      h(
        "a",
        { href: placeHash(where("all"), summary.id), "data-wall": `open ${summary.id}`, title: summary.last?.text },
        name,
      ),
      waitTime(summary),
      dueChip(summary.due),
      h(
        "button",
        {
          class: "button small",
          type: "button",
          "data-wall": `assign ${summary.id}`,
          "data-action": "assign",
          onclick: () => this.arrange.transfer(summary),
        },
        verb,
        h("span", { class: "visually-hidden" }, ` ${name}`),
      ),
      !this.desk.lists.isMine(summary) &&
        h(
          "button",
          {
            class: "button small",
            type: "button",
            "data-wall": `take ${summary.id}`,
            "data-action": "take-over",
            onclick: () => this.actions.claim(summary),
          },
          icon("hand"),
          "Take",
          h("span", { class: "visually-hidden" }, ` ${name}`),
        ),
    );
  }
}

/** @param {string} label @param {string|Node} value @param {string} [help] @param {string} [state] */
function tile(label, value, help = "", state = "") {
  return h(
    "li",
    { class: "tile", "data-due-state": state || null },
    h("span", { class: "tile-label" }, label),
    h("span", { class: "tile-value" }, state && icon("alarm"), value),
    help && h("span", { class: "quiet small" }, help),
  );
}

/** @param {number} count @param {"risk"|"late"} state */
function mark(count, state) {
  return count ? h("span", { class: "due", "data-due-state": state }, icon("alarm"), String(count)) : "0";
}

/** @param {string} name @param {string|number} value */
function fact(name, value) {
  return [h("dt", null, name), h("dd", null, String(value))];
}

/** @param {string[]} head @param {(string|Node)[][]} rows */
function table(head, rows) {
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-labelledby": "wall-teams", "data-wall": "teams" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          head.map((words) => h("th", { scope: "col" }, words)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map(([first, ...rest]) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, first),
            rest.map((cell) => h("td", null, cell)),
          ),
        ),
      ),
    ),
  );
}

/** @param {import("./types.js").Agent} a @param {import("./types.js").Agent} b */
function byPresence(a, b) {
  const order = { online: 0, away: 1, offline: 2 };
  return order[a.status] - order[b.status] || b.load - a.load || a.name.localeCompare(b.name);
}
