// @ts-check
import { Collision } from "./collision.js";
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
  /** A note is written in a conversation that is somebody else's. */
  #noting = false;

  /**
   * @param {object} parts
   * @param {import("./desk.js").Desk} parts.desk
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./seen.js").Seen} parts.seen
   * @param {import("./actions.js").Actions} parts.actions
   * @param {import("./announcer.js").Announcer} parts.announcer
   * @param {() => import("./commands.js").Command[]} parts.commands
   * @param {() => void} parts.macros
   * @param {() => void} parts.toggleContext
   */
  constructor({ desk, outbox, drafts, seen, actions, announcer, commands, macros, toggleContext }) {
    this.desk = desk;
    this.outbox = outbox;
    this.seen = seen;
    this.actions = actions;
    this.announcer = announcer;
    this.heading = new Heading(desk, commands, toggleContext);
    this.log = new Log(this.#reader(), () => this.#markSeen());
    this.collision = new Collision(desk);
    this.composer = new Composer({
      drafts,
      outbox,
      desk,
      announcer,
      macros,
      typing: (typing) => this.collision.typing(typing),
    });
    this.standing = new Standing(actions, drafts, () => this.writeNote());
    this.#body.append(
      this.heading.element,
      this.log.element,
      this.collision.element,
      this.standing.element,
      this.composer.element,
    );
    this.#takeDrops();
    desk.recordsAdded.on(({ id, added }) => {
      outbox.settle(
        id,
        added.map((record) => record.id),
      );
      if (id !== this.#id) return;
      // The first load is shown as a whole when it has come.
      if (!this.#body.hidden) this.log.add(added, desk.away.from(id));
      for (const { event, of } of added) {
        const changed = of && (event === "edited" || event === "deleted") ? desk.known(id)?.at(of) : undefined;
        if (changed) this.log.again(changed);
      }
      if (added.some(({ from }) => from === "customer") && this.summary && desk.lists.isMine(this.summary))
        void this.composer.knowledge.suggest(this.summary);
      this.#markSeen();
    });
    desk.setup.changed.on(() => this.#draw());
    desk.summaryChanged.on((summary) => summary.id === this.#id && this.#draw());
    desk.packetChanged.on(({ id }) => id === this.#id && this.#draw());
    desk.away.missed.on(() => this.#markSeen());
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
    if (this.#id) this.desk.away.read(this.#id);
    this.#id = id;
    this.desk.open = id;
    this.#noting = false;
    this.collision.show(id);
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

  /** Opens the field for a note, also in a conversation that is somebody else's. */
  writeNote() {
    if (!this.summary) return;
    this.#noting = true;
    this.#draw();
    this.composer.focus("note");
  }

  #reveal() {
    const thread = this.desk.known(/** @type {string} */ (this.#id));
    if (!thread) return;
    this.#empty.hidden = true;
    this.#body.hidden = false;
    this.#draw();
    const id = /** @type {string} */ (this.#id);
    this.log.replace(id, thread.records, this.desk.away.from(id));
    this.outbox.settle(
      id,
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
    this.heading.draw(summary, this.desk.nameOf(summary));
    this.composer.show(mine || this.#noting ? summary : null, !mine);
    this.standing.show(mine ? null : summary);
    this.log.own(mine);
    // Who was writing when it went to somebody else must not lose their place.
    if (wrote && this.composer.element.hidden) this.heading.focus();
  }

  /** @returns {import("./record-item.js").Reader} */
  #reader() {
    const { setup, api, user } = this.desk;
    const amend = (/** @type {number} */ seq, /** @type {string} */ how, /** @type {object} */ fields) =>
      api.act(/** @type {string} */ (this.#id), `messages/${seq}/${how}`, { ...fields }).catch((error) => {
        this.announcer.toast(error.message, "trouble");
        throw error;
      });
    const propose = (/** @type {number} */ seq) =>
      api.propose(/** @type {string} */ (this.#id), seq).then(
        ({ created, question }) =>
          this.announcer.toast(
            created ? `The editors have a draft of it now: “${question}”` : `It is a draft already: “${question}”`,
          ),
        (error) => this.announcer.toast(error.message, "trouble"),
      );
    return {
      propose,
      me: user.id,
      team: (id) => setup.teamName(id) || "another team",
      agent: (id) => (id === user.id ? user.name : setup.agentName(id)),
      amend: { edit: (seq, text) => amend(seq, "edit", { text }), remove: (seq) => amend(seq, "delete", {}) },
    };
  }

  /** Files dropped anywhere on the conversation go with the next message. */
  #takeDrops() {
    const over = (/** @type {DragEvent} */ event) => {
      if (this.composer.element.hidden || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.#body.toggleAttribute("data-drop", true);
    };
    this.#body.addEventListener("dragover", over);
    this.#body.addEventListener("dragleave", (event) => {
      if (!this.#body.contains(/** @type {Node|null} */ (event.relatedTarget))) this.#body.removeAttribute("data-drop");
    });
    this.#body.addEventListener("drop", (event) => {
      this.#body.removeAttribute("data-drop");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this.composer.drop(event.dataTransfer.files);
    });
  }

  #drawOutgoing() {
    if (!this.#id || this.#body.hidden) return;
    const id = this.#id;
    this.log.outgoing(this.outbox.of(id), (item) => ({
      retry: () => this.outbox.retry(id),
      edit: () => {
        this.outbox.discard(item.id);
        this.composer.edit(item);
        this.#draw();
      },
    }));
  }

  #markSeen() {
    if (!this.#id || document.hidden || this.#body.hidden || !this.log.atEnd || this.element.offsetParent === null)
      return;
    const seq = this.desk.known(this.#id)?.seq ?? 0;
    const missed = this.desk.away.count(this.#id) > 0;
    this.desk.away.read(this.#id);
    if ((seq && this.seen.mark(this.#id, seq)) || missed) this.desk.listChanged.emit();
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
