// @ts-check
import { h } from "./dom.js";

const DAYS = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};
const SPAN = /^(\d\d?:\d\d)\s*[-–]\s*(\d\d?:\d\d)$/;

/**
 * The hours of a week, one line a day: `09:00–12:30, 13:30–17:30`; an empty line is a day off.
 * @param {string} label @param {{[day: string]: [string, string][]}} week
 */
export function weekField(label, week) {
  const inputs = new Map();
  const element = h(
    "fieldset",
    { class: "week" },
    h("legend", null, label),
    h(
      "p",
      { class: "quiet small", id: "week-help" },
      "As 09:00–17:30; several with commas between them. Empty: closed.",
    ),
    Object.entries(DAYS).map(([day, name]) => {
      const input = h("input", {
        id: `day-${day}`,
        autocomplete: "off",
        placeholder: "closed",
        "aria-describedby": "week-help",
      });
      input.value = (week[day] ?? []).map(([from, to]) => `${from}–${to}`).join(", ");
      inputs.set(day, input);
      return h("div", { class: "day-row" }, h("label", { for: `day-${day}` }, name), input);
    }),
  );
  const read = () =>
    Object.fromEntries(
      Object.entries(DAYS).map(([day, name]) => {
        const spans = inputs
          .get(day)
          .value.split(",")
          .map((/** @type {string} */ part) => part.trim())
          .filter(Boolean);
        return [
          day,
          spans.map((/** @type {string} */ span) => {
            const found = SPAN.exec(span);
            if (!found) throw new Error(`${name}: “${span}” is no time such as 09:00–17:30.`);
            return [found[1].padStart(5, "0"), found[2].padStart(5, "0")];
          }),
        ];
      }),
    );
  return { element, read };
}
