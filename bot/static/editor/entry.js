// @ts-check
import { fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { Signal } from "/console/static/signal.js";
import { askWhichStands } from "./conflict.js";
import { FamilyBar, OriginalPanel } from "./family.js";
import { Form } from "./form.js";
import { quotes } from "./gaps.js";
import { MergePanel } from "./merge.js";
import { CommentsPanel } from "./comments.js";
import { PreviewPanel } from "./preview.js";
import { placeHash } from "./route.js";
import { TryPanel } from "./try.js";
import { forget, isSame, unsaved, wait } from "./unsaved.js";
import { VersionsPanel } from "./versions.js";
import { statusChip } from "./list.js";

const SAVE_MS = 1200;
const UNDO_MS = 700;

/** One entry: its form, and beside it what it looks like, what it would do, and how it came to be. */
export class EntryPane {
  /** Emitted with the fields as they stand. @type {Signal<any>} */
  #typed = new Signal();
  #form = new Form(() => this.#touched());
  #state = h("span", { class: "quiet small saved", role: "status", tabindex: "-1" });
  #chip = h("span");
  #undo = h("button", { class: "button", type: "button", disabled: true, "data-action": "undo", onclick: () => this.#stepBack() }, icon("undo"), "Undo");
  #ready = h("button", { class: "button primary", type: "button", "data-action": "ready", onclick: () => this.setStatus("review") }, "Ready to publish");
  #archive = h("button", { class: "button", type: "button", "data-action": "archive", onclick: () => this.#toggleArchive() }, "Archive");
  #trouble = h("p", { class: "form-error", role: "alert" });
  #body = h("div", { class: "entry-body" });
  /** @type {any} */
  #kept = null;
  /** @type {string[]} */
  #past = [];
  #before = "";
  #known = "";
  /** What was said of the last save of this entry. */
  #last = "";
  /** A new entry that was sent, and nothing came back: it may be there. @type {any} */
  #unanswered = null;
  /** The save under way. @type {Promise<boolean>|null} */
  #saving = null;
  #opened = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #undoTimer;

  /** @param {any} shared */
  constructor(shared) {
    this.shared = shared;
    this.api = shared.api;
    this.route = shared.route;
    this.announcer = shared.announcer;
    const parts = { ...shared, entry: this };
    this.preview = new PreviewPanel(parts);
    this.try = new TryPanel(parts);
    this.versions = new VersionsPanel(parts);
    this.comments = new CommentsPanel(parts);
    this.original = new OriginalPanel(parts);
    this.merge = new MergePanel(parts);
    this.family = new FamilyBar(parts);
    this.#form.api = shared.api;
    this.#form.announcer = shared.announcer;
    // Without them an entry keeps the task it has.
    void shared.api.facets().then(({ tasks }) => this.#form.offer(tasks), () => {});
    this.#typed.on((fields) => this.preview.draw(fields.answer));
    this.element = h("section", { class: "pane entry-pane", "aria-label": "Entry" }, this.#body);
    this.#tabs = this.#makeTabs();
    this.#empty();
  }

  /** Whether the form holds an entry. That stays so while another part of the editor is shown: it may have yet to be saved. */
  get isOpen() {
    return this.#body.contains(this.#form.element);
  }

  get dirty() {
    return this.isOpen && (this.#stamp() !== this.#known || Boolean(this.#form.unreadable));
  }

  /** The entry as it was last saved; null for one that was never. */
  get kept() {
    return this.#kept;
  }

  /** The fields as they stand in the form. */
  get fields() {
    return this.#form.fields();
  }

  /** @param {string|null} id @param {{[name: string]: string}} query */
  async show(id, query) {
    const opened = ++this.#opened;
    if (!(await this.#letGo(id, opened))) return;
    if (!id && query.new === undefined) return this.#empty();
    const merging = id && query.merge === "folder" ? id : "";
    if (id && id === this.#kept?.id && this.isOpen) return this.#drawMerge(merging);
    this.#trouble.textContent = "";
    if (!id) {
      const left = unsaved(query);
      this.#begin(null, left?.fields ?? blank(query), left?.replies);
      if (left) this.#known = "";
      else this.#unanswered = null;
      return;
    }
    try {
      const kept = await this.api.entry(id);
      // Somebody may have typed on while it was on its way.
      if (!(await this.#letGo(id, opened))) return;
      this.#begin(kept, kept.fields);
      this.#drawMerge(merging);
    } catch (error) {
      if (!(await this.#letGo(id, opened))) return;
      this.#close();
      fill(this.#body, h("div", { class: "empty" }, icon("warn"), h("h2", null, "This entry cannot be opened"), h("p", null, /** @type {Error} */ (error).message)));
    }
  }

  /** Saves before another part of the editor is shown. Says whether nothing is left to save. */
  async leave() {
    return (!this.dirty && !this.#saving) || this.saveNow(false);
  }

  /**
   * Saves what stands in the form before another entry takes its place, and keeps the form where that cannot be: what was
   * typed stands nowhere else. What is typed into a new entry waits in the session.
   * @param {string|null} id the other one @param {number} opened
   */
  async #letGo(id, opened) {
    while (opened === this.#opened && (this.dirty || this.#saving) && id !== this.#kept?.id) {
      if (await this.saveNow()) continue;
      if (!this.#kept) break;
      const { page, id: wanted } = this.route.place;
      if (opened !== this.#opened || page !== "entries" || wanted !== id) return false;
      this.route.replace("entries", this.#kept.id, {});
      this.announcer.toast("This entry stays open, for it is not saved yet. Mend it, or undo.", "trouble");
      return false;
    }
    return opened === this.#opened;
  }

  /** @param {any} kept @param {any} fields @param {{text: string, by: string}[]} [replies] what agents answered, for a new entry */
  #begin(kept, fields, replies = []) {
    clearTimeout(this.#timer);
    this.#kept = kept;
    this.#past = [];
    this.#form.open(fields);
    this.#known = this.#before = this.#stamp();
    this.#undo.disabled = true;
    this.#say((this.#last = ""));
    fill(
      this.#body,
      h(
        "header",
        { class: "entry-head" },
        h("a", { class: "icon-button back", href: placeHash("entries") }, icon("back"), hidden("Back to the list")),
        h("h2", { class: "visually-hidden" }, kept ? kept.question : "New entry"),
        this.#chip,
        this.#state,
        h("span", { class: "grow" }),
        this.#undo,
        this.#archive,
        this.#ready,
      ),
      this.#trouble,
      this.family.element,
      h("div", { class: "entry-columns" }, h("div", { class: "entry-form" }, replies.length > 0 && quotes(replies, (text) => this.#form.answer(text)), this.#form.element), this.#tabs),
    );
    this.#drawHead();
    this.#typed.emit(this.fields);
    this.try.reset();
    this.comments.reset(kept);
    this.#drawOriginal(fields.translation_of ?? "", !kept);
    this.#drawTab();
    if (!kept) this.#form.focus();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#kept = null;
    this.#form.open({});
  }

  #empty() {
    this.#close();
    fill(
      this.#body,
      h(
        "div",
        { class: "empty" },
        icon("talk"),
        h("h2", null, "What do customers ask?"),
        h("p", null, "Choose an entry, or write a new one. Before anything goes live you see which real questions it gains and loses."),
        h("a", { class: "button primary", href: placeHash("entries", null, { new: "1" }) }, "New entry"),
      ),
    );
  }

  /** Puts a value into one field of the form. @param {string} name @param {any} value */
  put(name, value) {
    this.#form.put(name, value);
  }

  tryIt() {
    if (this.isOpen) this.#open("try");
  }

  #stamp() {
    return JSON.stringify(this.#form.fields());
  }

  #touched() {
    this.#typed.emit(this.fields);
    this.#form.mark("");
    this.#say("…");
    if (!this.#kept) wait(this.fields);
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => this.#remember(), UNDO_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.saveNow(false), SAVE_MS);
  }

  #remember() {
    const now = this.#stamp();
    if (now === this.#before) return;
    this.#past.push(this.#before);
    this.#before = now;
    this.#undo.disabled = false;
  }

  #stepBack() {
    this.#remember();
    const last = this.#past.pop();
    if (last === undefined) return;
    this.#form.set(JSON.parse(last));
    if (!this.#kept) wait(this.fields);
    this.#before = last;
    this.#undo.disabled = !this.#past.length;
    this.#typed.emit(this.fields);
    void this.saveNow();
  }

  /** Saves what was typed. @param {boolean} [asked] by hand: then what is missing is said. */
  async saveNow(asked = true) {
    clearTimeout(this.#timer);
    // Whoever asks during a save goes on after it: what they want rests on its revision.
    while (this.#saving) await this.#saving;
    if (!this.isOpen) return false;
    const fields = this.#form.fields();
    if (this.#form.unreadable) {
      this.#say("Not saved yet");
      if (asked) this.#form.mark(this.#form.unreadable, "Please finish the date, or clear it.");
      return false;
    }
    if (this.#kept && this.#stamp() === this.#known) {
      // Typed and taken back.
      this.#trouble.textContent = "";
      this.#say(this.#last);
      return true;
    }
    const missing = !fields.question ? "question" : !fields.answer ? "answer" : "";
    if (missing) {
      this.#say("Not saved yet");
      if (asked) this.#form.mark(missing, `Please write the ${missing}.`);
      return false;
    }
    return this.#send(fields, undefined);
  }

  /** @param {any} fields @param {string|undefined} status @returns {Promise<boolean>} */
  async #send(fields, status) {
    const saving = this.#sendNow(fields, status);
    this.#saving = saving;
    try {
      return await saving;
    } finally {
      if (this.#saving === saving) this.#saving = null;
    }
  }

  /** @param {any} fields @param {string|undefined} status @returns {Promise<boolean>} */
  async #sendNow(fields, status) {
    this.#say("Saving…");
    this.#trouble.textContent = "";
    try {
      const before = this.#kept;
      const kept = before ? await this.api.save(before.id, fields, before.revision, status) : await this.#create(fields, status);
      if (this.#kept !== before) return true;
      this.#took(kept, fields);
      return true;
    } catch (error) {
      const failure = /** @type {any} */ (error);
      if (failure.code === "edited") return await this.#conflict(failure.now, fields, status);
      this.#say("Not saved");
      this.#trouble.textContent =
        failure.status === 0 ? "The desk cannot be reached. What you typed stays here and is saved when it is back." : failure.message;
      if (failure.transient) this.#timer = setTimeout(() => void this.saveNow(false), 4000);
      return false;
    } finally {
      if (this.isOpen && this.#kept && this.#stamp() !== this.#known && !this.#trouble.textContent) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.saveNow(false), SAVE_MS);
      }
    }
  }

  /** @param {any} fields @param {string|undefined} status */
  async #create(fields, status) {
    const before = await this.#madeBefore(fields);
    const kept = before ?? (await this.#make(fields));
    this.#unanswered = null;
    forget(fields);
    return before || status ? this.api.save(kept.id, { ...fields, id: kept.id }, kept.revision, status) : kept;
  }

  /** Makes the entry under the first id that is free. @param {any} fields */
  async #make(fields) {
    const base = fields.translation_of ? `${fields.translation_of}-${fields.language.toLowerCase()}` : slug(fields.question);
    for (let tries = 1; ; tries++) {
      const sent = { ...fields, id: tries > 1 ? `${base}-${tries}` : base };
      try {
        return await this.api.create(sent);
      } catch (error) {
        const { code, transient } = /** @type {any} */ (error);
        if (transient) this.#unanswered = sent;
        if (code !== "taken" || tries > 20) throw error;
      }
    }
  }

  /** The entry that was made although the answer to it was lost: another save of it must not make a second one. @param {any} fields */
  async #madeBefore(fields) {
    const sent = this.#unanswered;
    if (!sent || !isSame(sent, fields)) return null;
    try {
      const kept = await this.api.entry(sent.id);
      return Object.keys(sent).every((name) => JSON.stringify(kept.fields[name]) === JSON.stringify(sent[name])) ? kept : null;
    } catch (error) {
      if (/** @type {any} */ (error).status === 404) return null;
      throw error;
    }
  }

  /** @param {any} kept @param {any} fields as they were sent: more may have been typed since */
  #took(kept, fields) {
    const isNew = !this.#kept;
    this.#kept = kept;
    this.#form.id = kept.id;
    this.#known = JSON.stringify({ ...fields, id: kept.id });
    const { page, id, query } = this.route.place;
    // Whoever has gone elsewhere meanwhile is not called back.
    if (isNew && page === "entries" && !id && query.new !== undefined && isSame(query, fields)) this.route.replace("entries", kept.id, {});
    this.#last = `Saved ${new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
    this.#say(this.dirty ? "…" : this.#last);
    this.#drawHead();
    this.#drawTab(true);
    this.shared.saved(kept);
  }

  /** Somebody else was faster: nothing is overwritten before a person has decided. @param {any} now @param {any} mine @param {string|undefined} status */
  async #conflict(now, mine, status) {
    // Who archives says that it goes, and nobody takes that back without having seen it. Who writes into what is archived
    // brings it back anyhow.
    const leaves = now.status === "archived" && this.#kept.status !== "archived" && status !== "archived";
    // Only where it stands has changed, by a publish or with many others: the text on which this one rests is the same.
    if (!leaves && sameFields(now, this.#kept)) {
      this.#kept = now;
      return this.#sendNow(mine, status);
    }
    this.#say("Not saved: somebody else has changed this entry");
    const choice = await askWhichStands(now, mine, leaves);
    if (choice === "mine") {
      this.#kept = now;
      return this.#sendNow(mine, status ?? (leaves ? "draft" : undefined));
    }
    if (choice === "theirs") {
      this.#begin(now, now.fields);
      this.shared.saved(now);
      return true;
    }
    this.#trouble.textContent = "Not saved. Choose which text stands before you go on: press Ctrl and S.";
    return false;
  }

  /** @param {"draft"|"review"|"archived"} status */
  async setStatus(status) {
    if (!this.isOpen) return;
    if (!(await this.saveNow())) return;
    const id = this.#kept?.id;
    if (!id || this.#kept.status === status) return;
    const said = /** @type {{[status: string]: string}} */ ({ review: "Ready. It goes live with the next publish.", draft: "A draft again.", published: "Live as it stands.", archived: "Archived. It leaves with the next publish." });
    // What is live as it stands is neither ready nor a draft, and somebody else's word may stand.
    if (await this.#send(this.fields, status)) this.announcer.toast(said[this.#kept?.id === id ? this.#kept.status : status]);
  }

  #toggleArchive() {
    void this.setStatus(this.#kept?.status === "archived" ? "draft" : "archived");
  }

  /** An entry as something but the form has just made it. Another may be open by now. @param {any} kept */
  replace(kept) {
    if (kept.id === this.#kept?.id) this.#follow(kept);
    this.shared.saved(kept);
  }

  /** After something but the form may have changed the entry. */
  async renew() {
    const before = this.#kept;
    if (!before || !this.#isFree) return;
    try {
      const kept = await this.api.entry(before.id);
      if (this.#kept === before) this.#follow(kept);
    } catch {
      // It stands as it was last seen; the next save finds out.
    }
  }

  get #isFree() {
    return this.isOpen && !this.dirty && !this.#saving;
  }

  /** The open entry as it stands by now. What is being typed stays: its save finds out. @param {any} kept */
  #follow(kept) {
    if (!this.#isFree) return;
    if (!sameFields(kept, this.#kept)) return this.#begin(kept, kept.fields);
    this.#kept = kept;
    this.#drawHead();
    this.#drawTab(true);
  }

  /**
   * Begins a new entry in place of one that waits.
   * @param {any} fields @param {{text: string, by: string}[]} replies what agents answered, to quote beside the form
   */
  async write(fields, replies) {
    // What is being made just now is made.
    while (this.#saving) await this.#saving;
    if (!this.#kept) this.#empty();
    this.#unanswered = null;
    wait(fields, replies);
    this.route.go("entries", null, { new: "1" });
  }

  #drawHead() {
    const kept = this.#kept;
    this.family.draw(kept, this.fields);
    fill(this.#chip, kept ? statusChip(kept.status, kept) : h("span", { class: "chip" }, "New"));
    this.#archive.textContent = kept?.status === "archived" ? "Bring back" : "Archive";
    this.#archive.hidden = !kept;
    const isReady = kept?.status === "review" || (kept?.status === "published" && kept.live === kept.version);
    const held = document.activeElement === this.#ready;
    this.#ready.hidden = isReady;
    if (held && isReady) this.#state.focus();
  }

  /** @param {string} text */
  #say(text) {
    this.#state.textContent = text;
  }

  // The tabs beside the form

  /** @type {[string, string, () => any][]} */
  #panels = [
    ["original", "Original", () => this.original],
    ["merge", "The file", () => this.merge],
    ["preview", "Preview", () => this.preview],
    ["try", "Try it", () => this.try],
    ["versions", "History", () => this.versions],
    ["comments", "Comments", () => this.comments],
  ];
  #tab = "preview";
  /** @type {HTMLElement} */
  #tabs;
  #panel = h("div", { class: "side-panel", id: "side-panel", role: "tabpanel", tabindex: "0" });

  #makeTabs() {
    const tabs = this.#panels.map(([name, label]) =>
      h(
        "button",
        { class: "side-tab", type: "button", role: "tab", hidden: name === "merge", id: `tab-${name}`, "data-tab": name, "aria-controls": "side-panel", onclick: () => this.#open(name, false) },
        label,
      ),
    );
    return h(
      "aside",
      { class: "side", "aria-label": "About this entry" },
      h("div", { class: "side-tabs", role: "tablist", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#walk(event, tabs) }, tabs),
      this.#panel,
    );
  }

  /** @param {KeyboardEvent} event @param {HTMLElement[]} tabs */
  #walk(event, tabs) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    const shown = tabs.filter((tab) => !tab.hidden);
    const at = shown.indexOf(/** @type {HTMLElement} */ (event.target));
    const next = shown[(at + by + shown.length) % shown.length];
    next.click();
    next.focus();
  }

  /** The tab with what a translation translates; there is none for an original. @param {string} id @param {boolean} open */
  #drawOriginal(id, open) {
    /** @type {HTMLElement} */ (this.#tabs.querySelector("[data-tab=original]")).hidden = !id;
    if (id && open) this.#tab = "original";
    else if (!id && this.#tab === "original") this.#tab = "preview";
    void this.original.of(id);
  }

  /** The tab with the file that is merged with this entry by hand; else there is none. @param {string} id */
  #drawMerge(id) {
    const tab = /** @type {HTMLElement} */ (this.#tabs.querySelector("[data-tab=merge]"));
    if (!id && tab.hidden) return;
    tab.hidden = !id;
    if (id) this.#tab = "merge";
    else if (this.#tab === "merge") this.#tab = "preview";
    this.#drawTab();
    void this.merge.of(id);
  }

  /** @param {string} name */
  #open(name, focus = true) {
    this.#tab = name;
    this.#drawTab();
    if (focus) this.#panels.find(([one]) => one === name)?.[2]().focus?.();
  }

  /** @param {boolean} [refreshed] the same entry, saved again */
  #drawTab(refreshed = false) {
    for (const tab of this.#tabs.querySelectorAll("[role=tab]")) {
      const selected = /** @type {HTMLElement} */ (tab).dataset.tab === this.#tab;
      tab.setAttribute("aria-selected", String(selected));
      /** @type {HTMLElement} */ (tab).tabIndex = selected ? 0 : -1;
    }
    this.#panel.setAttribute("aria-labelledby", `tab-${this.#tab}`);
    const panel = this.#panels.find(([name]) => name === this.#tab)?.[2]();
    if (this.#panel.firstChild !== panel.element) fill(this.#panel, panel.element);
    panel.show?.(this.#kept, refreshed);
  }
}

/** @param {any} one @param {any} other */
function sameFields(one, other) {
  return JSON.stringify(one.fields) === JSON.stringify(other.fields);
}

/** What a new entry begins with. @param {{[name: string]: string}} query */
function blank({ question = "", translation_of = "", language = "" }) {
  return translation_of ? { translation_of, language } : { question };
}

/** An id that people can read, from a question. @param {string} question */
function slug(question) {
  const words = question
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return (words?.join("-") ?? "").slice(0, 60).replace(/-+$/, "") || `entry-${Date.now().toString(36)}`;
}
