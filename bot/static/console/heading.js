// @ts-check
import { dueChip, ownerWords, priorityMark, routeChip, tagChips, waitTime } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash } from "./route.js";
import { dueWords, wakes } from "./time.js";

/** @typedef {import("./types.js").Summary} Summary */

/** The top of a conversation: who, why, since when, with whom, and what its agent can do. */
export class Heading {
  #back = h("a", { class: "icon-button back", "data-action": "back" }, icon("back"), hidden("Back to the list"));
  #title = h("h2", { class: "conversation-title", tabindex: "-1", id: "conversation-title" });
  #facts = h("p", { class: "conversation-facts" });
  #actions = h("div", { class: "conversation-actions", role: "group", "aria-label": "Actions" });
  #more = h("div", {
    class: "menu-panel actions-panel",
    id: "more-actions",
    popover: "auto",
    role: "group",
    "aria-label": "More actions",
  });
  #context = h(
    "button",
    {
      class: "button context-toggle",
      type: "button",
      "aria-controls": "context",
      "data-action": "context",
      onclick: () => this.toggleContext(),
    },
    icon("panel"),
    h("span", null, "Context"),
  );
  element = h(
    "header",
    { class: "conversation-head" },
    h(
      "div",
      { class: "conversation-who" },
      this.#back,
      h("div", { class: "grow" }, this.#title, this.#facts),
      this.#context,
    ),
    this.#actions,
    this.#more,
  );
  #drawn = "";

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {() => import("./commands.js").Command[]} commands what can be done with the open conversation
   * @param {() => void} toggleContext
   */
  constructor(desk, commands, toggleContext) {
    this.desk = desk;
    this.commands = commands;
    this.toggleContext = toggleContext;
  }

  /** @param {Summary} summary @param {string} name */
  draw(summary, name) {
    const { where, setup, user } = this.desk;
    this.#back.href = placeHash(where);
    const team = setup.teamName(summary.team);
    const drawn = JSON.stringify([{ ...summary, seq: 0, updated: 0 }, name, team]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#title.textContent = name;
    const open = summary.owner === "queue" || summary.owner === "agent";
    fill(
      this.#facts,
      routeChip(summary.why),
      h("span", { class: "owner", "data-owner": summary.owner }, ownerWords(summary, user.id, team)),
      open && summary.owner === "agent" && team && h("span", null, team),
      waitTime(summary),
      open && priorityMark(summary.priority),
      summary.snoozed_until
        ? h(
            "span",
            { class: "due", "data-due-state": "fine" },
            icon("clock"),
            `Asleep until ${wakes(summary.snoozed_until)}`,
          )
        : open && dueChip(summary.due),
      summary.answer_by &&
        summary.owner === "agent" &&
        h(
          "span",
          { class: "due", "data-due-state": "fine", title: "Without an answer it goes back to the queue" },
          icon("undo"),
          "answer: ",
          h(
            "time",
            { "data-due": summary.answer_by, "data-risk": summary.answer_by - 300 },
            dueWords(summary.answer_by),
          ),
        ),
      tagChips(summary.tags),
    );
    const active = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const held = [this.#actions, this.#more].find((group) => group.contains(active));
    const focused = active?.dataset.action;
    const commands = this.commands();
    fill(
      this.#actions,
      commands.filter(({ place }) => place === "bar").map(button),
      h(
        "button",
        {
          class: "icon-button more-actions",
          type: "button",
          popovertarget: "more-actions",
          "data-action": "more",
          title: "More",
        },
        icon("dots"),
        hidden("More actions"),
      ),
    );
    fill(
      this.#more,
      commands.filter(({ place }) => place === "more").map((command) => this.#item(command)),
    );
    this.#actions.hidden = false;
    if (!held || !focused) return;
    const again = held.querySelector(`[data-action="${focused}"]`);
    if (again instanceof HTMLElement) again.focus();
    else this.#title.focus();
  }

  /** @param {import("./commands.js").Command} command */
  #item({ id, title, key, symbol, run }) {
    return h(
      "button",
      {
        class: "menu-item",
        type: "button",
        "data-action": id,
        "aria-keyshortcuts": key ?? null,
        onclick: () => {
          this.#more.hidePopover();
          run();
        },
      },
      h("span", { class: "menu-words" }, symbol && icon(symbol), title),
      key && h("kbd", null, key),
    );
  }

  /** @param {boolean} open */
  contextOpen(open) {
    this.#context.setAttribute("aria-expanded", String(open));
  }

  focus() {
    this.#title.focus();
  }

  focusContextToggle() {
    this.#context.focus();
  }
}

/** @param {import("./commands.js").Command} command */
function button({ id, title, short, key, symbol, run }) {
  return h(
    "button",
    {
      class: "button",
      type: "button",
      "data-action": id,
      title: key ? `${title} (${key})` : title,
      "aria-keyshortcuts": key ?? null,
      "aria-label": short ? title : null,
      onclick: () => run(),
    },
    symbol && icon(symbol),
    short ?? title,
  );
}
