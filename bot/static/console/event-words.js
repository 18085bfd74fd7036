// @ts-check
import { PRIORITIES } from "./chip.js";
import { wakes } from "./time.js";
import { routeOf, sentence } from "./why.js";

/** @typedef {import("./types.js").Record} Record */

/** @type {{[outcome: string]: string}} */
export const OUTCOMES = {
  solved: "Solved",
  not_solved: "Not solved",
  product_fault: "Product fault",
  duplicate: "Duplicate",
  spam: "Spam",
  idle: "Went quiet",
};

/** Why a conversation came back by itself. @type {{[reason: string]: string}} */
const REASONS = {
  no_answer: "Back in front of the queue: no answer in time",
  away: "Back in front of the queue: its agent was away",
};

/**
 * An event as one reads it, or null for what need not be read. Texts of people never become words of ours.
 * @param {Record} record
 * @param {{me: string, team: (id: string|undefined) => string, agent: (id: string) => string}} names
 * @returns {string|null}
 */
export function eventWords(record, { me, team }) {
  const who = !record.by ? null : record.by.id === me ? "You" : record.by.name;
  const by = (/** @type {string} */ active, /** @type {string} */ passive) => (who ? `${who} ${active}` : passive);
  const assigned = record.assigned_by && record.assigned_by.id !== record.by?.id ? record.assigned_by : null;
  const route = routeOf(record.why);
  switch (record.event) {
    case "handoff":
      return route ? `The bot handed over: ${route.long.toLowerCase()}` : "The bot handed over to people";
    case "claimed":
      if (assigned)
        return `${assigned.id === me ? "You" : assigned.name || "The desk"} gave it to ${who === "You" ? "you" : who}`;
      return by("took the conversation", "Taken by an agent");
    case "transferred": {
      const to = team(record.team);
      return by(`${record.escalated ? "escalated" : "moved"} it to ${to}`, `Moved to ${to}`);
    }
    case "released":
      return REASONS[record.reason ?? ""] ?? by("returned it to the queue", "Returned to the queue");
    case "handed_back":
      return by("handed back to the bot", "Handed back to the bot");
    case "closed": {
      const outcome = record.outcome ? `: ${(OUTCOMES[record.outcome] ?? sentence(record.outcome)).toLowerCase()}` : "";
      return by(`closed it${outcome}`, `Closed${outcome}`);
    }
    case "reopened":
      return "The customer came back";
    case "merged":
      return record.into
        ? by("merged it into another conversation", "Merged into another")
        : "Another conversation was merged into this one";
    case "priority":
      return by(`set the priority to ${(PRIORITIES[record.priority ?? ""] ?? "").toLowerCase()}`, "Priority changed");
    case "snoozed":
      return by(`snoozed it until ${wakes(record.until ?? 0)}`, "Snoozed");
    case "woken":
      return who ? `${who} took it up again` : "Awake again";
    case "tagged": {
      const changes = [
        record.add?.length && `tagged it ${record.add.join(", ")}`,
        record.remove?.length && `took off ${record.remove.join(", ")}`,
      ].filter(Boolean);
      return by(changes.join(" and "), "Tags changed");
    }
    case "rated":
      return record.comment
        ? `The customer gave ${record.csat} of 5: “${record.comment}”`
        : `The customer gave ${record.csat} of 5`;
    case "helpful":
      return `The customer says the answer ${record.helpful ? "helped" : "did not help"}`;
    case "unmailed":
      return `The answer could not be mailed to ${record.email}`;
    case "edited":
    case "deleted":
      return null;
    default:
      return record.kind === "internal" ? null : (record.text ?? sentence(record.event ?? "event"));
  }
}
