// @ts-check
import { ownerWords, routeChip, shortPage, waitTime } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash } from "./route.js";

/** @typedef {import("./types.js").Summary} Summary */

/** One conversation in the list: a link, so that it opens in a new tab too. */
export class Row {
  #link = h("a", { class: "row", "data-row": "" });
  element = h("li", null, this.#link);
  /** What is drawn, to draw only what changed. */
  #drawn = "";

  /**
   * @param {Summary} summary
   * @param {{view: import("./types.js").View, name: string, open: boolean, unread: boolean, me: string, tabbable: boolean}} state
   */
  update(summary, state) {
    const link = this.#link;
    link.tabIndex = state.tabbable ? 0 : -1;
    const drawn = JSON.stringify([summary, state.view, state.name, state.open, state.unread]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    link.href = placeHash(state.view, summary.id);
    link.dataset.conversation = summary.id;
    link.toggleAttribute("data-unread", state.unread);
    if (state.open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
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
      h("span", { class: "row-text" }, lastWords(summary, state.me)),
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
        h("span", null, ownerWords(summary, state.me)),
        summary.page && h("span", { class: "row-page" }, shortPage(summary.page)),
      ),
    );
  }

  focus() {
    this.#link.focus();
  }
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
function plain(markdown) {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|`/g, "")
    .replace(/^[#>\s-]+/gm, "")
    .replace(/\s+/g, " ");
}
