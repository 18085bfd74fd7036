// @ts-check
import { ApiError, ownerInWords } from "./api.js";
import { noteField, openDialog, radioField } from "./dialog.js";
import { h } from "./dom.js";
import { where } from "./route.js";
import { Signal } from "./signal.js";
import { routeOf } from "./why.js";

/** @typedef {import("./types.js").Summary} Summary */

const OUTCOMES = [
  { value: "solved", label: "Solved", help: "The customer has what they needed." },
  { value: "not_solved", label: "Not solved", help: "We could not help this time." },
  { value: "product_fault", label: "Product fault", help: "Something about the product is wrong." },
  { value: "duplicate", label: "Duplicate", help: "The same matter is handled elsewhere." },
  { value: "spam", label: "Spam", help: "Not a customer's question." },
];
const TRIES = 3;

/** What an agent can do with a conversation. Each lost race is told with the name of who was first. */
export class Actions {
  /** A conversation was given away by a dialog. @type {Signal<void>} */
  given = new Signal();
  #busy = false;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./route.js").Route} route
   * @param {import("./announcer.js").Announcer} announcer
   */
  constructor(desk, outbox, route, announcer) {
    this.desk = desk;
    this.outbox = outbox;
    this.route = route;
    this.announcer = announcer;
  }

  /** @param {Summary|undefined} summary */
  can(summary) {
    const mine = this.desk.lists.isMine(summary);
    const open = summary?.owner === "queue" || summary?.owner === "agent";
    const boss = this.desk.supervises;
    return {
      claim: summary?.owner === "queue" || summary?.owner === "bot",
      takeOver: boss && summary?.owner === "agent" && !mine,
      write: mine,
      release: mine,
      handBack: mine,
      close: mine,
      snooze: mine,
      merge: mine,
      macro: mine,
      transfer: mine || (boss && open),
      priority: mine || summary?.owner === "queue" || (boss && open),
      tag: summary !== undefined && summary.owner !== "closed",
    };
  }

  /** Claims who waits in front; when a colleague was faster, the next. */
  takeNext() {
    return this.#once(async () => {
      for (let tries = 0; tries < TRIES; tries++) {
        const {
          conversations: [first],
        } = await this.desk.api.list(where("queue"));
        if (!first) {
          this.announcer.toast("Nobody is waiting just now.");
          await this.desk.loadList();
          return;
        }
        try {
          await this.#claimed(first);
          return;
        } catch (error) {
          if (!(error instanceof ApiError) || error.code !== "stale") throw error;
        }
      }
      this.announcer.toast("Colleagues were faster each time. Please try once more.", "trouble");
    });
  }

  /** From the queue; from the bot only as it stands; from a colleague only by supervisors. @param {Summary} summary */
  claim(summary) {
    const { claim, takeOver } = this.can(summary);
    if (!claim && !takeOver) return undefined;
    return this.#once(async () => {
      try {
        await this.#claimed(summary, takeOver);
      } catch (error) {
        if (!(error instanceof ApiError) || (error.code !== "stale" && error.code !== "closed")) throw error;
        const late =
          error.code === "closed"
            ? "It was closed a moment ago."
            : `You were a moment late: it is with ${ownerInWords(error.owner)}.`;
        const { owner } = /** @type {any} */ (error.owner ?? {});
        const again = error.owner === "queue" || owner === summary.owner;
        this.announcer.toast(again ? "It changed a moment ago. Please claim it again." : late, "trouble");
        await Promise.all([this.desk.thread(summary.id), this.desk.loadList()]);
      }
    });
  }

  /** @param {Summary} summary @param {boolean} [force] */
  async #claimed(summary, force = false) {
    const { conversation } = await this.desk.api.claim(summary, force);
    this.desk.take(conversation);
    this.route.go("mine", conversation.id);
    this.announcer.say("The conversation is yours.");
  }

  /** @param {Summary} summary */
  handBack(summary) {
    if (!this.can(summary).handBack) return;
    openDialog({
      name: "handback",
      title: "Hand back to the bot",
      text: "The bot goes on from here and knows what was said.",
      submit: "Hand back",
      fields: [
        noteField("Note", "What was agreed. The bot goes by it, colleagues read it, the customer does not see it.", {
          autofocus: true,
        }),
      ],
      run: (data) =>
        this.give(summary, "Handed back to the bot.", () =>
          this.desk.api.act(summary.id, "handback", { note: noteOf(data) }),
        ),
    });
  }

  /** @param {Summary} summary */
  release(summary) {
    if (!this.can(summary).release) return;
    openDialog({
      name: "release",
      title: "Return to the queue",
      text: "It goes to the front, so the customer does not wait again from the start.",
      submit: "Return",
      fields: [
        noteField("Note", "What the next agent should know. The customer does not see it.", { autofocus: true }),
      ],
      run: (data) =>
        this.give(summary, "Returned to the queue.", () =>
          this.desk.api.act(summary.id, "release", { note: noteOf(data) }),
        ),
    });
  }

  /** @param {Summary} summary */
  close(summary) {
    if (!this.can(summary).close) return;
    const choices = radioField("outcome", "How did it end?", OUTCOMES);
    const { packet } = this.desk.known(summary.id) ?? {};
    const route = routeOf(summary.why)?.key ?? "";
    const text = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ help, value = "") =>
      h(
        "div",
        { class: "field" },
        h("label", { for: `close-${name}` }, label),
        h("input", { id: `close-${name}`, name, maxlength: "500", value, placeholder: help, autocomplete: "off" }),
      );
    // What support learns of products is worth asking for; elsewhere it would only be in the way.
    const details = h(
      "details",
      { class: "details", open: ["fault", "technical", "question"].includes(route) },
      h("summary", null, "Product, fault and cause"),
      text("product", "Product", "Which one", packet?.what?.product ?? ""),
      text("fault", "Fault", "What is wrong with it, as it shows"),
      text("cause", "Why", "What lies behind it"),
    );
    choices.addEventListener("change", (event) => {
      if (/** @type {HTMLInputElement} */ (event.target).value === "product_fault") details.open = true;
    });
    openDialog({
      name: "close",
      title: "Close the conversation",
      submit: "Close it",
      fields: [choices, details, noteField("Note", "For the record. The customer does not see it.")],
      run: (data) => {
        // None is chosen beforehand: reports would believe it.
        const outcome = data.get("outcome");
        if (!outcome) throw new Error("Please choose how it ended.");
        const told = Object.fromEntries(
          ["product", "fault", "cause"].map((name) => [name, String(data.get(name) ?? "").trim()]),
        );
        return this.give(summary, "Closed.", () =>
          this.desk.api.act(summary.id, "close", { outcome, ...told, note: noteOf(data) }),
        );
      },
    });
  }

  /**
   * Does something that gives a conversation away, and says so.
   * @param {Summary} summary @param {string} done @param {() => Promise<{conversation: Summary}>} call
   * @param {string} [late] what has become of it where somebody else was first
   */
  async give(summary, done, call, late = "so nothing was changed") {
    try {
      const answer = await call();
      if (answer?.conversation) this.desk.take(answer.conversation);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "stale") throw error;
      void this.desk.thread(summary.id).catch(() => {});
      throw new Error(`It is with ${ownerInWords(error.owner)} now, ${late}.`);
    }
    this.announcer.toast(done);
    this.given.emit();
    void this.desk.thread(summary.id).catch(() => {});
  }

  /** Two presses on Claim are one. @param {() => Promise<void>} work */
  async #once(work) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        this.announcer.toast(error instanceof Error ? error.message : "Something went wrong.", "trouble");
      }
    } finally {
      this.#busy = false;
    }
  }
}

/** @param {FormData} data */
export function noteOf(data) {
  return String(data.get("note") ?? "").trim();
}
