// @ts-check

/**
 * Why a conversation came to people, as the chip says it. The server's route names are matched by their sense, so that
 * a new spelling there still gets the right colour here.
 *
 * @typedef {{key: string, label: string, long: string}} Route
 * @type {[RegExp, Route][]}
 */
const ROUTES = [
  [/fault|defect|broken/, { key: "fault", label: "Fault", long: "A product is faulty" }],
  [/tech|issue|site/, { key: "technical", label: "Technical", long: "A technical problem" }],
  [/person|human|agent/, { key: "person", label: "Person", long: "Asked for a person" }],
  [/sure|scope|fallback|unknown|low/, { key: "unsure", label: "Unsure", long: "The bot was not sure" }],
  [/question|product|sales/, { key: "question", label: "Question", long: "A question about a product" }],
];

/**
 * @param {string|{route?: string}|null|undefined} why
 * @returns {Route|null}
 */
export function routeOf(why) {
  const name = typeof why === "string" ? why : why?.route;
  if (!name) return null;
  const known = ROUTES.find(([pattern]) => pattern.test(name.toLowerCase()));
  return known ? known[1] : { key: "other", label: sentence(name), long: sentence(name) };
}

/** `order_number` → `Order number`. @param {string} name */
export function sentence(name) {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A share as people say it. @param {number} value between 0 and 1 */
export const percent = (value) => `${Math.round(value * 100)} %`;
