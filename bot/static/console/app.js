// @ts-check
import { Actions } from "./actions.js";
import { Arrange } from "./arrange.js";
import { commandsOf } from "./commands.js";
import { ContextPane } from "./context.js";
import { ConversationPane } from "./conversation.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { Drafts } from "./drafts.js";
import { icon } from "./icons.js";
import { Keys } from "./keys.js";
import { ListPane } from "./list.js";
import { chooseMacro } from "./macros.js";
import { Menu } from "./menu.js";
import { News } from "./news.js";
import { Outbox } from "./outbox.js";
import { openPalette } from "./palette.js";
import { Rail } from "./rail.js";
import { listKey, where } from "./route.js";
import { Seen } from "./seen.js";
import { SettingsPage } from "./settings.js";
import { WallPage } from "./wall.js";

/** As in layout.css: from here on the context is a column of its own. */
const WIDE = "(min-width: 1240px)";
const NARROW = "(max-width: 719.98px)";

/** The console of one signed-in agent: puts the parts together and says how news moves between them. */
export class App {
  #status = h("p", { class: "connection", role: "status", "data-testid": "connection" });
  #backdrop = h("div", { class: "backdrop", onclick: () => this.#leaveContext() });
  /** What the page shows instead of the inbox. @type {import("./route.js").Page|null} */
  page = null;

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./types.js").User} parts.user
   * @param {import("./route.js").Route} parts.route
   * @param {import("./announcer.js").Announcer} parts.announcer
   * @param {import("./alerts.js").Alerts} parts.alerts
   * @param {() => void} parts.signOut
   */
  constructor({ api, user, route, announcer, alerts, signOut }) {
    this.user = user;
    this.route = route;
    this.announcer = announcer;
    this.desk = new Desk(api, user);
    this.outbox = new Outbox(api, user.id);
    this.seen = new Seen(user.id);
    this.actions = new Actions(this.desk, this.outbox, route, announcer);
    this.arrange = new Arrange(this.actions);
    this.rail = new Rail(this.desk, this.seen, route);
    this.list = new ListPane(this.desk, this.seen, this.actions, route);
    this.conversation = new ConversationPane({
      desk: this.desk,
      outbox: this.outbox,
      drafts: new Drafts(user.id),
      seen: this.seen,
      actions: this.actions,
      announcer,
      commands: () => this.enabled(),
      macros: () => this.conversation.summary && chooseMacro(this.actions, this.conversation.summary),
      toggleContext: () => this.toggleContext(),
    });
    this.context = new ContextPane(
      this.desk,
      (seqs) => this.#showRecords(seqs),
      () => this.#leaveContext(),
    );
    this.wall = new WallPage(this.desk, this.actions, this.arrange);
    this.settings = new SettingsPage(this.desk, announcer, route);
    this.commands = commandsOf(this);
    this.keys = new Keys(
      () => this.commands,
      this.#moves(),
      () => openPalette(this),
    );
    this.menu = new Menu(user, alerts, announcer, {
      setup: this.desk.setup,
      status: () => this.toggleStatus(),
      keys: () => this.keys.showSheet(),
      signOut,
    });
    this.news = new News(this.desk, announcer, alerts, route);
    this.element = h(
      "div",
      { class: "app", "data-view": "console" },
      h(
        "header",
        { class: "bar" },
        h("h1", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Frontdesk"),
        this.#status,
        h(
          "button",
          {
            class: "button palette-button",
            type: "button",
            "data-action": "palette",
            onclick: () => openPalette(this),
          },
          icon("search"),
          h("span", null, "Do or find"),
          h("kbd", null, /Mac|iP/.test(navigator.platform) ? "⌘ K" : "Ctrl K"),
        ),
        this.menu.element,
      ),
      announcer.toasts,
      this.rail.element,
      h("main", { class: "panes" }, this.list.element, this.conversation.element, this.#backdrop, this.context.element),
      this.wall.element,
      this.settings.element,
    );
    this.#listen();
  }

  start() {
    this.#place(this.route.place, true);
    this.desk.start();
    this.outbox.resume();
  }

  /** After a sign-in in between: everything is where it was, and true again. */
  resume() {
    this.desk.start();
    this.outbox.resume();
  }

  stop() {
    this.desk.stop();
  }

  #listen() {
    this.route.changed.on((place) => this.#place(place, false));
    matchMedia(WIDE).addEventListener("change", () => this.#arrange());
    this.desk.packetChanged.on(({ id }) => id === this.desk.open && this.#drawContext());
    this.desk.summaryChanged.on(({ id }) => id === this.desk.open && this.#drawContext());
    // The button that opened the dialog is gone with the conversation, so the focus would be nowhere.
    this.actions.given.on(() =>
      setTimeout(() => document.activeElement === document.body && this.conversation.focus()),
    );
    this.desk.live.state.on((state) => {
      const offline = state === "lost" && !navigator.onLine;
      this.#status.dataset.state = state;
      this.#status.textContent =
        state === "stopped"
          ? ""
          : state === "live"
            ? "Live"
            : state === "lost"
              ? `${offline ? "You are offline." : "Reconnecting…"} Nothing you typed is lost.`
              : "Connecting…";
      if (state === "live") this.outbox.resume();
    });
  }

  #drawContext() {
    this.context.draw(this.conversation.summary, this.desk.open ? this.desk.known(this.desk.open) : undefined);
  }

  /** @param {import("./route.js").Place} place @param {boolean} first */
  #place(place, first) {
    const page = this.desk.supervises ? place.page : null;
    const before = { open: this.desk.open, pane: this.element.dataset.pane, page: this.page };
    this.page = page;
    this.element.dataset.page = page ?? "inbox";
    this.wall.show(page === "wall");
    this.settings.show(page === "settings" ? place.section : null);
    if (page) {
      this.element.dataset.pane = "page";
      if (before.page !== page) (page === "wall" ? this.wall : this.settings).focus();
      return;
    }
    const same = listKey(place.where) === listKey(this.desk.where) && place.where.q === this.desk.where.q;
    if (first || !same || before.page) this.desk.show(place.where);
    const shown = this.conversation.show(place.conversation);
    if (place.seq) void shown.then(() => this.conversation.log.highlight([place.seq]));
    this.desk.listChanged.emit();
    this.#drawContext();
    this.element.dataset.pane = place.pane;
    this.#arrange();
    if (first) return;
    if (place.pane === "context" && before.pane !== "context") this.context.focus();
    else if (before.pane === "context" && place.conversation === before.open)
      this.conversation.heading.focusContextToggle();
    else if (place.conversation && place.conversation !== before.open && !place.seq) void this.#focusWhenShown();
    else if (!place.conversation && before.open) this.list.focusRow(before.open);
  }

  /** What is out of sight is out of reach: only on a tablet does one pane lie over others. */
  #arrange() {
    const drawer = this.element.dataset.pane === "context" && !matchMedia(WIDE).matches;
    this.list.element.inert = drawer;
    this.conversation.element.inert = drawer;
    this.conversation.heading.contextOpen(drawer);
  }

  async #focusWhenShown() {
    const id = this.desk.open;
    await this.desk.thread(id ?? "").catch(() => {});
    if (id !== this.desk.open) return;
    this.#drawContext();
    // On a wide page who walks down the list with Enter stays in it until they go over.
    this.conversation.focus();
  }

  /** @param {number[]} seqs */
  #showRecords(seqs) {
    if (this.element.dataset.pane === "context" && !matchMedia(WIDE).matches) {
      this.route.go(this.desk.where, this.desk.open);
      // The conversation must be in sight before anything in it can be scrolled to.
      setTimeout(() => this.conversation.log.highlight(seqs), 60);
    } else this.conversation.log.highlight(seqs);
  }

  toggleContext() {
    if (matchMedia(WIDE).matches) return this.context.focus();
    this.route.go(
      this.desk.where,
      this.desk.open,
      this.element.dataset.pane === "context" ? "conversation" : "context",
    );
  }

  #leaveContext() {
    this.route.go(this.desk.where, this.desk.open, "conversation");
  }

  /** One step back: from the field, the context, the conversation, a page. */
  #backOut() {
    const focus = document.activeElement;
    if (this.page) return this.route.go(this.desk.where, this.desk.open);
    if (this.conversation.composer.element.contains(focus)) return this.conversation.log.focus();
    if (this.element.dataset.pane === "context") return this.#leaveContext();
    if (!this.desk.open) return this.list.focusTitle();
    if (matchMedia(NARROW).matches || focus?.closest(".list-pane")) return this.route.go(this.desk.where);
    this.list.focusRow(this.desk.open);
  }

  /** @returns {{[key: string]: () => void}} */
  #moves() {
    const next = () => !this.page && this.list.step(1);
    const previous = () => !this.page && this.list.step(-1);
    return { j: next, ArrowDown: next, k: previous, ArrowUp: previous, Escape: () => this.#backOut() };
  }

  /** The commands that can be given now. */
  enabled() {
    return this.commands.filter(({ when }) => when?.() ?? true);
  }

  /** The row that has the focus, else the open conversation, if it can be claimed. */
  claimable() {
    const row = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.conversation : undefined;
    const summary = row ? this.desk.lists.get(row) : this.page ? undefined : this.conversation.summary;
    const can = this.actions.can(summary);
    return can.claim || can.takeOver ? summary : undefined;
  }

  claim() {
    const summary = this.claimable();
    if (summary) void this.actions.claim(summary);
  }

  note() {
    if (this.actions.can(this.conversation.summary).write) this.conversation.composer.focus("note");
    else this.conversation.writeNote();
  }

  attach() {
    this.conversation.composer.focus("message");
    this.conversation.composer.attach();
  }

  search() {
    if (this.page) this.route.go(where("search"));
    this.list.focusSearch();
  }

  async toggleStatus() {
    const { setup } = this.desk;
    const status = setup.now.me.status === "away" ? "online" : "away";
    await this.arrange.quietly(async () => {
      await setup.setStatus(status);
      this.announcer.toast(status === "away" ? "You are away: nothing new is given to you." : "You are online.");
    });
  }
}
