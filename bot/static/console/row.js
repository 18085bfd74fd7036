// @ts-check
import { dueChip, ownerWords, priorityMark, routeChip, tagChips, waitTime } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash } from "./route.js";
import { wakes } from "./time.js";

/** @typedef {import("./types.js").Summary} Summary */

const TAGS_SHOWN = 3;

/** One conversation in the list: a link, so that it opens in a new tab too. */
export class Row {
  #link = h("a", { class: "row", "data-row": "" });
  element = h("li", null, this.#link);
  /** What is drawn, to draw only what changed. */
  #drawn = "";

  /**
   * @param {Summary} summary
   * @param {{where: import("./route.js").Where, name: string, team: string, open: boolean, unread: boolean,
   *   missed: number, me: string, tabbable: boolean}} state
   */
  update(summary, state) {
    const link = this.#link;
    link.tabIndex = state.tabbable ? 0 : -1;
    const drawn = JSON.stringify([summary, { ...state, tabbable: 0 }]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    link.href = placeHash(state.where, summary.id);
    link.dataset.conversation = summary.id;
    link.toggleAttribute("data-unread", state.unread);
    if (state.open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const open = summary.owner === "queue" || summary.owner === "agent";
    fill(
      link,
      h(
        "span",
        { class: "row-top" },
        state.unread && h("span", { class: "unread" }, hidden("Unread. ")),
        h("span", { class: "row-name" }, state.name),
        routeChip(summary.why),
        waitTime(summary),
      ),
      h(
        "span",
        { class: "row-text" },
        state.missed > 0 &&
          h("span", { class: "missed", title: "Came while you were away" }, `${state.missed} new while away`),
        lastWords(summary, state.me),
      ),
      h(
        "span",
        { class: "row-foot" },
        icon(
          summary.owner === "bot"
            ? "bot"
            : summary.owner === "closed"
              ? "check"
              : summary.owner === "queue"
                ? "queue"
                : "person",
        ),
        h("span", { class: "row-owner" }, inPlace(summary, state)),
        summary.mentions?.includes(state.me) && h("span", { class: "mention-mark" }, icon("at"), "You"),
        summary.via === "mail" && h("span", { class: "tag" }, "Mail"),
        h(
          "span",
          { class: "row-marks" },
          open && priorityMark(summary.priority),
          summary.rating && ratingMark(summary.rating.csat),
          summary.snoozed_until
            ? h(
                "span",
                { class: "due", "data-due-state": "fine" },
                icon("clock"),
                `until ${wakes(summary.snoozed_until)}`,
              )
            : open && dueChip(summary.due),
        ),
      ),
      tagChips(summary.tags, TAGS_SHOWN),
    );
  }

  focus() {
    this.#link.focus();
  }
}

/**
 * Who has it; in a list where that goes without saying, the team.
 * @param {Summary} summary @param {{where: import("./route.js").Where, me: string, team: string}} state
 */
function inPlace(summary, { where, me, team }) {
  if (team && (where.view === "mine" || where.view === "queue")) return team;
  return ownerWords(summary, me, where.view === "team" ? "" : team);
}

/** @param {number} csat */
export function ratingMark(csat) {
  return h("span", { class: "rating" }, icon("star"), hidden("Rated "), `${csat} of 5`);
}

/** @param {Summary} summary @param {string} me */
function lastWords(summary, me) {
  const last = summary.last;
  if (!last) return h("span", { class: "quiet" }, "Nothing said yet");
  const sender =
    last.from === "bot" ? "Bot: " : last.from !== "agent" ? "" : summary.agent?.id === me ? "You: " : "Agent: ";
  return [sender && h("span", { class: "quiet" }, sender), last.from === "bot" ? plain(last.text) : last.text];
}

/** A bot's Markdown as a preview: without its signs. @param {string} markdown */
export function plain(markdown) {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|`/g, "")
    .replace(/^[#>\s-]+/gm, "")
    .replace(/\s+/g, " ");
}
