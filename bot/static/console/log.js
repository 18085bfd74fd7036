// @ts-check
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { awayItem, messageItem, outgoingItem, recordItems } from "./record-item.js";

/** @typedef {import("./types.js").Record} Record */

const NEAR_PX = 80;
const HIGHLIGHT_MS = 2600;
/** Someone who types says so again every few seconds; silence means stopped. */
const TYPING_MS = 6000;

/** What was said, and below it what is on its way. */
export class Log {
  #records = h("ol", { class: "records", "data-testid": "records" });
  #outgoing = h("ol", { class: "records" });
  #typing = h(
    "p",
    { class: "typing", hidden: true },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", { class: "who" }),
  );
  #scroller = h(
    "div",
    { class: "log-scroll", role: "log", "aria-label": "What was said", tabindex: "0", "data-testid": "log" },
    this.#records,
    this.#outgoing,
    this.#typing,
  );
  #newer = h(
    "button",
    { class: "newer", type: "button", hidden: true, onclick: () => this.toEnd(true) },
    icon("down"),
    "New messages",
  );
  element = h("div", { class: "log" }, this.#scroller, this.#newer);
  /** @type {Record|undefined} */
  #last;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #typingTimer;
  #stuck = true;

  /**
   * @param {import("./record-item.js").Reader} reader
   * @param {() => void} readToEnd called when the newest record is in sight
   */
  constructor(reader, readToEnd) {
    this.reader = reader;
    this.readToEnd = readToEnd;
    this.#scroller.addEventListener(
      "scroll",
      () => {
        this.#stuck = this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < NEAR_PX;
        if (!this.#stuck) return;
        this.#newer.hidden = true;
        this.readToEnd();
      },
      { passive: true },
    );
    // A keyboard that opens, a composer that grows, an image: who was at the end stays there.
    new ResizeObserver(() => this.#stuck && this.toEnd()).observe(this.#scroller);
  }

  get atEnd() {
    return this.#stuck;
  }

  /** Whose own messages can be changed: only who has the conversation can do that. @param {boolean} mine */
  own(mine) {
    this.element.toggleAttribute("data-mine", mine);
  }

  clear() {
    this.#last = undefined;
    this.#records.replaceChildren();
    this.#outgoing.replaceChildren();
    this.#newer.hidden = true;
    this.typing(false, "");
  }

  /**
   * Shows a conversation from its start, without reading it all aloud.
   * @param {string} conversation @param {Record[]} records
   * @param {number} [away] the last one that was known when the line went down
   */
  replace(conversation, records, away) {
    this.clear();
    this.#records.dataset.conversation = conversation;
    this.#scroller.setAttribute("aria-live", "off");
    this.#append(records, away);
    this.toEnd();
    setTimeout(() => this.#scroller.removeAttribute("aria-live"), 500);
  }

  /** @param {Record[]} records @param {number} [away] as of `replace` */
  add(records, away) {
    if (records.some(({ from }) => from === "customer")) this.typing(false, "");
    this.#append(records, away);
    if (this.#stuck) this.toEnd();
    else if (records.some(({ kind }) => kind !== "internal")) this.#newer.hidden = false;
  }

  /**
   * @param {import("./outbox.js").Outgoing[]} items
   * @param {(item: import("./outbox.js").Outgoing) => {retry: () => void, edit: () => void}} actions
   */
  outgoing(items, actions) {
    const grew = items.length > this.#outgoing.childElementCount;
    fill(
      this.#outgoing,
      items.map((item) => outgoingItem(item, actions(item))),
    );
    if (grew || this.#stuck) this.toEnd();
  }

  /** @param {boolean} typing @param {string} who */
  typing(typing, who) {
    clearTimeout(this.#typingTimer);
    this.#typing.hidden = !typing;
    if (!typing) return;
    fill(/** @type {Element} */ (this.#typing.lastElementChild), `${who} is typing`);
    this.#typingTimer = setTimeout(() => this.typing(false, ""), TYPING_MS);
    if (this.#stuck) this.toEnd();
  }

  toEnd(smoothly = false) {
    this.#stuck = true;
    this.#newer.hidden = true;
    this.#scroller.scrollTo({
      top: this.#scroller.scrollHeight,
      behavior: smoothly && !reducedMotion() ? "smooth" : "instant",
    });
    this.readToEnd();
  }

  /** Brings records into sight and marks them for a moment; the first takes the focus. @param {number[]} seqs */
  highlight(seqs) {
    const found = seqs
      .map((seq) => this.#records.querySelector(`[data-seq="${Number(seq)}"]`))
      .filter((item) => item instanceof HTMLElement);
    for (const item of this.#records.querySelectorAll("[data-lit]")) item.removeAttribute("data-lit");
    for (const item of found) {
      item.setAttribute("data-lit", "");
      setTimeout(() => item.removeAttribute("data-lit"), HIGHLIGHT_MS);
    }
    found[0]?.scrollIntoView({ block: "center", behavior: reducedMotion() ? "instant" : "smooth" });
    found[0]?.focus({ preventScroll: true });
    return found.length > 0;
  }

  focus() {
    this.#scroller.focus();
  }

  /** Draws a record again that was changed or taken back. @param {Record} record */
  again(record) {
    const item = this.#records.querySelector(`[data-seq="${record.seq}"]`);
    if (!(item instanceof HTMLElement)) return;
    const fresh = messageItem(record, undefined, this.reader);
    fresh.toggleAttribute("data-together", item.hasAttribute("data-together"));
    const had = item.contains(document.activeElement);
    item.replaceWith(fresh);
    if (had) fresh.focus();
  }

  /** @param {Record[]} records @param {number} [away] */
  #append(records, away) {
    for (const record of records) {
      const items = recordItems(record, this.#last, this.reader);
      const missed = away !== undefined && away > 0 && record.seq > away && items.length > 0;
      if (missed && !this.#records.querySelector(".away")) this.#records.append(awayItem());
      this.#records.append(...items);
      if (items.length) this.#last = record;
    }
  }
}

export function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
