// @ts-check
import { openDialog } from "/console/static/dialog.js";
import { fill, h, hidden, isComposing, isEditable } from "/console/static/dom.js";
import { EntryPane } from "./entry.js";
import { GapsPage } from "./gaps.js";
import { HistoryPage } from "./history-page.js";
import { ListPane } from "./list.js";
import { PublishPage } from "./publish.js";
import { PAGES, Route, placeHash } from "./route.js";
import { TransferPage } from "./transfer.js";

/** @type {[string[], string][]} */
const SHEET = [
  [["j", "↓"], "Next entry"],
  [["k", "↑"], "Previous entry"],
  [["Enter"], "Open it"],
  [["/"], "Search"],
  [["n"], "New entry"],
  [["x"], "Tick the entry for actions on many"],
  [["t"], "Try it"],
  [["Ctrl", "S"], "Save now"],
  [["Ctrl", "Enter"], "Ready to publish"],
  [["Ctrl", "B"], "Bold"],
  [["Ctrl", "K"], "Link"],
  [["1", "–", "5"], "Entries, Publish, Unanswered, Published, Import & export"],
  [["Esc"], "Back to the list"],
  [["?"], "This sheet"],
];

/** The editor of one signed-in person: puts the parts together and says how news moves between them. */
export class App {
  #route = new Route();
  #main = h("main", { class: "stage", id: "main" });
  #links = new Map(
    PAGES.map(([page, name]) => [page, h("a", { class: "tab", href: placeHash(page), "data-page": page }, name)]),
  );
  #badge = h("span", { class: "badge", hidden: true });

  /** @param {{api: import("./api.js").Api, user: any, announcer: import("/console/static/announcer.js").Announcer, signOut: () => void}} parts */
  constructor({ api, user, announcer, signOut }) {
    this.api = api;
    this.user = user;
    this.announcer = announcer;
    const speaks = (/** @type {string[]} */ languages) => this.entry?.family.speaks(languages);
    const shared = { api, user, announcer, route: this.#route, changed: () => void this.#count(), speaks };
    this.list = new ListPane({ ...shared, many: () => void this.entry.renew() });
    this.entry = new EntryPane({ ...shared, saved: (/** @type {any} */ kept) => this.list.took(kept) });
    this.pages = {
      publish: new PublishPage(shared),
      gaps: new GapsPage({ api, write: (/** @type {any} */ fields, /** @type {any[]} */ replies) => this.entry.write(fields, replies) }),
      history: new HistoryPage(shared),
      transfer: new TransferPage(shared),
    };
    this.#links.get("publish")?.append(this.#badge);
    this.element = h(
      "div",
      { class: "app", "data-view": "editor" },
      h("a", { class: "skip", href: "#main", onclick: (/** @type {Event} */ e) => this.#skip(e) }, "To the content"),
      h(
        "header",
        { class: "bar" },
        h("h1", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), h("span", null, "Frontdesk")),
        h("nav", { class: "tabs", "aria-label": "Parts of the editor" }, [...this.#links.values()]),
        this.#menu(signOut),
      ),
      announcer.toasts,
      this.#main,
    );
    this.#main.tabIndex = -1;
    this.#route.changed.on(() => this.#show());
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("beforeunload", (event) => this.entry.dirty && event.preventDefault());
  }

  start() {
    this.#show();
    void this.#count();
  }

  /** After a session has ended and begun again: what could not be saved meanwhile is saved first. */
  async resume() {
    await this.entry.leave();
    this.#show();
  }

  #show() {
    const { page, id, query } = this.#route.place;
    for (const [name, link] of this.#links) {
      if (name === page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#reveal();
    document.title = `${PAGES.find(([name]) => name === page)?.[1]} · Frontdesk`;
    if (page === "entries") {
      const back = !this.#main.contains(this.list.element);
      if (back) fill(this.#main, this.list.element, this.entry.element);
      this.#main.className = "stage entries";
      this.#main.dataset.pane = id || query.new !== undefined ? "entry" : "list";
      void this.list.show(query, id);
      void this.entry.show(id, query);
      if (!back) return;
      // Meanwhile a publish, an import or a sync may have changed any of them.
      void this.list.renew();
      if (id === this.entry.kept?.id) void this.entry.renew();
      return;
    }
    this.#main.className = "stage page";
    fill(this.#main, this.pages[page].element);
    void this.#turn(page, query);
  }

  /** Shows another page once the open entry is saved, so that a check or a sync has it. @param {Exclude<import("./route.js").Page, "entries">} page @param {{[name: string]: string}} query */
  async #turn(page, query) {
    const place = this.#route.place;
    if (page === "publish") this.pages.publish.wait();
    if (!(await this.entry.leave()))
      this.announcer.toast(this.entry.kept ? `Not saved yet: “${this.entry.kept.question}” It waits under Entries.` : "Your new entry is not saved yet. It waits under New.", "trouble");
    if (this.#route.place === place) await this.pages[page].show(query);
  }

  /** On a phone the tabs are wider than the page, and the one of this page may be out of sight. */
  #reveal() {
    this.#links.get(this.#route.place.page)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  async #count() {
    try {
      const { ready } = await this.api.pending();
      this.#badge.hidden = !ready;
      fill(this.#badge, ready.toLocaleString("en-GB"), hidden(ready === 1 ? " entry ready" : " entries ready"));
      this.#reveal();
    } catch {
      // The next save tries again; the badge is no more than a reminder.
    }
  }

  /** @param {() => void} signOut */
  #menu(signOut) {
    const panel = h(
      "div",
      { class: "menu-panel", id: "menu", popover: "auto", role: "group", "aria-label": "Your menu" },
      h(
        "p",
        { class: "menu-who" },
        h("strong", null, this.user.name),
        h("span", { class: "quiet small" }, `${this.user.email} · ${this.user.role}`),
      ),
      h("a", { class: "menu-item", href: "/console" }, "Agents’ console"),
      h("a", { class: "menu-item", href: "/help" }, "Help centre"),
      h(
        "button",
        { class: "menu-item", type: "button", onclick: () => (panel.hidePopover(), this.#sheet()) },
        "Keyboard shortcuts",
        h("kbd", null, "?"),
      ),
      h("button", { class: "menu-item", type: "button", "data-action": "sign-out", onclick: signOut }, "Sign out"),
    );
    return h(
      "div",
      { class: "menu" },
      h(
        "button",
        { class: "avatar", type: "button", popovertarget: "menu" },
        h("span", { "aria-hidden": "true" }, this.user.name.trim()[0]?.toUpperCase() ?? "?"),
        hidden(`Your menu, ${this.user.name}`),
      ),
      panel,
    );
  }

  #sheet() {
    openDialog({
      name: "keys",
      title: "Keyboard shortcuts",
      fields: [
        h(
          "dl",
          { class: "keys" },
          SHEET.map(([keys, meaning]) =>
            h("div", null, h("dt", null, keys.map((key) => (key === "–" ? "–" : h("kbd", null, key)))), h("dd", null, meaning)),
          ),
        ),
      ],
    });
  }

  /** @param {Event} event */
  #skip(event) {
    event.preventDefault();
    this.#main.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || isComposing(event) || document.querySelector("dialog[open]")) return;
    const inEntry = this.#route.place.page === "entries" && this.entry.isOpen;
    if (event.ctrlKey || event.metaKey) {
      if (event.key === "s" && inEntry) {
        event.preventDefault();
        void this.entry.saveNow();
      } else if (event.key === "Enter" && inEntry && !(event.target instanceof Element && event.target.closest(".try"))) {
        event.preventDefault();
        void this.entry.setStatus("review");
      }
      return;
    }
    // In the menu Escape closes it, and nothing beneath it hears a key.
    if (event.altKey || document.querySelector(":popover-open")) return;
    if (event.key === "Escape" && this.#route.place.page === "entries") {
      if (isEditable(event.target)) /** @type {HTMLElement} */ (event.target).blur();
      else this.list.focus();
      return;
    }
    if (isEditable(event.target)) return;
    const page = PAGES[Number(event.key) - 1];
    /** @type {{[key: string]: () => void}} */
    const commands = {
      j: () => this.list.step(1),
      k: () => this.list.step(-1),
      "/": () => (this.#route.go("entries"), setTimeout(() => this.list.focusSearch())),
      n: () => this.#route.go("entries", null, { new: "1" }),
      x: () => this.list.tick(),
      t: () => inEntry && this.entry.tryIt(),
      "?": () => this.#sheet(),
    };
    if (event.target instanceof Element && event.target.closest(".list-pane")) {
      commands.ArrowDown = commands.j;
      commands.ArrowUp = commands.k;
    }
    if (page) this.#route.go(page[0]);
    else if (commands[event.key]) commands[event.key]();
    else return;
    event.preventDefault();
  }
}
