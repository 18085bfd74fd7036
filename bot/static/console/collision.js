// @ts-check
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

/** The server forgets who looks after 15 seconds. */
const EVERY_MS = 8000;

/** Tells colleagues that one looks at a conversation or writes in it, and shows who else does. */
export class Collision {
  element = h("p", { class: "collision", role: "status", hidden: true, "data-testid": "collision" });
  /** @type {string|null} */
  #id = null;
  #typing = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #stops;
  /** What was told before: two requests at once could arrive in the other order. */
  #told = Promise.resolve();

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.presence.on(({ conversation, agents }) => conversation === this.#id && this.#draw(agents));
    desk.live.state.on((state) => state === "live" && this.#tell(true));
    setInterval(() => this.#tell(true), EVERY_MS);
    document.addEventListener("visibilitychange", () => this.#tell(!document.hidden));
    // A page that is left has no time to wait.
    addEventListener("pagehide", () => {
      this.#told = Promise.resolve();
      this.#tell(false);
    });
  }

  /** @param {string|null} id */
  show(id) {
    if (id === this.#id) return;
    this.#tell(false);
    this.#id = id;
    this.#typing = false;
    this.#draw([]);
    this.#tell(true);
  }

  /** @param {boolean} typing */
  typing(typing) {
    const changed = typing !== this.#typing;
    this.#typing = typing;
    if (changed) this.#tell(true);
    // Who stops without sending is silent; the next tellings say that they only look.
    clearTimeout(this.#stops);
    if (typing) this.#stops = setTimeout(() => (this.#typing = false), EVERY_MS);
  }

  /** @param {boolean} viewing */
  #tell(viewing) {
    if (!this.#id || this.desk.live.current !== "live" || (viewing && document.hidden)) return;
    const summary = this.desk.lists.get(this.#id);
    // What is over needs no caution.
    if (summary?.owner === "closed") return;
    const [id, told] = [this.#id, { viewing, typing: viewing && this.#typing }];
    const tell = () => this.desk.api.act(id, "viewing", told).catch(() => {});
    this.#told = this.#told.then(tell);
  }

  /** @param {import("./types.js").Onlooker[]} agents */
  #draw(agents) {
    const others = agents.filter(({ id }) => id !== this.desk.user.id);
    const writing = others.filter(({ typing }) => typing).map(({ name }) => name);
    const looking = others.filter(({ typing }) => !typing).map(({ name }) => name);
    this.element.hidden = !others.length;
    this.element.dataset.state = writing.length ? "writing" : "looking";
    fill(
      this.element,
      icon(writing.length ? "pen" : "people"),
      [
        writing.length && `${list.format(writing)} ${writing.length > 1 ? "are" : "is"} writing`,
        looking.length && `${list.format(looking)} ${looking.length > 1 ? "are" : "is"} here too`,
      ]
        .filter(Boolean)
        .join(", "),
    );
  }
}

const list = new Intl.ListFormat("en");
