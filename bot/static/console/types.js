// @ts-check
/**
 * The shapes of docs/api.md, as far as the console reads them. Types only: nothing here runs.
 *
 * @typedef {"queue"|"mine"|"agents"|"bot"|"closed"} View
 * @typedef {{queue: number, mine: number, agents: number, bot: number, closed: number}} Counts
 * @typedef {{id: string, name: string, email: string, role: string}} User
 * @typedef {{id: string, name: string}} Person
 * @typedef {{from: string, text: string, at: number}} Last
 *
 * @typedef {object} Summary
 * @property {string} id
 * @property {"bot"|"queue"|"agent"|"closed"} owner
 * @property {Person|null} agent
 * @property {string} [team]
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
 *
 * @typedef {{entry: string, question?: string, score: number, shown?: boolean}} Candidate
 * @typedef {{route?: string, intent?: string, confidence?: number, entry?: string|null, version?: number|string|null,
 *   snapshot?: string|null, candidates?: Candidate[]}} Evidence
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
 * @property {string} [event]
 * @property {string} [outcome]
 * @property {Evidence} [evidence]
 *
 * @typedef {object} Packet
 * @property {number} at
 * @property {{route?: string, intent?: string, confidence?: number, words?: string[], reason?: string}} why
 * @property {{verified?: boolean, name?: string|null, email?: string|null, page?: string|null, browser?: string|null,
 *   locale?: string|null}} who
 * @property {{order?: string|null, product?: string|null, values?: {[name: string]: unknown}}} what
 * @property {Candidate[]} tried
 * @property {{what: string, result: string, at: number, ms?: number}[]} lookups
 * @property {string|null} told
 * @property {{line: string, seqs: number[]}[]} summary
 *
 * @typedef {{conversation: string, from: string, typing: boolean}} Typing
 */
export {};
