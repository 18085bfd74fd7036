// @ts-check
import { h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { routeOf } from "./why.js";
import { ago, dueState, dueWords, fullTime, urgency, waited } from "./time.js";

/** @typedef {import("./types.js").Summary} Summary */

/** The coloured word that says why. @param {Summary["why"]} why */
export function routeChip(why) {
  const route = routeOf(why);
  if (!route) return null;
  return h("span", { class: "chip", "data-route": route.key, title: route.long }, route.label);
}

/** Since when somebody waits for us: the server's word, or the customer's last message. @param {Summary} summary */
export function waitingSince(summary) {
  if (summary.owner !== "queue" && summary.owner !== "agent") return null;
  if (summary.waiting_since) return summary.waiting_since;
  return summary.last?.from === "customer" ? summary.last.at : null;
}

/** The ticking wait, or how long ago it last moved. @param {Summary} summary */
export function waitTime(summary) {
  const since = waitingSince(summary);
  if (since === null) {
    return h(
      "time",
      { class: "wait calm", "data-ago": summary.updated, title: fullTime(summary.updated) },
      ago(summary.updated),
    );
  }
  return h(
    "span",
    { class: "wait" },
    icon("clock"),
    hidden("Waiting "),
    h("time", { "data-wait": since, "data-urgency": urgency(since), title: `Since ${fullTime(since)}` }, waited(since)),
  );
}

/** @type {{[what: string]: string}} */
const TARGETS = { first_response: "first answer", resolution: "resolution" };

/**
 * The next target with the time that is left, ticking. Never by colour alone: the words and the sign say it too.
 * @param {import("./types.js").Due|null|undefined} due
 */
export function dueChip(due) {
  if (!due) return null;
  return h(
    "span",
    {
      class: "due",
      "data-due-state": dueState(due.at, due.risk),
      title: `Target: ${TARGETS[due.what]} by ${fullTime(due.at)}`,
    },
    icon("alarm"),
    hidden(`Target for the ${TARGETS[due.what]}: `),
    h("time", { "data-due": due.at, "data-risk": due.risk }, dueWords(due.at)),
  );
}

/** @type {{[priority: string]: string}} */
export const PRIORITIES = { urgent: "Urgent", high: "High", normal: "Normal", low: "Low" };

/** Only what differs from normal is worth a look. @param {string|undefined} priority */
export function priorityMark(priority) {
  if (!priority || priority === "normal") return null;
  return h("span", { class: "priority", "data-priority": priority }, icon("flag"), PRIORITIES[priority]);
}

/** @param {string[]|undefined} tags @param {number} [most] */
export function tagChips(tags = [], most = tags.length) {
  if (!tags.length) return null;
  return h(
    "span",
    { class: "tags" },
    hidden("Tags: "),
    tags.slice(0, most).map((tag) => h("span", { class: "tag" }, tag)),
    tags.length > most &&
      h("span", { class: "tag more", title: tags.slice(most).join(", ") }, `+${tags.length - most}`),
  );
}

/** Who has it, in words. @param {Summary} summary @param {string} me @param {string} [team] the team's name */
export function ownerWords(summary, me, team = summary.team ?? "") {
  if (summary.owner === "queue") return team ? `Waiting for ${team}` : "Waiting for a person";
  if (summary.owner === "bot") return "With the bot";
  if (summary.owner === "closed") return "Closed";
  return summary.agent?.id === me ? "With you" : `With ${summary.agent?.name ?? "a colleague"}`;
}

/** The page a customer wrote from, short. @param {string|null|undefined} page */
export function shortPage(page) {
  if (!page) return "";
  try {
    const url = new URL(page);
    return url.pathname === "/" ? url.host : url.pathname;
  } catch {
    return page;
  }
}

/** A name for somebody who gave none: stable, short, and the same everywhere. @param {string} id */
export function visitorName(id) {
  return `Visitor ${id.replace(/[^A-Za-z0-9]/g, "").slice(-4)}`;
}
