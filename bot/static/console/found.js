// @ts-check
import { ownerWords } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { placeHash, where } from "./route.js";
import { ago, fullTime } from "./time.js";

/** @typedef {import("./types.js").Hit} Hit */

/** @type {{[from: string]: string}} */
const SENDERS = { customer: "Customer", bot: "Bot", agent: "Agent", system: "Desk" };

/** What the search found: each hit with its words marked, leading to the message. */
export class Found {
  #rows = h("ul", { class: "rows hits", "data-testid": "hits" });
  #more = h("button", { class: "button wide more", type: "button", onclick: () => this.#read(true) }, "Show more");
  #empty = h("div", { class: "empty" });
  element = h("div", { class: "scroll", hidden: true }, this.#rows, this.#more, this.#empty);
  #words = "";
  /** @type {Hit[]} */
  #hits = [];
  /** What is to be done once these words were searched for. @type {{words: string, run: () => void}|null} */
  #then = null;

  /** @param {import("./desk.js").Desk} desk @param {import("./route.js").Route} route */
  constructor(desk, route) {
    this.desk = desk;
    this.route = route;
  }

  /** @param {string} words */
  show(words) {
    if (words === this.#words) return this.#mark();
    this.#words = words;
    this.#hits = [];
    if (this.#then?.words !== words) this.#then = null;
    if (words) void this.#read(false);
    else this.#draw(false);
  }

  /** Asks for the same words again: more may have been said since. */
  again() {
    const words = this.#words;
    this.#words = "";
    this.show(words);
  }

  /** When the search is left: whoever comes back to the same words wants what was said since, too. */
  forget() {
    if (this.#words) this.show("");
  }

  /** For words that are searched for next. @param {string} words @param {() => void} run */
  whenFound(words, run) {
    this.#then = { words, run };
  }

  /** @param {boolean} further */
  async #read(further) {
    const words = this.#words;
    const from = further ? this.#hits.length : 0;
    const followed = this.element.contains(document.activeElement);
    this.#more.hidden = true;
    if (!further) this.element.setAttribute("aria-busy", "true");
    try {
      const { hits, more } = await this.desk.api.search(words, from);
      if (words !== this.#words) return;
      this.#hits = [...this.#hits.slice(0, from), ...hits];
      for (const { conversation } of hits) this.desk.lists.upsert(conversation);
      this.#draw(more);
    } catch (error) {
      if (words !== this.#words) return;
      // What was found before stays, and so do the words: without them each piece of news would search anew.
      this.#draw(false);
      const again = h("button", { class: "button", type: "button", onclick: () => this.#read(further) }, "Try again");
      this.#tell("warn", "The search did not work", /** @type {Error} */ (error).message, again);
    } finally {
      this.element.removeAttribute("aria-busy");
    }
    // The button that was pressed is gone: on to what has come instead.
    const rest = /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-row], .empty button"));
    if (followed) rest[from]?.focus();
    if (this.#then?.words === words) this.#then.run();
    this.#then = null;
  }

  /** @param {boolean} more */
  #draw(more) {
    fill(
      this.#rows,
      this.#hits.map((hit, index) => h("li", null, this.#hit(hit, index === 0))),
    );
    this.#more.hidden = !more;
    this.#empty.hidden = this.#hits.length > 0;
    if (this.#hits.length) return this.#mark();
    if (!this.#words)
      return this.#tell("search", "Search all that was said", "Closed conversations and notes are searched too.");
    this.#tell("search", "No match", `Nobody has said “${this.#words}”. Fewer words find more.`);
  }

  /** @param {Hit} hit @param {boolean} tabbable */
  #hit({ conversation, seq, at, from, kind, parts }, tabbable) {
    return h(
      "a",
      {
        class: "row",
        "data-row": "",
        "data-hit": seq,
        "data-conversation": conversation.id,
        tabindex: tabbable ? 0 : -1,
        href: placeHash(where("search", { q: this.#words }), conversation.id, "conversation", seq),
      },
      h(
        "span",
        { class: "row-top" },
        h("span", { class: "row-name" }, this.desk.nameOf(conversation)),
        h("time", { class: "wait calm", "data-ago": at, title: fullTime(at) }, ago(at)),
      ),
      h(
        "span",
        { class: "row-text hit-text" },
        h("span", { class: "quiet" }, `${kind === "note" ? "Note" : (SENDERS[from] ?? "")}: `),
        parts.map(([what, text]) => (what ? h("mark", null, text) : text)),
      ),
      h(
        "span",
        { class: "row-foot" },
        icon(conversation.owner === "closed" ? "check" : conversation.owner === "bot" ? "bot" : "person"),
        h(
          "span",
          { class: "row-owner" },
          ownerWords(conversation, this.desk.user.id, this.desk.setup.teamName(conversation.team)),
        ),
        hidden(", show the message"),
      ),
    );
  }

  #mark() {
    for (const row of this.#rows.querySelectorAll("[data-row]")) {
      const open =
        /** @type {HTMLElement} */ (row).dataset.conversation === this.desk.open &&
        Number(/** @type {HTMLElement} */ (row).dataset.hit) === this.route.place.seq;
      if (open) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** @param {import("./icons.js").IconName} name @param {string} title @param {string} text @param {Node} [more] */
  #tell(name, title, text, more) {
    this.#empty.hidden = false;
    fill(this.#empty, icon(name), h("h3", null, title), h("p", null, text), more);
  }
}
