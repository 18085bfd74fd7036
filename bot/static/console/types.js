// @ts-check
/**
 * The shapes of docs/api.md, as far as the console reads them. Types only: nothing here runs.
 *
 * @typedef {"queue"|"mine"|"team"|"all"|"mentions"|"snoozed"|"bot"|"closed"|"search"} View
 * @typedef {{queue: number, mine: number, all: number, mentions: number, snoozed: number, agents: number, bot: number,
 *   closed: number, teams?: {[team: string]: number}}} Counts
 * @typedef {{id: string, name: string, email: string, role: string}} User
 * @typedef {{id: string, name: string}} Person
 * @typedef {{from: string, text: string, at: number}} Last
 * @typedef {"urgent"|"high"|"normal"|"low"} Priority
 * @typedef {{what: "first_response"|"resolution", at: number, risk: number, breached: boolean}} Due
 * @typedef {{csat: number, effort?: number|null, comment?: string|null}} Rating
 *
 * @typedef {object} Summary
 * @property {string} id
 * @property {"bot"|"queue"|"agent"|"closed"} owner
 * @property {Person|null} agent
 * @property {string|null} [team]
 * @property {number} epoch
 * @property {number} seq
 * @property {number} created
 * @property {number} updated
 * @property {number|null} waiting_since
 * @property {string|{route?: string, reason?: string}|null} why
 * @property {Last|null} last
 * @property {string|null} page
 * @property {string|null} locale
 * @property {string|null} [name] the customer's, where the server knows it
 * @property {boolean} [verified]
 * @property {string|null} [skill]
 * @property {Priority} [priority]
 * @property {string[]} [tags]
 * @property {number|null} [snoozed_until]
 * @property {Due|null} [due]
 * @property {number|null} [answer_by]
 * @property {string|null} [outcome]
 * @property {string|null} [product]
 * @property {string|null} [fault]
 * @property {string|null} [cause]
 * @property {Rating|null} [rating]
 * @property {string|null} [merged_into]
 * @property {string[]} [mentions]
 * @property {"widget"|"mail"} [via]
 *
 * @typedef {{entry: string, question?: string, score: number, shown?: boolean}} Candidate
 * @typedef {{route?: string, intent?: string, confidence?: number, entry?: string|null, version?: number|string|null,
 *   snapshot?: string|null, candidates?: Candidate[]}} Evidence
 * @typedef {{id: string, name: string, type: string, size: number, width?: number, height?: number}} Attachment
 *
 * @typedef {object} Record
 * @property {number} seq
 * @property {number} at
 * @property {"message"|"event"|"note"|"internal"} kind
 * @property {"customer"|"bot"|"agent"|"system"} [from]
 * @property {string} [id]
 * @property {string} [text]
 * @property {string} [html]
 * @property {{title: string}[]} [buttons]
 * @property {Person} [by]
 * @property {Person} [assigned_by]
 * @property {string} [event]
 * @property {string} [outcome]
 * @property {string} [why]
 * @property {string} [team]
 * @property {string} [reason]
 * @property {string} [into]
 * @property {string[]} [add]
 * @property {string[]} [remove]
 * @property {string[]} [mentions]
 * @property {number} [until]
 * @property {number} [of] the record that an `edited` or `deleted` is about
 * @property {boolean} [escalated]
 * @property {boolean} [edited]
 * @property {boolean} [deleted]
 * @property {boolean} [helpful]
 * @property {number} [csat]
 * @property {string|null} [comment]
 * @property {string} [email]
 * @property {Priority} [priority]
 * @property {Attachment[]} [attachments]
 * @property {Evidence} [evidence]
 *
 * @typedef {{what: string, result: string, at: number, ms?: number}} Lookup
 * @typedef {{name?: string|null, email?: string|null, verified?: boolean, by?: string|null, earlier?: boolean}} Customer
 *
 * @typedef {object} Packet
 * @property {number} at
 * @property {{route?: string, intent?: string, confidence?: number, words?: string[], reason?: string}} why
 * @property {{verified?: boolean, name?: string|null, email?: string|null, page?: string|null, browser?: string|null,
 *   locale?: string|null}} who
 * @property {{order?: string|null, product?: string|null, values?: {[name: string]: unknown}}} what
 * @property {Candidate[]} tried
 * @property {Lookup[]} lookups
 * @property {string|null} told
 * @property {{line: string, seqs: number[]}[]} summary
 *
 * @typedef {{conversation: string, from: string, typing: boolean}} Typing
 * @typedef {{id: string, name: string, typing: boolean}} Onlooker
 * @typedef {{conversation: Summary, seq: number, at: number, kind?: string, from: string, parts: [string, string][]}} Hit
 * @typedef {{entry: string, question: string, answer: string, html: string, score: number, audience: string, url: string|null}} Suggestion
 *
 * @typedef {object} Team
 * @property {string} id
 * @property {string} name
 * @property {1|2|3} tier
 * @property {string[]} topics
 * @property {string[]} skills
 * @property {string[]} members
 * @property {number|null} first_response_minutes
 * @property {number|null} resolution_minutes
 * @property {number|null} answer_minutes
 * @property {"pull"|"auto"} assignment
 * @property {string|null} hours
 * @property {number} revision
 *
 * @typedef {{id: string, name: string, role: string, status: "online"|"away"|"offline", load: number, capacity: number,
 *   teams: string[], skills: string[]}} Agent
 * @typedef {{id: string, shortcut: string, title: string, text: string, team: string|null, revision: number}} Canned
 * @typedef {{do: "reply"|"note"|"tag"|"priority"|"assign"|"snooze"|"close", text?: string, add?: string[],
 *   priority?: string, team?: string, agent?: string, minutes?: number, outcome?: string}} Step
 * @typedef {{id: string, title: string, steps: Step[], team: string|null, revision: number}} Macro
 * @typedef {{id: string, name: string, timezone: string, week: {[day: string]: [string, string][]}, holidays: string[],
 *   revision: number}} Hours
 * @typedef {{me: {id: string, status: "online"|"away"|"offline", capacity: number}, teams: Team[], agents: Agent[],
 *   tags: string[], skills: string[], canned: Canned[], macros: Macro[], hours: Hours[], open_now: boolean}} DeskSetup
 *
 * @typedef {object} Wall
 * @property {number} at
 * @property {number} waiting
 * @property {number|null} longest
 * @property {{team: string, waiting: number, longest: number|null, at_risk: number, breached: number}[]} teams
 * @property {(Agent & {conversations: Summary[]})[]} agents
 * @property {{arrived: number, answered: number, closed: number, first_response_median: number|null,
 *   csat: number|null}} today
 */
export {};
