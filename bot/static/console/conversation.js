// @ts-check
import { Composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { Heading } from "./heading.js";
import { icon } from "./icons.js";
import { Log } from "./log.js";
import { Standing } from "./standing.js";

/** @typedef {import("./types.js").Summary} Summary */

/** The middle column: one conversation. */
export class ConversationPane {
  #empty = h("div", { class: "empty" });
  #body = h("div", { class: "conversation", hidden: true });
  element = h("section", { class: "pane conversation-pane", "aria-label": "Conversation" }, this.#empty, this.#body);
  /** @type {string|null} */
  #id = null;

  /**
   * @param {object} parts
   * @param {import("./desk.js").Desk} parts.desk
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./seen.js").Seen} parts.seen
   * @param {import("./actions.js").Actions} parts.actions
   * @param {import("./announcer.js").Announcer} parts.announcer
   * @param {() => void} parts.toggleContext
   */
  constructor({ desk, outbox, drafts, seen, actions, announcer, toggleContext }) {
    this.desk = desk;
    this.outbox = outbox;
    this.seen = seen;
    this.actions = actions;
    this.announcer = announcer;
    this.heading = new Heading(actions, desk.user.id, toggleContext);
    this.log = new Log(desk.user.id, () => this.#markSeen());
    this.composer = new Composer(drafts, outbox, desk.api);
    this.standing = new Standing(actions, drafts);
    this.#body.append(this.heading.element, this.log.element, this.standing.element, this.composer.element);
    desk.recordsAdded.on(({ id, added }) => {
      outbox.settle(
        id,
        added.map((record) => record.id),
      );
      if (id !== this.#id) return;
      // The first load is shown as a whole when it has come.
      if (!this.#body.hidden) this.log.add(added);
      this.#markSeen();
    });
    desk.summaryChanged.on((summary) => summary.id === this.#id && this.#draw());
    desk.packetChanged.on(({ id }) => id === this.#id && this.#draw());
    desk.typing.on(({ conversation, from, typing }) => {
      if (conversation === this.#id) this.log.typing(typing, from === "bot" ? "The bot" : "The customer");
    });
    outbox.changed.on((id) => id === this.#id && this.#drawOutgoing());
    outbox.lost.on((id) => void desk.thread(id).catch(() => {}));
    outbox.accepted.on(({ conversation, seq }) => {
      // The stream brings the record itself; when it does not, we go and get it.
      setTimeout(() => (desk.known(conversation)?.seq ?? seq) < seq && desk.thread(conversation).catch(() => {}), 2500);
    });
    document.addEventListener("visibilitychange", () => this.#markSeen());
    this.#drawEmpty();
  }

  get summary() {
    return this.#id ? this.desk.lists.get(this.#id) : undefined;
  }

  /** @param {string|null} id */
  async show(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.desk.open = id;
    this.#body.hidden = true;
    this.#empty.hidden = false;
    this.composer.show(null);
    if (!id) return this.#drawEmpty();
    const known = this.desk.known(id);
    if (known) this.#reveal();
    else fill(this.#empty, h("p", { class: "loading" }, "One moment…"));
    try {
      await this.desk.thread(id);
      if (id === this.#id && this.#body.hidden) this.#reveal();
    } catch (error) {
      if (id !== this.#id || known) return;
      const gone = /** @type {import("./api.js").ApiError} */ (error).status === 404;
      fill(
        this.#empty,
        icon("warn"),
        h("h2", null, gone ? "This conversation is no longer here" : "It could not be read"),
        h("p", null, gone ? "It may have been archived." : /** @type {Error} */ (error).message),
        !gone &&
          h(
            "button",
            {
              class: "button",
              type: "button",
              onclick: () => {
                this.#id = null;
                void this.show(id);
              },
            },
            "Try again",
          ),
      );
    }
  }

  focus() {
    this.heading.focus();
  }

  #reveal() {
    const thread = this.desk.known(/** @type {string} */ (this.#id));
    if (!thread) return;
    this.#empty.hidden = true;
    this.#body.hidden = false;
    this.#draw();
    this.log.replace(thread.records);
    this.outbox.settle(
      /** @type {string} */ (this.#id),
      thread.records.map((record) => record.id),
    );
    this.#drawOutgoing();
    this.#markSeen();
  }

  #draw() {
    const { summary } = this;
    if (!summary || this.#body.hidden) return;
    const mine = this.desk.lists.isMine(summary);
    const wrote = this.composer.element.contains(document.activeElement);
    this.heading.draw(summary, this.desk.nameOf(summary), this.desk.view);
    this.composer.show(mine ? summary.id : null);
    this.standing.show(mine ? null : summary);
    // Who was writing when it went to somebody else must not lose their place.
    if (wrote && !mine) this.heading.focus();
  }

  #drawOutgoing() {
    if (!this.#id || this.#body.hidden) return;
    const id = this.#id;
    this.log.outgoing(this.outbox.of(id), (item) => ({
      retry: () => this.outbox.retry(id),
      edit: () => {
        this.outbox.discard(item.id);
        this.composer.edit(item);
      },
    }));
  }

  #markSeen() {
    if (!this.#id || document.hidden || this.#body.hidden || !this.log.atEnd || this.element.offsetParent === null)
      return;
    const seq = this.desk.known(this.#id)?.seq ?? 0;
    if (seq && this.seen.mark(this.#id, seq)) this.desk.listChanged.emit();
  }

  #drawEmpty() {
    fill(
      this.#empty,
      icon("talk"),
      h("h2", null, "Pick a conversation"),
      h("p", null, "Choose one from the list, or take who waits in front."),
      h(
        "p",
        { class: "quiet small" },
        h("kbd", null, "j"),
        " ",
        h("kbd", null, "k"),
        " move, ",
        h("kbd", null, "Enter"),
        " opens, ",
        h("kbd", null, "?"),
        " shows all keys",
      ),
    );
  }
}
