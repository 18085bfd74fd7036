// @ts-check
import { append, fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { ago } from "/console/static/time.js";
import { openDialog } from "/console/static/dialog.js";
import { languageName, standing } from "./family.js";
import { placeHash } from "./route.js";

const SEARCH_MS = 180;
/** @type {[string, string][]} */
const STATUS = [
  ["", "Any status"],
  ["draft", "Draft"],
  ["review", "Ready"],
  ["published", "Published"],
  ["archived", "Archived"],
  ["changed", "Not live as it stands"],
];
/** @type {[string, string][]} */
const LOOK = [
  ["", "All"],
  ["stale", "Stale or out of date"],
  ["unused", "Live, but nobody asked"],
  ["handed", "Often ends with a person"],
  ["low", "Rated of little help"],
  ["outdated", "Translation out of date"],
  ["untranslated", "A translation is missing"],
];
export const STATUS_NAMES = Object.fromEntries(STATUS.slice(1, 5));

/** @param {string} status @param {any} [row] */
export function statusChip(status, row) {
  const half = row && status !== "archived" && row.live !== null && row.live !== row.version;
  return h("span", { class: "chip", "data-status": status }, STATUS_NAMES[status], half ? " · live: older" : "");
}

/** How an entry fares with customers, in words. @param {any} row */
function usage(row) {
  return `In the newest closed conversations: given ${row.asked} times, people took over after it ${row.handed} times.`;
}

/** The list of entries: search, filters, ticks for actions on many. */
export class ListPane {
  #search = h("input", {
    type: "search",
    class: "search",
    placeholder: "Search entries",
    "aria-label": "Search entries",
    "aria-keyshortcuts": "/",
    oninput: () => this.#later(),
    onkeydown: (/** @type {KeyboardEvent} */ e) => e.key === "ArrowDown" && (e.preventDefault(), this.step(1)),
  });
  #status = this.#select("status", "Status", STATUS);
  #look = this.#select("look", "Show", LOOK);
  #category = this.#select("category", "Category", [["", "Any category"]]);
  #owner = this.#select("owner", "Owner", [["", "Any owner"]]);
  #language = this.#select("language", "Language", [["", "Any language"]]);
  #sort = this.#select("sort", "Order", [
    ["updated", "Newest change first"],
    ["oldest", "Oldest change first"],
    ["asked", "Most asked first"],
  ]);
  #more = h("details", { class: "filters" }, h("summary", null, "Filters"), this.#filterFields());
  #rows = h("ol", { class: "rows", "aria-label": "Entries" });
  #count = h("p", { class: "quiet small count", role: "status" });
  #bulk = h("div", { class: "bulk", hidden: true });
  #next = h("button", { class: "button wide", type: "button", hidden: true, onclick: () => this.#page() }, "Show more");
  /** @type {Set<string>} */
  #ticked = new Set();
  /** @type {any[]} */
  #shown = [];
  /** @type {string|null} */
  #open = null;
  /** The languages of all translations. @type {string[]} */
  #languages = [];
  #asked = 0;
  #paging = false;
  #loaded = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {any} shared */
  constructor({ api, announcer, route, changed, user, speaks, many }) {
    /** Told the languages that there are translations in. @type {(languages: string[]) => void} */
    this.speaks = speaks;
    /** Told that many entries were changed at once. @type {() => void} */
    this.many = many;
    this.api = api;
    this.announcer = announcer;
    this.route = route;
    this.changed = changed;
    this.user = user;
    this.element = h(
      "section",
      { class: "pane list-pane", "aria-label": "Entries" },
      h(
        "div",
        { class: "list-head" },
        this.#search,
        h(
          "a",
          { class: "button primary", href: placeHash("entries", null, { new: "1" }), "data-action": "new" },
          "New",
          hidden(" entry"),
        ),
      ),
      this.#more,
      this.#count,
      this.#bulk,
      h("div", { class: "scroll" }, this.#rows, this.#next),
    );
  }

  /** @param {{[name: string]: string}} query @param {string|null} open */
  async show(query, open) {
    this.#open = open;
    this.#mark();
    if (this.#loaded === "begun") return;
    if (this.#loaded) {
      // A link or a step back says how the list is narrowed; elsewhere that stays as it is.
      if (query.new !== undefined || ![...this.#names()].some((name) => name in query)) return this.#tell();
      const before = JSON.stringify(this.#query());
      this.#take(query);
      if (before !== JSON.stringify(this.#query())) await this.#load();
      return;
    }
    this.#loaded = "begun";
    const asked = query.new === undefined ? query : {};
    this.#search.value = asked.search ?? "";
    await this.#facets();
    this.#take({ ...asked, search: this.#search.value });
    this.#loaded = "yes";
    this.#tell();
    await this.#load();
  }

  /** Narrows the list as an address says. @param {{[name: string]: string}} query */
  #take(query) {
    if (this.#search.value.trim() !== (query.search ?? "")) this.#search.value = query.search ?? "";
    for (const select of this.#selects()) select.value = query[select.name] ?? (select.name === "sort" ? "updated" : "");
    if (this.#selects().some((select) => select.value && select.name !== "sort")) this.#more.open = true;
  }

  /** Keeps in the address how the list is narrowed, for a reload; but a new entry's says what that begins with. */
  #tell() {
    const { page, query } = this.route.place;
    if (this.#loaded !== "yes" || page !== "entries" || query.new !== undefined) return;
    const names = this.#names();
    const rest = Object.entries(query).filter(([name]) => !names.has(name));
    this.route.note({ ...Object.fromEntries(rest), ...this.#query() });
  }

  #names() {
    return new Set(["search", ...this.#selects().map((select) => select.name)]);
  }

  /** After the search or a filter was changed. */
  #narrow() {
    this.#tell();
    void this.#load();
  }

  /** Loads the entries anew, as many as are shown, and what they can be narrowed by. */
  async renew() {
    if (this.#loaded === "yes") await Promise.all([this.#load(this.#shown.length), this.#facets()]);
  }

  /** An entry as it was just saved. @param {any} kept */
  took(kept) {
    const at = this.#shown.findIndex((row) => row.id === kept.id);
    if (at >= 0) {
      this.#shown[at] = { ...this.#shown[at], ...kept };
      this.#draw();
    }
    if (at < 0) void this.renew();
    // What a family looks like stands in the rows of all its members.
    else if (kept.translation_of || kept.translations?.length) void this.#load(this.#shown.length);
    this.changed();
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  focus() {
    const row = this.#open && this.#rows.querySelector(`[data-id="${CSS.escape(this.#open)}"]`);
    const { id, query } = this.route.place;
    if ((id || query.new !== undefined) && matchMedia("(max-width: 719.98px)").matches) this.route.go("entries");
    /** @type {HTMLElement|null} */ (row || this.#rows.querySelector("a"))?.focus();
  }

  /** @param {number} by */
  step(by) {
    const links = /** @type {HTMLElement[]} */ ([...this.#rows.querySelectorAll("a")]);
    const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const open = links.findIndex((link) => link.dataset.id === this.#open);
    links[Math.max(0, Math.min(links.length - 1, (at >= 0 ? at : open) + by))]?.focus();
  }

  /** Ticks the row that has the focus, or the open entry. */
  tick() {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.id : undefined;
    const id = focused ?? this.#open;
    if (!id) return;
    this.#toggle(id);
    this.#draw();
    /** @type {HTMLElement|null} */ (this.#rows.querySelector(`[data-id="${CSS.escape(id)}"]`))?.focus();
  }

  #filterFields() {
    return h(
      "div",
      { class: "filter-fields" },
      [this.#status, this.#look, this.#category, this.#owner, this.#language, this.#sort].map((select) =>
        h("label", null, h("span", null, select.dataset.label), select),
      ),
    );
  }

  #selects() {
    return [this.#status, this.#look, this.#category, this.#owner, this.#language, this.#sort];
  }

  /** @param {string} name @param {string} label @param {[string, string][]} options */
  #select(name, label, options) {
    return h(
      "select",
      { name, "data-label": label, onchange: () => this.#narrow() },
      options.map(([value, text]) => h("option", { value }, text)),
    );
  }

  async #facets() {
    try {
      const told = await this.api.facets();
      for (const [select, any] of /** @type {[HTMLSelectElement, string][]} */ ([
        [this.#category, "Any category"],
        [this.#owner, "Any owner"],
        [this.#language, "Any language"],
      ])) {
        const kept = select.value;
        // The list stays narrowed as it is, also where nothing is left in it.
        if (kept) told[select.name][kept] ??= 0;
        fill(
          select,
          h("option", { value: "" }, any),
          Object.entries(told[select.name])
            .filter(([value]) => value)
            .map(([value, count]) => h("option", { value }, `${select === this.#language ? languageName(value) : value} (${count})`)),
        );
        select.value = kept;
      }
    } catch {
      // Without the counts the lists still work.
    }
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#narrow(), SEARCH_MS);
  }

  #query() {
    /** @type {{[name: string]: string}} */
    const query = { search: this.#search.value.trim() };
    for (const select of this.#selects()) if (select.value && select.value !== "updated") query[select.name] = select.value;
    return query;
  }

  /** @param {number} [least] how many are to be shown again: whoever has gone down the list stays there */
  async #load(least = 0) {
    const asked = ++this.#asked;
    const query = this.#query();
    try {
      const { entries, total, more, languages } = await this.api.entries(query);
      while (entries.length < Math.min(least, total) && asked === this.#asked) {
        const next = await this.api.entries({ ...query, offset: entries.length });
        if (!next.entries.length) break;
        entries.push(...next.entries);
      }
      if (asked !== this.#asked) return;
      this.#languages = languages;
      this.speaks(languages);
      this.#shown = entries;
      this.#ticked = new Set([...this.#ticked].filter((id) => entries.some((/** @type {any} */ row) => row.id === id)));
      this.#total(total, more);
      this.#draw();
    } catch (error) {
      if (asked === this.#asked) this.#count.textContent = /** @type {Error} */ (error).message;
    }
  }

  async #page() {
    if (this.#paging) return;
    const asked = this.#asked;
    this.#paging = true;
    try {
      const { entries } = await this.api.entries({ ...this.#query(), offset: this.#shown.length });
      if (asked !== this.#asked) return;
      const there = new Set(this.#shown.map((row) => row.id));
      // What was saved meanwhile has moved the others down, and some of them into this page.
      const more = entries.filter((/** @type {any} */ row) => !there.has(row.id));
      this.#shown.push(...more);
      this.#draw();
      if (more.length) /** @type {HTMLElement|null} */ (this.#rows.querySelector(`[data-id="${CSS.escape(more[0].id)}"]`))?.focus();
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    } finally {
      this.#paging = false;
    }
  }

  /** @param {number} total @param {boolean} more */
  #total(total, more) {
    this.total = total;
    this.#count.textContent = `${total.toLocaleString("en-GB")}${more ? "+" : ""} ${total === 1 ? "entry" : "entries"}`;
  }

  #draw() {
    const held = this.#rows.contains(document.activeElement) ? document.activeElement : null;
    const at = held?.parentElement?.querySelector("a")?.dataset.id;
    fill(
      this.#rows,
      this.#shown.map((row) =>
        h(
          "li",
          { class: "entry-row" },
          h("input", {
            type: "checkbox",
            checked: this.#ticked.has(row.id),
            "aria-label": `Tick ${row.question}`,
            onchange: () => (this.#toggle(row.id), this.#drawBulk()),
          }),
          h(
            "a",
            { href: placeHash("entries", row.id), "data-id": row.id },
            h("span", { class: "entry-question" }, row.question),
            h(
              "span",
              { class: "entry-meta quiet small" },
              statusChip(row.status, row),
              row.audience !== "everyone" && h("span", { class: "chip" }, row.audience === "agents" ? "Agents only" : "Verified"),
              ...[this.#family(row)].flat(),
              row.category && h("span", null, row.category),
              h("span", null, ago(row.updated)),
              row.asked > 0 && h("span", { title: usage(row) }, `asked ${row.asked}×`, row.helped + row.unhelped > 0 && ` · ${row.helped} of ${row.helped + row.unhelped} helped`),
            ),
          ),
        ),
      ),
    );
    if (!this.#shown.length)
      append(this.#rows, h("li", { class: "empty" }, icon("search"), h("p", null, "No entry matches. Try another word, or fewer filters.")));
    this.#next.hidden = this.#shown.length >= (this.total ?? 0);
    this.#mark();
    this.#drawBulk();
    // Each row is a new one: whoever was on one goes on there.
    const row = at && this.#rows.querySelector(`[data-id="${CSS.escape(at)}"]`)?.parentElement;
    /** @type {HTMLElement|null} */ (row && row.querySelector(held?.localName ?? "a"))?.focus({ preventScroll: true });
  }

  /** Which language an entry is in, which others there are, and which are missing. @param {any} row */
  #family(row) {
    if (row.translation_of)
      return h("span", { class: "chip", "data-state": standing({ ...row, live: true }) }, languageName(row.language), row.outdated && " · out of date");
    const there = new Set(row.translations.map((/** @type {any} */ one) => one.language));
    const missing = row.status === "archived" ? [] : this.#languages.filter((tag) => !there.has(tag) && tag !== row.language);
    return [
      row.language && h("span", null, languageName(row.language)),
      ...row.translations.map((/** @type {any} */ one) =>
        h("span", { class: "chip tongue", "data-state": standing(one), title: `${languageName(one.language)} ${standing(one)}`.trim() }, hidden("Translation: "), one.language, hidden(` ${standing(one)}`)),
      ),
      ...missing.map((tag) => h("span", { class: "chip tongue missing", title: `${languageName(tag)} is missing` }, hidden("Missing: "), tag)),
    ];
  }

  #mark() {
    for (const link of this.#rows.querySelectorAll("a")) {
      if (link.dataset.id === this.#open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** @param {string} id */
  #toggle(id) {
    if (!this.#ticked.delete(id)) this.#ticked.add(id);
  }

  #drawBulk() {
    const held = this.#bulk.contains(document.activeElement);
    this.#bulk.hidden = !this.#ticked.size;
    const act = (/** @type {string} */ label, /** @type {() => void} */ run) =>
      h("button", { class: "button", type: "button", onclick: run }, label);
    fill(
      this.#bulk,
      h("strong", null, `${this.#ticked.size} ticked`),
      act("Ready", () => this.#set("review")),
      act("Archive", () => this.#set("archived")),
      act("Category…", () => this.#ask("category", "Move to a category", "Category")),
      act("Owner…", () => this.#ask("owner", "Give to an owner", "Owner")),
      act("None", () => (this.#ticked.clear(), this.#draw())),
    );
    if (held) this.#goOn();
  }

  /** Once the actions are gone, whoever was on one goes on in the list. */
  #goOn() {
    if (this.#bulk.hidden) /** @type {HTMLElement|null} */ (this.#rows.querySelector("a"))?.focus({ preventScroll: true });
  }

  /** @param {string} name @param {string} title @param {string} label */
  #ask(name, title, label) {
    const dialog = openDialog({
      name,
      title,
      fields: [h("div", { class: "field" }, h("label", { for: "bulk-value" }, label), h("input", { id: "bulk-value", name: "value", class: "input", maxlength: "80", autofocus: true }))],
      submit: "Change",
      run: (data) => this.#change({ [name]: String(data.get("value") ?? "").trim() }),
    });
    dialog.addEventListener("close", () => this.#goOn());
  }

  /** @param {string} status */
  async #set(status) {
    try {
      await this.#change({ status });
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
  }

  /** @param {{[name: string]: string}} changes */
  async #change(changes) {
    const ids = [...this.#ticked];
    const { changed } = await this.api.bulk(ids, changes);
    this.announcer.toast(`${changed.length} ${changed.length === 1 ? "entry" : "entries"} changed.`);
    for (const id of ids) this.#ticked.delete(id);
    await this.renew();
    this.changed();
    this.many();
  }
}
