// @ts-check
import { ownerWords, routeChip, shortPage } from "./chip.js";
import { browserWords, localeWords } from "./device.js";
import { fill, h, hidden } from "./dom.js";
import { OUTCOMES } from "./event-words.js";
import { icon } from "./icons.js";
import { placeHash, where } from "./route.js";
import { ratingMark } from "./row.js";
import { facts, scoreList } from "./score.js";
import { ago, clock, fullTime } from "./time.js";
import { percent, sentence } from "./why.js";

/** @typedef {import("./types.js").Packet} Packet */
/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./thread.js").Thread} Thread */

/** The right column: what the bot handed over, so that the agent need not ask again. */
export class ContextPane {
  #close = h(
    "button",
    {
      class: "icon-button context-close",
      type: "button",
      "data-action": "context-close",
      onclick: () => this.closed(),
    },
    icon("close"),
    hidden("Close the context"),
  );
  #title = h("h2", { tabindex: "-1", id: "context-title" }, "Context");
  #body = h("div", { class: "scroll context-body" });
  element = h(
    "aside",
    { class: "pane context-pane", id: "context", "aria-labelledby": "context-title" },
    h("header", { class: "context-head" }, this.#title, this.#close),
    this.#body,
  );
  #drawn = "";
  /** @type {string|undefined} */
  #of;

  /**
   * @param {import("./desk.js").Desk} desk @param {(seqs: number[]) => void} show brings records into sight
   * @param {() => void} closed
   */
  constructor(desk, show, closed) {
    this.desk = desk;
    this.show = show;
    this.closed = closed;
  }

  focus() {
    this.#title.focus();
  }

  /** @param {Summary|undefined} summary @param {Thread|undefined} thread */
  draw(summary, thread) {
    const shown = [summary?.page, summary?.locale, summary?.outcome, summary?.product, summary?.fault, summary?.cause];
    const { packet: known, customer, orders, earlier } = thread ?? {};
    const drawn = JSON.stringify([
      summary?.id,
      shown,
      summary?.rating,
      Boolean(thread),
      known,
      customer,
      orders,
      earlier,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    if (this.#of !== summary?.id) this.#body.scrollTop = 0;
    this.#of = summary?.id;
    if (!summary || !thread)
      return fill(
        this.#body,
        h("p", { class: "quiet context-none" }, "What the bot learned stands here when a conversation is open."),
      );
    const { packet } = thread;
    fill(
      this.#body,
      ended(summary),
      packet
        ? this.#packet(packet, thread)
        : h(
            "p",
            { class: "quiet context-none" },
            "There was no handoff yet. What the bot learns stands here when it hands over.",
          ),
      !packet && thread.customer && section("Customer", customerFacts(thread.customer)),
      thread.earlier.length > 0 && section("Earlier conversations", this.#earlier(thread.earlier)),
      !packet &&
        section(
          "Page and browser",
          facts([
            ["Page", pageLink(summary.page)],
            ["Language", summary.locale && localeWords(summary.locale)],
            ["Began", fullTime(summary.created)],
          ]),
        ),
    );
  }

  /** @param {Packet} packet @param {Thread} thread */
  #packet(packet, thread) {
    const { why = {}, who = {}, what = {} } = packet;
    return [
      section(
        "Why it came to you",
        h(
          "p",
          { class: "why-line" },
          routeChip(why),
          h(
            "span",
            { class: "quiet small" },
            "handed over ",
            h("time", { "data-ago": packet.at, title: fullTime(packet.at) }, ago(packet.at)),
          ),
        ),
        why.reason && h("p", { class: "why-reason" }, why.reason),
        this.#decisive(why.words ?? [], thread, packet.at),
        facts([
          ["Intent", why.intent && sentence(why.intent)],
          ["Confidence", typeof why.confidence === "number" && percent(why.confidence)],
        ]),
      ),
      packet.summary?.length > 0 && section("In short", this.#summary(packet.summary, thread)),
      section("Customer", customerFacts(thread.customer ?? {})),
      hasWhat(what) &&
        section(
          "About",
          facts([
            ["Order", what.order],
            ["Product", what.product],
            ...Object.entries(what.values ?? {}).map(
              ([name, value]) => /** @type {[string, string]} */ ([sentence(name), valueWords(value)]),
            ),
          ]),
        ),
      packet.tried?.length > 0 && section("What the bot tried", scoreList(packet.tried)),
      thread.orders.length > 0 && section("Orders looked up", lookupList(thread.orders)),
      packet.told && section("What the customer was told", h("blockquote", { class: "told" }, packet.told)),
      section(
        "Page and browser",
        facts([
          ["Page", pageLink(who.page)],
          ["Browser", who.browser && h("span", { title: who.browser }, browserWords(who.browser))],
          ["Language", who.locale && localeWords(who.locale)],
        ]),
      ),
    ];
  }

  /** @param {Packet["summary"]} lines @param {Thread} thread */
  #summary(lines, thread) {
    return h(
      "ul",
      { class: "summary" },
      lines.map(({ line, seqs }) =>
        h(
          "li",
          null,
          seqs.length
            ? h(
                "button",
                { class: "summary-line", type: "button", "data-seqs": seqs.join(" "), onclick: () => this.show(seqs) },
                line,
                hidden(", show where it was said"),
              )
            : h("span", null, line),
          seqs.length > 0 &&
            h(
              "span",
              { class: "summary-seqs" },
              seqs.map((seq) => {
                const record = thread.at(seq);
                return h(
                  "button",
                  {
                    class: "seq",
                    type: "button",
                    "data-seq-link": seq,
                    title: record && fullTime(record.at),
                    onclick: () => this.show([seq]),
                  },
                  hidden(
                    record?.from === "customer" ? "Customer at " : record?.from === "bot" ? "Bot at " : "Message ",
                  ),
                  record && icon(record.from === "bot" ? "bot" : "person"),
                  record ? clock(record.at) : `#${seq}`,
                );
              }),
            ),
        ),
      ),
    );
  }

  /** @param {Summary[]} earlier */
  #earlier(earlier) {
    return h(
      "ul",
      { class: "earlier", "data-testid": "earlier" },
      earlier.map((one) =>
        h(
          "li",
          null,
          h("a", { href: placeHash(where("all"), one.id) }, one.last?.text.slice(0, 80) || "Nothing said"),
          h(
            "span",
            { class: "quiet small" },
            `${ago(one.updated)} · ${one.outcome ? (OUTCOMES[one.outcome] ?? one.outcome) : ownerWords(one, this.desk.user.id, this.desk.setup.teamName(one.team))}`,
          ),
        ),
      ),
    );
  }

  /**
   * The customer's message that decided, with the deciding words marked.
   * @param {string[]} words
   * @param {Thread} thread
   * @param {number} at
   */
  #decisive(words, thread, at) {
    if (!words.length) return null;
    const pattern = new RegExp(
      `(${[...words]
        .sort((a, b) => b.length - a.length)
        .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join("|")})`,
      "gi",
    );
    const record = thread.records.findLast(
      (one) => one.from === "customer" && one.at <= at + 1 && one.text?.search(pattern) !== -1,
    );
    if (!record?.text)
      return h(
        "p",
        { class: "words" },
        words.flatMap((word) => [h("mark", null, word), " "]),
      );
    // Splitting by a captured pattern puts the matches at the odd places.
    return h(
      "button",
      { class: "decisive", type: "button", onclick: () => this.show([record.seq]) },
      hidden("The words that decided it: "),
      record.text.split(pattern).map((part, index) => (index % 2 ? h("mark", null, part) : part)),
    );
  }
}

/** How it ended and what the customer said of it. @param {Summary} summary */
function ended({ owner, outcome, product, fault, cause, rating }) {
  if (owner !== "closed" && !rating) return null;
  return section(
    "How it ended",
    facts([
      ["Outcome", outcome && (OUTCOMES[outcome] ?? sentence(outcome))],
      ["Product", product],
      ["Fault", fault],
      ["Why", cause],
      ["Rating", rating && h("span", { class: "rating-line" }, ratingMark(rating.csat))],
      ["Effort", rating?.effort && `${rating.effort} of 5`],
      ["Comment", rating?.comment],
    ]),
  );
}

/** @param {import("./types.js").Customer} customer */
function customerFacts({ name, email, verified, by, earlier }) {
  return facts([
    ["Name", !earlier && name],
    ["Email", !earlier && email && h("a", { href: `mailto:${email}` }, email)],
    [
      "Identity",
      h(
        "span",
        { class: "verified", "data-verified": String(Boolean(verified)) },
        icon(verified ? "check" : "warn"),
        verified ? "Verified" : "Not verified",
        verified && by && ` by ${PROOFS[by] ?? by}`,
      ),
    ],
    // At this browser it may be somebody else by now.
    ["Before it was opened again", earlier && [name, email].filter(Boolean).join(", ")],
  ]);
}

/** @type {{[by: string]: string}} */
const PROOFS = { token: "your site", code: "a mailed code", order: "order number and email" };

/** @param {import("./types.js").Lookup[]} lookups */
function lookupList(lookups) {
  return h(
    "ol",
    { class: "lookups" },
    lookups.map(({ what, result, at, ms }) =>
      h(
        "li",
        null,
        h(
          "p",
          { class: "lookup-what" },
          sentence(what),
          h("time", { title: fullTime(at) }, clock(at), ms !== undefined && ` · ${Math.round(ms)} ms`),
        ),
        h("p", { class: "lookup-result" }, valueWords(result)),
      ),
    ),
  );
}

/** @param {string} title @param {...import("./dom.js").Child} children */
function section(title, ...children) {
  return h("section", { class: "context-section" }, h("h3", null, title), children);
}

/** @param {Packet["what"]} what */
function hasWhat(what) {
  return Boolean(what && (what.order || what.product || Object.keys(what.values ?? {}).length));
}

/** @param {unknown} value */
function valueWords(value) {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "");
}

/**
 * Only a web address becomes a link: the page is what the customer's browser said.
 * @param {string|null|undefined} page
 */
function pageLink(page) {
  if (!page || !/^https?:\/\//i.test(page)) return page || null;
  return h("a", { href: page, target: "_blank", rel: "noopener noreferrer", title: page }, shortPage(page));
}
