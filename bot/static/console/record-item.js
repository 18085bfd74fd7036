// @ts-check
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { facts, scoreList } from "./score.js";
import { clock, dayKey, dayLabel, fullTime } from "./time.js";
import { percent, routeOf, sentence } from "./why.js";

/** @typedef {import("./types.js").Record} Record */

/** Within this many seconds, messages of the same sender stand under one name. */
const TOGETHER = 180;

/** @type {{[outcome: string]: string}} */
export const OUTCOMES = {
  solved: "Solved",
  not_solved: "Not solved",
  product_fault: "Product fault",
  duplicate: "Duplicate",
  spam: "Spam",
  idle: "Went quiet",
};

/**
 * What stands in the log for a record: nothing, one line, or a day before it.
 * @param {Record} record @param {Record|undefined} previous the last one shown @param {string} me
 * @returns {HTMLLIElement[]}
 */
export function recordItems(record, previous, me) {
  if (record.kind === "internal") return [];
  const items = [];
  if (!previous || dayKey(previous.at) !== dayKey(record.at)) {
    items.push(h("li", { class: "day" }, h("span", null, dayLabel(record.at))));
    previous = undefined;
  }
  items.push(record.kind === "event" ? eventItem(record, me) : messageItem(record, previous, me));
  return items;
}

/** @param {Record} record @param {string} me */
function eventItem(record, me) {
  return h(
    "li",
    {
      class: "event",
      id: `record-${record.seq}`,
      tabindex: "-1",
      "data-seq": record.seq,
      "data-kind": "event",
      "data-event": record.event,
    },
    h("span", null, eventWords(record, me)),
    " ",
    h("time", { title: fullTime(record.at) }, clock(record.at)),
  );
}

/** @param {Record & {why?: string}} record @param {string} me */
function eventWords(record, me) {
  const who = !record.by ? null : record.by.id === me ? "You" : record.by.name;
  const route = routeOf(record.why);
  const outcome = record.outcome ? `: ${(OUTCOMES[record.outcome] ?? sentence(record.outcome)).toLowerCase()}` : "";
  switch (record.event) {
    case "handoff":
      return route ? `The bot handed over: ${route.long.toLowerCase()}` : "The bot handed over to people";
    case "claimed":
      return who ? `${who} took the conversation` : "Taken by an agent";
    case "released":
      return who ? `${who} returned it to the queue` : "Returned to the queue";
    case "handed_back":
      return who ? `${who} handed back to the bot` : "Handed back to the bot";
    case "closed":
      return who ? `${who} closed it${outcome}` : `Closed${outcome}`;
    case "reopened":
      return "The customer came back";
    default:
      return record.text ?? sentence(record.event ?? "event");
  }
}

/** @param {Record} record @param {Record|undefined} previous @param {string} me */
function messageItem(record, previous, me) {
  const note = record.kind === "note";
  const together =
    previous !== undefined &&
    previous.kind === record.kind &&
    previous.from === record.from &&
    previous.by?.id === record.by?.id &&
    record.at - previous.at < TOGETHER;
  const mine = record.by?.id === me;
  return h(
    "li",
    {
      class: "record",
      id: `record-${record.seq}`,
      tabindex: "-1",
      "data-seq": record.seq,
      "data-kind": record.kind,
      "data-from": record.from,
      "data-id": record.id,
      "data-together": together,
    },
    h(
      "div",
      { class: "bubble" },
      h(
        "p",
        { class: "byline" },
        note ? icon("lock") : record.from === "bot" && icon("bot"),
        h("span", { class: "who" }, senderWords(record, mine)),
        h("time", { title: fullTime(record.at) }, clock(record.at)),
      ),
      record.from === "bot" && record.html
        ? markup(record.html)
        : h("div", { class: "text plain", dir: "auto" }, record.text ?? ""),
      record.buttons?.length
        ? h(
            "p",
            { class: "offered" },
            hidden("Offered: "),
            record.buttons.map(({ title }) => h("span", null, title)),
          )
        : null,
      record.evidence && evidence(record.evidence),
    ),
    mine && !note && h("p", { class: "mark", "data-state": "delivered" }, icon("check"), "Sent"),
  );
}

/** @param {Record} record @param {boolean} mine */
function senderWords(record, mine) {
  if (record.kind === "note") return `Private note · ${mine ? "You" : (record.by?.name ?? "Staff")}`;
  if (record.from === "customer") return "Customer";
  if (record.from === "bot") return "Bot";
  if (record.from === "agent") return mine ? "You" : (record.by?.name ?? "Agent");
  return "System";
}

/** The one place where markup is inserted: the server rendered and sanitised it. @param {string} html */
function markup(html) {
  const text = h("div", { class: "text rich" });
  text.innerHTML = html;
  for (const link of text.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  return text;
}

/** @param {import("./types.js").Evidence} evidence */
function evidence(evidence) {
  return h(
    "details",
    { class: "evidence" },
    h("summary", null, "Why", hidden(" the bot said this")),
    facts([
      ["Route", evidence.route && sentence(evidence.route)],
      ["Intent", evidence.intent && sentence(evidence.intent)],
      ["Confidence", evidence.confidence !== undefined && evidence.confidence !== null && percent(evidence.confidence)],
      [
        "Entry",
        evidence.entry && (evidence.version ? `${evidence.entry}, version ${evidence.version}` : evidence.entry),
      ],
      ["Snapshot", evidence.snapshot],
    ]),
    evidence.candidates?.length
      ? [h("p", { class: "facts-title" }, "Candidates"), scoreList(evidence.candidates, evidence.entry ?? undefined)]
      : null,
  );
}

/**
 * A message on its way out.
 * @param {import("./outbox.js").Outgoing} item
 * @param {{retry: () => void, edit: () => void}} actions
 */
export function outgoingItem(item, actions) {
  const failed = item.state === "failed";
  return h(
    "li",
    {
      class: "record outgoing",
      "data-kind": item.kind,
      "data-from": "agent",
      "data-id": item.id,
      "data-state": item.state,
    },
    h(
      "div",
      { class: "bubble" },
      h(
        "p",
        { class: "byline" },
        item.kind === "note" && icon("lock"),
        h("span", { class: "who" }, item.kind === "note" ? "Private note · You" : "You"),
        h("time", null, clock(item.at)),
      ),
      h("div", { class: "text plain", dir: "auto" }, item.text),
    ),
    h(
      "p",
      { class: "mark", "data-state": item.state, role: failed ? "alert" : null },
      failed
        ? [
            icon("warn"),
            h("span", null, `Not sent. ${item.reason ?? ""}`),
            h(
              "span",
              { class: "mark-actions" },
              h("button", { class: "link", type: "button", onclick: actions.retry }, "Retry"),
              h("button", { class: "link", type: "button", onclick: actions.edit }, "Edit"),
            ),
          ]
        : item.state === "sent"
          ? [icon("check"), "Sent"]
          : [h("span", { class: "spinner", "aria-hidden": "true" }), "Sending…"],
    ),
  );
}
