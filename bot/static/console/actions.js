// @ts-check
import { ApiError, ownerInWords } from "./api.js";
import { noteField, openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { Signal } from "./signal.js";

/** @typedef {import("./types.js").Summary} Summary */

/** @type {[string, string, string][]} */
const OUTCOMES = [
  ["solved", "Solved", "The customer has what they needed."],
  ["not_solved", "Not solved", "We could not help this time."],
  ["product_fault", "Product fault", "Something about the product is wrong."],
  ["duplicate", "Duplicate", "The same matter is handled elsewhere."],
  ["spam", "Spam", "Not a customer's question."],
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
    return { claim: summary?.owner === "queue", write: mine, release: mine, handBack: mine, close: mine };
  }

  /** Claims who waits in front; when a colleague was faster, the next. */
  takeNext() {
    return this.#once(async () => {
      for (let tries = 0; tries < TRIES; tries++) {
        const {
          conversations: [first],
        } = await this.desk.api.list("queue");
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

  /** @param {Summary} summary */
  claim(summary) {
    if (!this.can(summary).claim) return undefined;
    return this.#once(async () => {
      try {
        await this.#claimed(summary);
      } catch (error) {
        if (!(error instanceof ApiError) || (error.code !== "stale" && error.code !== "closed")) throw error;
        const late =
          error.code === "closed"
            ? "It was closed a moment ago."
            : `You were a moment late: it is with ${ownerInWords(error.owner)}.`;
        const inQueue = error.owner === "queue" || /** @type {any} */ (error.owner)?.owner === "queue";
        this.announcer.toast(inQueue ? "It changed a moment ago. Please claim it again." : late, "trouble");
        await Promise.all([this.desk.thread(summary.id), this.desk.loadList()]);
      }
    });
  }

  /** @param {Summary} summary */
  async #claimed(summary) {
    const { conversation } = await this.desk.api.claim(summary);
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
      fields: [noteField("Note", "For colleagues who may read on. The customer does not see it.", { autofocus: true })],
      run: (data) =>
        this.#give(summary, "Handed back to the bot.", () => this.desk.api.handBack(summary.id, noteOf(data))),
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
        this.#give(summary, "Returned to the queue.", () => this.desk.api.release(summary.id, noteOf(data))),
    });
  }

  /** @param {Summary} summary */
  close(summary) {
    if (!this.can(summary).close) return;
    const choices = h(
      "fieldset",
      { class: "choices" },
      h("legend", null, "How did it end?"),
      OUTCOMES.map(([value, label, help], index) =>
        h(
          "label",
          { class: "choice" },
          h("input", { type: "radio", name: "outcome", value, autofocus: index === 0 }),
          h("span", null, h("strong", null, label), h("span", { class: "quiet small" }, help)),
        ),
      ),
    );
    openDialog({
      name: "close",
      title: "Close the conversation",
      submit: "Close it",
      fields: [choices, noteField("Note", "For the record. The customer does not see it.")],
      run: (data) => {
        // None is chosen beforehand: reports would believe it.
        const outcome = data.get("outcome");
        if (!outcome) throw new Error("Please choose how it ended.");
        return this.#give(summary, "Closed.", () => this.desk.api.close(summary.id, String(outcome), noteOf(data)));
      },
    });
  }

  /** A note on a conversation that somebody else has. @param {Summary} summary */
  note(summary) {
    openDialog({
      name: "note",
      title: "Add a private note",
      text: "Only staff see this.",
      submit: "Add note",
      fields: [
        noteField("Note", "It stands in the conversation for whoever looks after it.", {
          autofocus: true,
          required: true,
        }),
      ],
      run: (data) => {
        if (!noteOf(data)) throw new Error("Please write something first.");
        this.outbox.add(summary.id, "note", noteOf(data));
      },
    });
  }

  /** @param {Summary} summary @param {string} done @param {() => Promise<{conversation: Summary}>} call */
  async #give(summary, done, call) {
    try {
      const answer = await call();
      if (answer?.conversation) this.desk.take(answer.conversation);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "stale") throw error;
      void this.desk.thread(summary.id).catch(() => {});
      throw new Error(`It is with ${ownerInWords(error.owner)} now, so nothing was changed.`);
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
function noteOf(data) {
  return String(data.get("note") ?? "").trim();
}
