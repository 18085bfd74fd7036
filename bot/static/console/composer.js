// @ts-check
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./outbox.js").Kind} Kind */

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
  });
  #reply = h("input", { type: "radio", name: "kind", value: "message", onchange: () => this.#switch("message") });
  #note = h("input", { type: "radio", name: "kind", value: "note", onchange: () => this.#switch("note") });
  #hint = h("span", { class: "composer-hint", id: "composer-hint" });
  #count = h("span", { class: "composer-count", role: "status" });
  #send = h("button", { class: "button primary", type: "submit", "data-action": "send" });
  element = h(
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
    h(
      "fieldset",
      { class: "segments" },
      h("legend", { class: "visually-hidden" }, "What you write"),
      h("label", null, this.#reply, h("span", null, "Reply")),
      h("label", null, this.#note, h("span", null, icon("lock"), "Private note")),
    ),
    this.#text,
    h("div", { class: "composer-foot" }, this.#hint, this.#count, this.#send),
  );
  /** @type {Kind} */
  #kind = "message";
  /** @type {string|null} */
  #conversation = null;
  #toldTyping = 0;

  /**
   * @param {import("./drafts.js").Drafts} drafts
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./api.js").Api} api
   */
  constructor(drafts, outbox, api) {
    this.drafts = drafts;
    this.outbox = outbox;
    this.api = api;
  }

  /** @param {string|null} conversation null hides it */
  show(conversation) {
    this.element.hidden = conversation === null;
    if (conversation === this.#conversation) return;
    this.#conversation = conversation;
    this.#toldTyping = 0;
    if (!conversation) return;
    const draft = this.drafts.get(conversation);
    this.#text.value = draft.text;
    this.#setKind(draft.kind);
    this.#measure();
  }

  /** @param {Kind} kind */
  focus(kind) {
    this.#switch(kind);
    this.#text.focus();
  }

  /** Takes a message that was not sent back into the hand. @param {import("./outbox.js").Outgoing} item */
  edit(item) {
    if (item.conversation !== this.#conversation) return;
    this.#text.value = this.#text.value.trim() ? `${item.text}\n${this.#text.value}` : item.text;
    this.#switch(item.kind);
    this.#measure();
    this.#text.focus();
  }

  #submit() {
    const text = this.#text.value.trim();
    if (!this.#conversation || !text || text.length > MAX_TEXT) {
      this.#text.focus();
      return;
    }
    this.#text.value = "";
    this.#save();
    this.#measure();
    this.#toldTyping = 0;
    this.outbox.add(this.#conversation, this.#kind, text);
    this.#text.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #changed() {
    this.#save();
    this.#measure();
    if (this.#kind === "message" && this.#text.value.trim()) this.#tellTyping();
  }

  /** The customer's page forgets it after six seconds, so silence is enough to stop. */
  #tellTyping() {
    const time = Date.now();
    if (!this.#conversation || time - this.#toldTyping < TYPING_EVERY_MS) return;
    this.#toldTyping = time;
    this.api.typing(this.#conversation, true).catch(() => {});
  }

  /** @param {Kind} kind */
  #switch(kind) {
    this.#setKind(kind);
    this.#save();
  }

  /** @param {Kind} kind */
  #setKind(kind) {
    const note = kind === "note";
    this.#kind = kind;
    this.#reply.checked = !note;
    this.#note.checked = note;
    this.element.dataset.writing = kind;
    this.#text.setAttribute("aria-label", note ? "Private note" : "Reply to the customer");
    this.#text.placeholder = note ? "A note for your colleagues…" : "Write to the customer…";
    this.#hint.textContent = note ? "Only staff see this." : "Enter sends, Shift + Enter starts a new line.";
    fill(this.#send, icon(note ? "lock" : "send"), note ? "Add note" : "Send", hidden(note ? "" : " the reply"));
  }

  #save() {
    if (this.#conversation) this.drafts.set(this.#conversation, { kind: this.#kind, text: this.#text.value });
  }

  #measure() {
    const left = MAX_TEXT - this.#text.value.trim().length;
    this.#count.textContent = left > 200 ? "" : left < 0 ? `${-left} too many` : `${left} left`;
    this.#count.toggleAttribute("data-over", left < 0);
    this.#send.setAttribute("aria-disabled", String(left < 0 || left === MAX_TEXT));
    // Where the browser cannot size the field by its content.
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight + 2, 220)}px`;
  }
}
