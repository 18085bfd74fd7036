// @ts-check
import { Actions } from "./actions.js";
import { ContextPane } from "./context.js";
import { ConversationPane } from "./conversation.js";
import { Desk } from "./desk.js";
import { h } from "./dom.js";
import { Drafts } from "./drafts.js";
import { Keys } from "./keys.js";
import { ListPane } from "./list.js";
import { Menu } from "./menu.js";
import { Outbox } from "./outbox.js";
import { VIEWS } from "./route.js";
import { Seen } from "./seen.js";
import { routeOf } from "./why.js";

/** As in layout.css: from here on the context is a column of its own. */
const WIDE = "(min-width: 1160px)";
const NARROW = "(max-width: 719.98px)";

/** The console of one signed-in agent: puts the parts together and says how news moves between them. */
export class App {
  #status = h("p", { class: "connection", role: "status", "data-testid": "connection" });
  #backdrop = h("div", { class: "backdrop", onclick: () => this.#leaveContext() });

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
    this.alerts = alerts;
    this.desk = new Desk(api, user);
    this.outbox = new Outbox(api, user.id);
    this.seen = new Seen(user.id);
    this.actions = new Actions(this.desk, this.outbox, route, announcer);
    this.list = new ListPane(this.desk, this.seen, this.actions);
    this.conversation = new ConversationPane({
      desk: this.desk,
      outbox: this.outbox,
      drafts: new Drafts(user.id),
      seen: this.seen,
      actions: this.actions,
      announcer,
      toggleContext: () => this.#toggleContext(),
    });
    this.context = new ContextPane(
      (seqs) => this.#showRecords(seqs),
      () => this.#leaveContext(),
    );
    this.keys = new Keys(this.#commands());
    const menu = new Menu(user, alerts, announcer, { keys: () => this.keys.showSheet(), signOut });
    this.element = h(
      "div",
      { class: "app", "data-view": "console" },
      h(
        "header",
        { class: "bar" },
        h("h1", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Frontdesk"),
        this.#status,
        menu.element,
      ),
      announcer.toasts,
      h("main", { class: "panes" }, this.list.element, this.conversation.element, this.#backdrop, this.context.element),
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
    const drawContext = () =>
      this.context.draw(this.conversation.summary, this.desk.open ? this.desk.known(this.desk.open) : undefined);
    this.desk.packetChanged.on(({ id }) => id === this.desk.open && drawContext());
    this.desk.countsChanged.on((counts) => this.announcer.title(counts.queue));
    // The button that opened the dialog is gone with the conversation, so the focus would be nowhere.
    this.actions.given.on(() =>
      setTimeout(() => document.activeElement === document.body && this.conversation.focus()),
    );
    this.desk.arrived.on((summary) => this.#arrived(summary));
    this.desk.recordsAdded.on(({ id, added }) => this.#spoken(id, added));
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
    this.drawContext = drawContext;
  }

  /** @param {import("./route.js").Place} place @param {boolean} first */
  #place(place, first) {
    const before = { open: this.desk.open, pane: this.element.dataset.pane };
    if (first || place.view !== this.desk.view) this.desk.show(place.view);
    void this.conversation.show(place.conversation);
    this.desk.listChanged.emit();
    this.drawContext?.();
    this.element.dataset.pane = place.pane;
    this.#arrange();
    if (first) return;
    if (place.pane === "context" && before.pane !== "context") this.context.focus();
    else if (before.pane === "context" && place.conversation === before.open)
      this.conversation.heading.focusContextToggle();
    else if (place.conversation && place.conversation !== before.open) this.#focusWhenShown();
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
    this.drawContext?.();
    // On a wide page who walks down the list with Enter stays in it until they go over.
    this.conversation.focus();
  }

  /** @param {import("./types.js").Summary} summary */
  #arrived(summary) {
    const route = routeOf(summary.why);
    const why = route ? route.long.toLowerCase() : "wants a person";
    this.announcer.say(`A customer is waiting: ${why}.`);
    this.alerts.beep();
    this.alerts.notify(
      "A customer is waiting",
      `${route?.long ?? "Wants a person"}${summary.last ? `: ${summary.last.text}` : ""}`,
      () => this.route.go("queue", summary.id),
    );
  }

  /**
   * A customer of ours wrote while we looked elsewhere.
   * @param {string} id
   * @param {import("./types.js").Record[]} added
   */
  #spoken(id, added) {
    const summary = this.desk.lists.get(id);
    const last = added.at(-1);
    if (last?.from !== "customer" || !this.desk.lists.isMine(summary) || added.length > 3) return;
    if (id === this.desk.open && !document.hidden) return;
    this.announcer.say(`${summary ? this.desk.nameOf(summary) : "A customer"} wrote to you.`);
    this.alerts.beep();
    this.alerts.notify("Your customer wrote", last.text ?? "", () => this.route.go("mine", id));
  }

  /** @param {number[]} seqs */
  #showRecords(seqs) {
    if (this.element.dataset.pane === "context" && !matchMedia(WIDE).matches) {
      this.route.go(this.desk.view, this.desk.open);
      // The conversation must be in sight before anything in it can be scrolled to.
      setTimeout(() => this.conversation.log.highlight(seqs), 60);
    } else this.conversation.log.highlight(seqs);
  }

  #toggleContext() {
    if (matchMedia(WIDE).matches) return this.context.focus();
    this.route.go(this.desk.view, this.desk.open, this.element.dataset.pane === "context" ? "conversation" : "context");
  }

  #leaveContext() {
    this.route.go(this.desk.view, this.desk.open, "conversation");
  }

  /** One step back: from the field, the context, the conversation. */
  #backOut() {
    const focus = document.activeElement;
    if (this.conversation.composer.element.contains(focus)) return this.conversation.log.focus();
    if (this.element.dataset.pane === "context") return this.#leaveContext();
    if (!this.desk.open) return;
    if (matchMedia(NARROW).matches || focus?.closest(".list-pane")) return this.route.go(this.desk.view);
    this.list.focusRow(this.desk.open);
  }

  /** @returns {{[key: string]: (event: KeyboardEvent) => void}} */
  #commands() {
    const withOpen = (/** @type {(summary: import("./types.js").Summary) => void} */ run) => () => {
      const { summary } = this.conversation;
      if (summary) run(summary);
    };
    const write = (/** @type {import("./outbox.js").Kind} */ kind) =>
      withOpen((summary) => {
        if (this.actions.can(summary).write) this.conversation.composer.focus(kind);
        else if (kind === "note") this.actions.note(summary);
      });
    const next = () => this.list.step(1);
    const previous = () => this.list.step(-1);
    return {
      j: next,
      ArrowDown: next,
      k: previous,
      ArrowUp: previous,
      "/": () => this.list.focusSearch(),
      "?": () => this.keys.showSheet(),
      Escape: () => this.#backOut(),
      t: () => this.actions.takeNext(),
      c: () => this.#claimKey(),
      r: write("message"),
      n: write("note"),
      i: () => this.desk.open && this.#toggleContext(),
      b: withOpen((summary) => this.actions.handBack(summary)),
      q: withOpen((summary) => this.actions.release(summary)),
      e: withOpen((summary) => this.actions.close(summary)),
      ...Object.fromEntries(VIEWS.map((view, index) => [String(index + 1), () => this.route.go(view)])),
    };
  }

  /** Claims the row that has the focus, else the open conversation. */
  #claimKey() {
    const row = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.conversation : undefined;
    const summary = row ? this.desk.lists.get(row) : this.conversation.summary;
    if (summary) void this.actions.claim(summary);
  }
}
