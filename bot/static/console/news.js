// @ts-check
import { routeOf } from "./why.js";

/** @typedef {import("./types.js").Summary} Summary */

/** Says what an agent would want to hear while they look elsewhere: by voice, sound and desktop notice. */
export class News {
  /** When each conversation last spoke, so that one word is told once. @type {Map<string, number>} */
  #told = new Map();

  /**
   * @param {import("./desk.js").Desk} desk @param {import("./announcer.js").Announcer} announcer
   * @param {import("./alerts.js").Alerts} alerts @param {import("./route.js").Route} route
   */
  constructor(desk, announcer, alerts, route) {
    this.desk = desk;
    this.announcer = announcer;
    this.alerts = alerts;
    this.route = route;
    desk.countsChanged.on((counts) => announcer.title(counts.queue));
    desk.arrived.on((summary) => this.#arrived(summary));
    desk.recordsAdded.on(({ id, added }) => this.#spoken(id, added));
    desk.summaryChanged.on((summary) => this.#heard(summary));
    // What stood in a list when it was read is no news, and what comes after it is.
    desk.listChanged.on(() => {
      for (const { id, last } of desk.lists.summaries.values())
        if (!this.#told.has(id)) this.#told.set(id, last?.at ?? 0);
    });
  }

  /** @param {Summary} summary */
  #arrived(summary) {
    const route = routeOf(summary.why);
    this.announcer.say(`A customer is waiting: ${route ? route.long.toLowerCase() : "wants a person"}.`);
    this.alerts.beep();
    this.alerts.notify(
      "A customer is waiting",
      [route?.long ?? "Wants a person", summary.last?.text].filter(Boolean).join(": "),
      () => this.route.go("queue", summary.id),
    );
  }

  /**
   * A customer of ours wrote while we looked elsewhere, in a conversation whose records we follow.
   * @param {string} id
   * @param {import("./types.js").Record[]} added
   */
  #spoken(id, added) {
    const last = added.at(-1);
    if (last?.from !== "customer" || last.kind !== "message" || added.length > 3) return;
    this.#told.set(id, last.at);
    this.#say(id, last.text ?? "");
  }

  /** The same of one that was never opened here: its summary says so. @param {Summary} summary */
  #heard({ id, last }) {
    const known = this.#told.get(id);
    if (last) this.#told.set(id, Math.max(known ?? 0, last.at));
    if (known === undefined || last?.from !== "customer" || last.at <= known) return;
    this.#say(id, last.text);
  }

  /** @param {string} id @param {string} text */
  #say(id, text) {
    const summary = this.desk.lists.get(id);
    if (!summary || !this.desk.lists.isMine(summary)) return;
    if (id === this.desk.open && !document.hidden) return;
    this.announcer.say(`${this.desk.nameOf(summary)} wrote to you.`);
    this.alerts.beep();
    this.alerts.notify("Your customer wrote", text, () => this.route.go("mine", id));
  }
}
