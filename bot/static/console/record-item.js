// @ts-check
import { fileList } from "./attachments.js";
import { h, hidden } from "./dom.js";
import { eventWords } from "./event-words.js";
import { icon } from "./icons.js";
import { splitByNames } from "./names.js";
import { ownActions } from "./own-message.js";
import { proposal } from "./proposal.js";
import { facts, scoreList } from "./score.js";
import { clock, dayKey, dayLabel, fullTime } from "./time.js";
import { percent, sentence } from "./why.js";

/** @typedef {import("./types.js").Record} Record */

/** Within this many seconds, messages of the same sender stand under one name. */
const TOGETHER = 180;

/**
 * @typedef {object} Reader what the items need to know of who reads them
 * @property {string} me
 * @property {(id: string|undefined) => string} team
 * @property {(id: string) => string} agent
 * @property {import("./own-message.js").Amend} amend
 * @property {import("./proposal.js").Propose} propose
 */

/**
 * What stands in the log for a record: nothing, one line, or a day before it.
 * @param {Record} record @param {Record|undefined} previous the last one shown @param {Reader} reader
 * @returns {HTMLLIElement[]}
 */
export function recordItems(record, previous, reader) {
  const event = record.kind === "event" || record.kind === "internal";
  const words = event ? eventWords(record, reader) : "";
  if (words === null) return [];
  const items = [];
  if (!previous || dayKey(previous.at) !== dayKey(record.at)) {
    items.push(h("li", { class: "day" }, h("span", null, dayLabel(record.at))));
    previous = undefined;
  }
  items.push(event ? eventItem(record, words) : messageItem(record, previous, reader));
  return items;
}

/** The line that stands before what came while the line was down. */
export function awayItem() {
  return h(
    "li",
    { class: "day away", "data-testid": "away-mark", tabindex: "-1" },
    h("span", null, "New since you were away"),
  );
}

/** @param {Record} record @param {string} words */
function eventItem(record, words) {
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
    record.kind === "internal" && icon("lock"),
    h("span", null, words),
    " ",
    h("time", { title: fullTime(record.at) }, clock(record.at)),
  );
}

/** @param {Record} record @param {Record|undefined} previous @param {Reader} reader */
export function messageItem(record, previous, { me, agent, amend, propose }) {
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
        record.edited && h("span", { class: "amended" }, "edited"),
      ),
      record.deleted
        ? h("div", { class: "text deleted" }, mine ? "You deleted this message" : "This message was deleted")
        : record.from === "bot" && record.html
          ? markup(record.html)
          : record.text
            ? h("div", { class: "text plain", dir: "auto" }, note ? mentioned(record, agent) : record.text)
            : null,
      fileList(record.attachments),
      record.buttons?.length
        ? h(
            "p",
            { class: "offered" },
            hidden("Offered: "),
            record.buttons.map(({ title }) => h("span", null, title)),
          )
        : null,
      record.evidence && evidence(record.evidence),
      proposal(record, propose),
    ),
    mine &&
      !note &&
      h(
        "p",
        { class: "mark", "data-state": "delivered", "data-fresh": !record.deleted },
        icon("check"),
        "Sent",
        ownActions(record, amend),
      ),
  );
}

/** A note with the names of who it is for marked. @param {Record} record @param {(id: string) => string} agent */
function mentioned({ text = "", mentions = [] }, agent) {
  return splitByNames(text, mentions.map(agent)).map((part, index) =>
    index % 2 ? h("strong", { class: "mention" }, part) : part,
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
      item.text && h("div", { class: "text plain", dir: "auto" }, item.text),
      fileList(item.files),
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
