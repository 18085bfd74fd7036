// @ts-check
import { fileUrl } from "./attachments.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { Signal } from "./signal.js";
import { sized } from "./time.js";

/** @typedef {import("./types.js").Attachment} Attachment */
/** @typedef {{file: {name: string, size: number, type: string}, conversation: string, share: number, done: Attachment|null, trouble: string, stop: AbortController}} Item */

const MOST = 5;
/** As in docs/attachments.md; the server has the last word. */
export const ACCEPTED = "image/png,image/jpeg,image/gif,image/webp,application/pdf";

/** The files that will go with the next message: on their way, there, or refused. */
export class Tray {
  /** Something is on its way, has come, or was taken out. @type {Signal<void>} */
  changed = new Signal();
  /** A file has come for a conversation that is no longer shown. @type {Signal<{conversation: string, file: Attachment}>} */
  arrived = new Signal();
  element = h("ul", { class: "tray", hidden: true, "aria-label": "Files to send" });
  /** @type {Item[]} */
  #items = [];
  /** What is on its way, for whichever conversation. @type {Set<Item>} */
  #coming = new Set();
  #conversation = "";

  /** @param {import("./api.js").Api} api @param {import("./announcer.js").Announcer} announcer */
  constructor(api, announcer) {
    this.api = api;
    this.announcer = announcer;
  }

  /** @returns {Attachment[]} those that are there */
  get files() {
    return this.#items.map(({ done }) => done).filter((file) => file !== null);
  }

  get busy() {
    return this.#items.some(({ done, trouble }) => !done && !trouble);
  }

  /**
   * Shows what was chosen for a conversation before; what is on its way to it goes on, shown or not.
   * @param {string} conversation @param {Attachment[]} files
   */
  show(conversation, files) {
    this.#conversation = conversation;
    const there = files.map((file) => ({ file, conversation, share: 1, done: file, trouble: "", stop: new AbortController() }));
    this.#items = [...there, ...[...this.#coming].filter((item) => item.conversation === conversation)];
    this.#draw();
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      if (this.#items.length >= MOST) {
        this.announcer.toast(`A message carries up to ${MOST} files. Send these first.`, "trouble");
        break;
      }
      void this.#send(file);
    }
  }

  /** @param {File} file */
  async #send(file) {
    const conversation = this.#conversation;
    /** @type {Item} */
    const item = { file, conversation, share: 0, done: null, trouble: "", stop: new AbortController() };
    this.#items.push(item);
    this.#coming.add(item);
    this.#draw();
    try {
      item.done = await this.api.upload(
        conversation,
        file,
        (share) => {
          item.share = share;
          this.#progress(item);
        },
        item.stop.signal,
      );
      this.announcer.say(`${file.name} is attached.`);
    } catch (error) {
      if (item.stop.signal.aborted) return;
      item.trouble = /** @type {Error} */ (error).message;
    } finally {
      this.#coming.delete(item);
    }
    if (conversation !== this.#conversation) {
      if (item.done) this.arrived.emit({ conversation, file: item.done });
      else this.announcer.toast(`${file.name} did not go into the draft: ${item.trouble}`, "trouble");
      return;
    }
    this.#draw();
    this.changed.emit();
  }

  /** @param {Item} item */
  #progress(item) {
    const bar = this.element.children[this.#items.indexOf(item)]?.querySelector("progress");
    if (bar) bar.value = item.share;
  }

  /** @param {Item} item */
  #remove(item) {
    item.stop.abort();
    this.#items = this.#items.filter((one) => one !== item);
    this.#draw();
    this.changed.emit();
  }

  #draw() {
    this.element.hidden = !this.#items.length;
    fill(
      this.element,
      this.#items.map((item) =>
        h(
          "li",
          { class: "tray-item", "data-state": item.trouble ? "refused" : item.done ? "there" : "sending" },
          item.done?.type.startsWith("image/")
            ? h("img", { src: fileUrl(item.done.id), alt: "" })
            : icon(item.trouble ? "warn" : "file"),
          h(
            "span",
            { class: "grow" },
            h("span", { class: "file-name" }, item.file.name),
            item.trouble
              ? h("span", { class: "form-error", role: "alert" }, item.trouble)
              : item.done
                ? h("span", { class: "quiet small" }, sized(item.file.size))
                : h("progress", { max: "1", value: String(item.share), "aria-label": `Sending ${item.file.name}` }),
          ),
          h(
            "button",
            { class: "icon-button small", type: "button", onclick: () => this.#remove(item) },
            icon("close"),
            hidden(`Take ${item.file.name} out`),
          ),
        ),
      ),
    );
  }
}
