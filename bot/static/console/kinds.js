// @ts-check

/** @typedef {import("./form.js").Field} Field */
/** @typedef {import("./types.js").DeskSetup} DeskSetup */
/**
 * @typedef {object} Kind a part of the set-up that is edited in the console
 * @property {string} id in addresses: `settings/ID`
 * @property {string} title
 * @property {string} one
 * @property {string} about
 * @property {(item: any, setup: DeskSetup) => [string, string]} row a name and a line about it
 * @property {Field[]} fields
 * @property {boolean} [fixed] none is added or removed here
 */

const teams = (/** @type {DeskSetup} */ { teams }) => teams.map(({ id, name }) => ({ value: id, label: name }));
/** @type {Field} */
const FOR_TEAM = { name: "team", label: "Only for the team", kind: "choice", none: "Everybody", options: teams };
const PLACEHOLDERS = "{{customer.name}} {{agent.name}} {{shop}} {{order}} {{conversation}}";

/** @type {Kind[]} */
export const KINDS = [
  {
    id: "teams",
    title: "Teams",
    one: "team",
    about: "What comes to whom, and how soon it is to be answered.",
    row: (team, { agents }) => [
      team.name,
      [
        ["", "First line", "Experts", "Last resort"][team.tier],
        team.members.length ? `${team.members.length} of ${agents.length} people` : "everybody",
        team.first_response_minutes && `first answer in ${team.first_response_minutes} min`,
      ]
        .filter(Boolean)
        .join(" · "),
    ],
    fields: [
      { name: "name", label: "Name", kind: "text", required: true },
      {
        name: "tier",
        label: "Tier",
        kind: "choice",
        options: () => [
          { value: "1", label: "1, first line" },
          { value: "2", label: "2, experts" },
          { value: "3", label: "3, last resort" },
        ],
      },
      {
        name: "topics",
        label: "Topics",
        kind: "words",
        help: "Routes or intents of the bot that come to this team, with commas between them.",
      },
      { name: "skills", label: "Skills", kind: "words", help: "What the team can be asked for in particular." },
      {
        name: "members",
        label: "Members",
        kind: "checks",
        help: "With none, the team is everybody's.",
        options: ({ agents }) => agents.map(({ id, name }) => ({ value: id, label: name })),
      },
      { name: "first_response_minutes", label: "First answer within", kind: "number", unit: "minutes" },
      { name: "resolution_minutes", label: "Solved within", kind: "number", unit: "minutes" },
      {
        name: "answer_minutes",
        label: "Give back when unanswered for",
        kind: "number",
        unit: "minutes",
        help: "Who is given a conversation and does not answer in this time loses it to the front of the queue.",
      },
      {
        name: "assignment",
        label: "Assignment",
        kind: "choice",
        options: () => [
          { value: "pull", label: "Agents take the next one" },
          { value: "auto", label: "Given to the least loaded" },
        ],
      },
      {
        name: "hours",
        label: "Business hours",
        kind: "choice",
        none: "Around the clock",
        options: ({ hours }) => hours.map(({ id, name }) => ({ value: id, label: name })),
      },
    ],
  },
  {
    id: "agents",
    title: "Agents",
    one: "agent",
    about: "How much each takes on, in which teams and with which skills.",
    fixed: true,
    row: (agent) => [agent.name, `up to ${agent.capacity} · ${agent.skills.join(", ") || "no special skills"}`],
    fields: [
      {
        name: "capacity",
        label: "Conversations at once",
        kind: "number",
        required: true,
        help: "More are not given by themselves; taking more is allowed.",
      },
      { name: "teams", label: "Teams", kind: "checks", options: teams },
      { name: "skills", label: "Skills", kind: "words" },
    ],
  },
  {
    id: "hours",
    title: "Business hours",
    one: "business hours",
    about: "When teams are there. Targets count only these hours.",
    row: (hours) => [hours.name, `${hours.timezone} · ${hours.holidays.length} holidays`],
    fields: [
      { name: "name", label: "Name", kind: "text", required: true },
      { name: "timezone", label: "Time zone", kind: "text", required: true, help: "As in Europe/Berlin." },
      { name: "week", label: "The week", kind: "week" },
      { name: "holidays", label: "Holidays", kind: "dates", help: "As 2026-12-25, with commas between them." },
    ],
  },
  {
    id: "canned",
    title: "Canned replies",
    one: "canned reply",
    about: "What is written often. Agents type / and a few letters.",
    row: (canned) => [canned.title, `/${canned.shortcut} · ${canned.text}`],
    fields: [
      { name: "title", label: "Title", kind: "text", required: true },
      { name: "shortcut", label: "Shortcut", kind: "text", required: true, help: "What is typed behind the /." },
      { name: "text", label: "Text", kind: "long", required: true, help: `Placeholders: ${PLACEHOLDERS}` },
      FOR_TEAM,
    ],
  },
  {
    id: "macros",
    title: "Macros",
    one: "macro",
    about: "Several things in one: reply, tag, move, close.",
    row: (macro) => [macro.title, `${macro.steps.length} steps`],
    fields: [
      { name: "title", label: "Title", kind: "text", required: true },
      { name: "steps", label: "Steps", kind: "steps" },
      FOR_TEAM,
    ],
  },
];
