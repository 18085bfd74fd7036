// @ts-check
import { fill, h, hidden, isComposing } from "./dom.js";
import { icon } from "./icons.js";
import { Knowledge } from "./knowledge.js";
import { splitByNames } from "./names.js";
import { Picker } from "./picker.js";
import { filled, gap } from "./placeholders.js";
import { cannedReplies, colleagues } from "./sources.js";
import { ACCEPTED, Tray } from "./tray.js";

/** @typedef {import("./outbox.js").Kind} Kind */
/** @typedef {import("./types.js").Summary} Summary */

const MAX_TEXT = 2000;
const TYPING_EVERY_MS = 3000;

/** Where the agent writes: a reply to the customer or a private note. */
export class Composer {
  #text = h("textarea", {
    class: "composer-text",
    rows: "1",
    id: "composer-text",
    "aria-describedby": "composer-hint",
    enterkeyhint: "send",
    oninput: () => this.#changed(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    onpaste: (/** @type {ClipboardEvent} */ event) => this.#pasted(event),
  });
  #reply = h("input", { type: "radio", name: "kind", value: "message", onchange: () => this.#switch("message") });
  #note = h("input", { type: "radio", name: "kind", value: "note", onchange: () => this.#switch("note") });
  #segments = h(
    "fieldset",
    { class: "segments" },
    h("legend", { class: "visually-hidden" }, "What you write"),
    h("label", null, this.#reply, h("span", null, "Reply")),
    h("label", null, this.#note, h("span", null, icon("lock"), "Private note")),
  );
  #file = h("input", {
    type: "file",
    multiple: true,
    accept: ACCEPTED,
    hidden: true,
    "aria-label": "Files to send",
    onchange: () => {
      this.tray.add(this.#file.files ?? []);
      this.#file.value = "";
    },
  });
  #tools = h("div", { class: "composer-tools", role: "group", "aria-label": "Help with writing" });
  #hint = h("span", { class: "composer-hint", id: "composer-hint" });
  #count = h("span", { class: "composer-count", role: "status" });
  #send = h("button", { class: "button primary", type: "submit", "data-action": "send" });
  /** @type {Kind} */
  #kind = "message";
  /** What is written here; the field shows the part of the present kind. @type {import("./drafts.js").Draft} */
  #draft;
  /** @type {Summary|null} */
  #conversation = null;
  #toldTyping = 0;

  /**
   * @param {object} parts
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./desk.js").Desk} parts.desk
   * @param {import("./announcer.js").Announcer} parts.announcer
   * @param {() => void} parts.macros
   * @param {(typing: boolean) => void} parts.typing
   */
  constructor({ drafts, outbox, desk, announcer, macros, typing }) {
    this.drafts = drafts;
    this.#draft = drafts.get("");
    this.outbox = outbox;
    this.desk = desk;
    this.announcer = announcer;
    this.typing = typing;
    this.tray = new Tray(desk.api, announcer);
    this.knowledge = new Knowledge(desk.api, (text) => this.insert(text));
    this.picker = new Picker(
      this.#text,
      [
        cannedReplies(desk.setup, {
          when: () => this.#kind === "message",
          team: () => this.#conversation?.team,
          take: (text) => this.#insertCanned(text),
        }),
        colleagues(desk.setup, desk.user.id, () => this.#kind === "note"),
      ],
      announcer,
    );
    fill(
      this.#tools,
      tool("attach", "clip", "Attach files (a)", "a", () => this.attach()),
      tool("canned", "lines", "Canned replies (/)", "", () => this.#pickCanned()),
      tool("knowledge", "book", "Find an answer (f)", "f", () => this.findAnswer()),
      tool("macro", "bolt", "Run a macro (v)", "v", macros),
      tool("mention", "at", "Mention a colleague (@)", "", () => this.picker.start("@")),
    );
    this.element = h(
      "form",
      {
        class: "composer",
        "aria-label": "Write",
        hidden: true,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.knowledge.element,
      this.#segments,
      this.tray.element,
      h("div", { class: "composer-field" }, this.picker.element, this.#text),
      h("div", { class: "composer-foot" }, this.#tools, this.#file, this.#hint, this.#count, this.#send),
    );
    this.tray.changed.on(() => {
      this.#save();
      this.#measure();
    });
    this.tray.arrived.on(({ conversation, file }) => {
      const draft = this.#draftOf(conversation);
      draft.files = [...draft.files, file];
      this.drafts.set(conversation, draft);
    });
  }

  /**
   * @param {Summary|null} conversation null hides it @param {boolean} [notesOnly] it is somebody else's
   */
  show(conversation, notesOnly = false) {
    this.element.hidden = conversation === null;
    const same = conversation?.id === this.#conversation?.id && this.#segments.hidden === notesOnly;
    this.#conversation = conversation;
    if (same) return;
    this.#toldTyping = 0;
    this.knowledge.close();
    this.picker.close();
    if (!conversation) return this.tray.show("", []);
    this.#segments.hidden = notesOnly;
    this.#draft = this.drafts.get(conversation.id);
    // In a colleague's conversation the files wait in the draft, and with them what is on its way.
    this.tray.show(notesOnly ? "" : conversation.id, notesOnly ? [] : this.#draft.files);
    this.#setKind(notesOnly ? "note" : this.#draft.kind);
    if (!notesOnly) this.knowledge.suggest(conversation);
  }

  /** @param {Kind} kind */
  focus(kind) {
    this.#switch(this.#segments.hidden ? "note" : kind);
    this.#text.focus();
  }

  /** Takes a message that was not sent back into the hand. @param {import("./outbox.js").Outgoing} item */
  edit(item) {
    const { conversation, kind, text, files } = item;
    const open = conversation === this.#conversation?.id;
    const draft = this.#draftOf(conversation);
    draft[kind] = draft[kind].trim() ? `${text}\n${draft[kind]}` : text;
    if (files?.length) draft.files = files;
    this.drafts.set(conversation, draft);
    // It may be a colleague's by now: then a reply is kept until it is the agent's again.
    if (!open || (kind === "message" && this.#segments.hidden)) return;
    if (files?.length) this.tray.show(conversation, files);
    this.#switch(kind);
    this.#text.focus();
  }

  /** @param {string} conversation */
  #draftOf(conversation) {
    return conversation === this.#conversation?.id ? this.#draft : this.drafts.get(conversation);
  }

  /** Puts text where the caret is. @param {string} text */
  insert(text) {
    this.#text.focus();
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.#changed();
  }

  /** The first gap in it is chosen. @param {string} canned */
  #insertCanned(canned) {
    const { text, gaps } = filled(canned, this.#values());
    const from = this.#text.selectionStart;
    this.#draft.gaps = [...new Set([...this.#draft.gaps, ...gaps])];
    this.insert(text);
    const place = gap(this.#text.value, gaps, from);
    if (place) this.#text.setSelectionRange(...place);
  }

  attach() {
    if (!this.element.hidden && this.#kind === "message") this.#file.click();
  }

  findAnswer() {
    if (this.element.hidden || !this.#conversation) return;
    this.knowledge.open(this.#conversation);
  }

  /** @param {FileList|File[]} files */
  drop(files) {
    if (this.element.hidden || this.#segments.hidden) return;
    this.#switch("message");
    this.tray.add(files);
    this.#text.focus();
  }

  #submit() {
    const text = this.#text.value.trim();
    const { files } = this.tray;
    const note = this.#kind === "note";
    if (!this.#conversation || (!text && (note || !files.length)) || text.length > MAX_TEXT) return this.#text.focus();
    if (!note && this.tray.busy) return this.announcer.toast("One moment: a file is still on its way.");
    const left = note ? null : gap(this.#text.value, this.#draft.gaps);
    if (left) {
      this.#text.focus();
      this.#text.setSelectionRange(...left);
      return this.announcer.toast(`Please fill ${this.#text.value.slice(...left)} first.`, "trouble");
    }
    const mentions = note ? this.#mentions(text) : [];
    this.#text.value = "";
    if (!note) this.tray.show(this.#conversation.id, []);
    this.#save();
    this.#measure();
    this.#toldTyping = 0;
    this.typing(false);
    if (!note) this.desk.api.typing(this.#conversation.id, false).catch(() => {});
    this.outbox.add(this.#conversation.id, this.#kind, text, { files: note ? [] : files, mentions });
    this.#text.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter, Tab, arrows and Escape belong to an input method while it composes a character.
    if (isComposing(event) || this.picker.key(event)) return;
    if (event.key === "Tab" && !event.shiftKey && this.#nextGap()) return event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#submit();
  }

  /** Tab goes to the next gap of a canned reply; behind the last one it leaves the field as ever. */
  #nextGap() {
    if (this.#kind === "note") return false;
    const place = gap(this.#text.value, this.#draft.gaps, this.#text.selectionEnd);
    if (place) this.#text.setSelectionRange(...place);
    return place !== null;
  }

  #changed() {
    this.#save();
    this.#measure();
    if (this.#text.value.trim()) this.#tellTyping();
  }

  /** The customer's page forgets it after six seconds, so silence is enough to stop. */
  #tellTyping() {
    const time = Date.now();
    if (!this.#conversation || time - this.#toldTyping < TYPING_EVERY_MS) return;
    this.#toldTyping = time;
    this.typing(true);
    if (this.#kind === "message") this.desk.api.typing(this.#conversation.id, true).catch(() => {});
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = event.clipboardData?.files;
    if (!files?.length || this.#kind === "note") return;
    event.preventDefault();
    this.tray.add(files);
  }

  /** @param {Kind} kind */
  #switch(kind) {
    this.#setKind(kind);
    this.#save();
  }

  /** A reply and a note are written apart: what is meant for colleagues never stands in the customer's. @param {Kind} kind */
  #setKind(kind) {
    const note = kind === "note";
    this.#kind = kind;
    if (this.#text.value !== this.#draft[kind]) this.#text.value = this.#draft[kind];
    this.#reply.checked = !note;
    this.#note.checked = note;
    this.element.dataset.writing = kind;
    this.tray.element.toggleAttribute("data-off", note);
    this.#text.setAttribute("aria-label", note ? "Private note" : "Reply to the customer");
    this.#text.placeholder = note
      ? "A note for your colleagues, @ mentions one…"
      : "Write to the customer, / for canned replies…";
    this.#hint.textContent = note ? "Only staff see this." : "Enter sends, Shift + Enter: new line.";
    for (const button of this.#tools.children) {
      const { action } = /** @type {HTMLElement} */ (button).dataset;
      /** @type {HTMLElement} */ (button).hidden = note ? action !== "mention" : action === "mention";
    }
    fill(this.#send, icon(note ? "lock" : "send"), note ? "Add note" : "Send", hidden(note ? "" : " the reply"));
    this.#measure();
  }

  #save() {
    if (!this.#conversation) return;
    const text = this.#text.value;
    this.#draft[this.#kind] = text;
    if (!this.#draft.message) this.#draft.gaps = [];
    // In a colleague's conversation only a note is at hand: the reply and its files wait for the agent's turn.
    if (this.#segments.hidden) this.#draft.kind = text ? "note" : "message";
    else Object.assign(this.#draft, { kind: this.#kind, files: this.tray.files });
    this.drafts.set(this.#conversation.id, this.#draft);
  }

  #measure() {
    const left = MAX_TEXT - this.#text.value.trim().length;
    this.#count.textContent = left > 200 ? "" : left < 0 ? `${-left} too many` : `${left} left`;
    this.#count.toggleAttribute("data-over", left < 0);
    const empty = left === MAX_TEXT && !this.tray.files.length;
    this.#send.setAttribute("aria-disabled", String(left < 0 || empty));
    // Where the browser cannot size the field by its content.
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight + 2, 220)}px`;
  }

  #pickCanned() {
    if (this.desk.setup.now.canned.length) return this.picker.start("/");
    this.announcer.toast("There are no canned replies yet. A supervisor writes them in the settings.");
  }

  /** @param {string} text @returns {string[]} ids of those whose names stand in the note */
  #mentions(text) {
    const { agents } = this.desk.setup.now;
    const parts = splitByNames(
      text,
      agents.map(({ name }) => name),
    );
    const named = new Set(parts.filter((_, index) => index % 2));
    return agents.filter(({ name }) => named.has(`@${name}`)).map(({ id }) => id);
  }

  /** What the placeholders of canned replies stand for here. */
  #values() {
    const id = this.#conversation?.id ?? "";
    const thread = this.desk.known(id);
    return {
      "customer.name": this.#conversation?.name || thread?.person?.name,
      "agent.name": this.desk.user.name,
      shop: this.desk.setup.shop,
      order: thread?.packet?.what?.order,
      conversation: id,
    };
  }
}

/**
 * @param {string} action @param {import("./icons.js").IconName} name @param {string} label @param {string} key
 * @param {() => void} run
 */
function tool(action, name, label, key, run) {
  return h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "data-action": action,
      title: label,
      "aria-label": label.replace(/ \(.*/, ""),
      "aria-keyshortcuts": key || null,
      onclick: run,
    },
    icon(name),
  );
}
