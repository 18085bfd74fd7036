// @ts-check
import { ownerWords, routeChip, waitTime } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash } from "./route.js";

/** @typedef {import("./types.js").Summary} Summary */

/** The top of a conversation: who, why, since when, with whom, and what its agent can do. */
export class Heading {
  #back = h("a", { class: "icon-button back", "data-action": "back" }, icon("back"), hidden("Back to the list"));
  #title = h("h2", { class: "conversation-title", tabindex: "-1", id: "conversation-title" });
  #facts = h("p", { class: "conversation-facts" });
  #actions = h("div", { class: "conversation-actions", role: "group", "aria-label": "Actions" });
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
  );
  #drawn = "";

  /** @param {import("./actions.js").Actions} actions @param {string} me @param {() => void} toggleContext */
  constructor(actions, me, toggleContext) {
    this.actions = actions;
    this.me = me;
    this.toggleContext = toggleContext;
  }

  /**
   * @param {Summary} summary
   * @param {string} name
   * @param {import("./types.js").View} view
   */
  draw(summary, name, view) {
    this.#back.href = placeHash(view);
    const drawn = JSON.stringify([
      summary.id,
      summary.owner,
      summary.agent,
      summary.why,
      summary.waiting_since,
      summary.last?.at,
      name,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#title.textContent = name;
    fill(
      this.#facts,
      routeChip(summary.why),
      h("span", { class: "owner", "data-owner": summary.owner }, ownerWords(summary, this.me)),
      waitTime(summary),
    );
    const focused =
      document.activeElement instanceof HTMLElement && this.#actions.contains(document.activeElement)
        ? document.activeElement.dataset.action
        : null;
    const can = this.actions.can(summary);
    fill(
      this.#actions,
      can.handBack && button("handback", "bot", "Hand back", "b", () => this.actions.handBack(summary)),
      can.release &&
        button("release", "undo", "Return", "q", () => this.actions.release(summary), "Return to the queue"),
      can.close && button("close", "check", "Close", "e", () => this.actions.close(summary)),
    );
    this.#actions.hidden = !this.#actions.childElementCount;
    if (!focused) return;
    const again = this.#actions.querySelector(`[data-action="${focused}"]`);
    if (again instanceof HTMLElement) again.focus();
    else this.#title.focus();
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

/**
 * @param {string} action @param {import("./icons.js").IconName} name @param {string} label @param {string} key
 * @param {() => void} run @param {string} [long]
 */
function button(action, name, label, key, run, long = label) {
  return h(
    "button",
    {
      class: "button",
      type: "button",
      "data-action": action,
      title: `${long} (${key})`,
      "aria-keyshortcuts": key,
      "aria-label": long === label ? null : long,
      onclick: run,
    },
    icon(name),
    label,
  );
}
