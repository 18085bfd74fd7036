// @ts-check
import { Signal } from "./signal.js";

/** @typedef {import("./types.js").DeskSetup} DeskSetup */

/** @type {DeskSetup} */
const NOTHING = {
  me: { id: "", status: "online", capacity: 0 },
  teams: [],
  agents: [],
  tags: [],
  skills: [],
  canned: [],
  macros: [],
  hours: [],
  open_now: true,
};

/** How the desk is set up, as far as agents see it: teams, people, canned replies, macros. Read again when it changes. */
export class Setup {
  /** @type {Signal<DeskSetup>} */
  changed = new Signal();
  /** @type {DeskSetup} */
  now = NOTHING;
  /** The shop's name, for canned replies. */
  shop = "";
  #last = Promise.resolve();
  /** @type {Promise<void>|null} */
  #next = null;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /** Done when what it is at the call, or later, has been read. Calls while a read is on its way share the next one. */
  load() {
    this.#next ??= this.#last.then(() => {
      this.#next = null;
      this.#last = this.#read();
      return this.#last;
    });
    return this.#next;
  }

  async #read() {
    try {
      this.shop ||= await this.api.shop();
      this.now = { ...NOTHING, ...(await this.api.desk()) };
      this.changed.emit(this.now);
    } catch {
      // What was known stays; the next change or connection reads it again.
    }
  }

  /** @param {string|null|undefined} id */
  team(id) {
    return this.now.teams.find((team) => team.id === id);
  }

  /** @param {string|null|undefined} id */
  teamName(id) {
    return this.team(id)?.name ?? id ?? "";
  }

  /** @param {string|null|undefined} id */
  agentName(id) {
    return this.now.agents.find((agent) => agent.id === id)?.name ?? "a colleague";
  }

  /**
   * Canned replies or macros that fit a conversation: those of everybody and of its team.
   * @template {{team: string|null}} T
   * @param {T[]} all @param {string|null|undefined} team
   */
  fitting(all, team) {
    return all.filter((one) => !one.team || one.team === team);
  }

  /** @param {"online"|"away"} status */
  async setStatus(status) {
    const { me } = await this.api.status(status);
    this.now = { ...this.now, me };
    this.changed.emit(this.now);
  }
}
