// What travels between the widget's modules, and what each of them offers. Types only: no page loads this file.
// A module says `/** @type {import('./types.js').MakeThread} */` before what it makes, and is checked against it.

// ---- the server's side, as docs/api.md describes it

export type Owner = 'bot' | 'queue' | 'agent' | 'closed';

export interface LogRecord {
  seq: number;
  at: number;
  kind: 'message' | 'event' | 'note' | 'internal';
  from: 'customer' | 'bot' | 'agent' | 'system';
  id?: string;
  text?: string;
  html?: string;
  /** Of the words, where it is known. */
  lang?: string;
  buttons?: { title: string }[];
  by?: { id: string; name: string };
  attachments?: Attached[];
  event?: string;
  /** An answer from the knowledge base: it can be voted on. */
  answer?: boolean;
  /** The message that an event changes or takes back. */
  of?: number;
  edited?: boolean;
  deleted?: boolean;
}

/** A file of a message, as the server has it. */
export interface Attached {
  id: string;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
}

export interface Status {
  owner: Owner;
  agent: { name: string } | null;
  ahead: number | null;
  /** Seconds: the range that holds four of five waits from here. */
  wait?: { low: number; high: number } | null;
  /** Nobody is there; seconds since 1970 when somebody will be, where that is known. */
  away?: { opens: number | null } | null;
  /** Where the answer goes. */
  mail?: string | null;
}

/** What the customer said of the service, as this device remembers it. */
export interface Said {
  conversation?: string;
  votes?: Record<number, boolean>;
  /** The closing that was rated, or whose question was skipped. */
  rated?: number;
  skipped?: number;
}

export interface Rating {
  csat: number;
  effort?: number;
  comment: string;
}

export interface Session {
  conversation: string;
  token: string;
  /** The customer of this conversation is known. */
  known?: boolean;
}

export interface Config {
  shop: string;
  welcome: string;
  texts: Record<string, string>;
  starters: string[];
  max_text: number;
  max_file_mb: number;
}

// ---- api.js

export interface CallOptions {
  token?: string;
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Api {
  config(): Promise<Config>;
  mint(locale: string, identity?: string): Promise<Session>;
  identify(token: string, identity: string): Promise<Response>;
  conversation(token: string): Promise<{ status?: Status; records: LogRecord[] }>;
  message(token: string, body: object): Promise<{ id: string; seq: number }>;
  typing(token: string): Promise<Response>;
  file(token: string, path: string): Promise<Blob>;
  /** `progress` is told which part is there. */
  upload(token: string, file: File, signal: AbortSignal, progress: (part: number) => void): Promise<Attached>;
  /** Anything else that is only told: a vote, a rating, an e-mail address. */
  tell(token: string, what: string, body: object): Promise<Response>;
  /** What a mailed code opens; without a token where the conversation is open here already. */
  resume(code: string, token?: string): Promise<Session>;
  events(token: string, last: number, signal: AbortSignal): Promise<Response>;
}

export type Call = (path: string, options?: CallOptions) => Promise<Response>;
export type MakeApi = (base: string) => Api;

// ---- stream.js

export interface ServerEvent {
  type: string;
  data: string;
}

/** Takes the next bytes. */
export type MakeParser = (onEvent: (event: ServerEvent) => void) => (chunk: Uint8Array) => void;

export interface Pause {
  sleep(ms: number): Promise<void>;
  wake(): void;
}

export interface Stream {
  start(): void;
  stop(): void;
  /** Reconnects at once where the connection is down or may be dead; with `force` in any case. */
  nudge(force?: boolean): void;
}

export type MakeStream = (needs: {
  connect(signal: AbortSignal): Promise<Response>;
  onEvent(event: ServerEvent): void;
  onLive(live: boolean): void;
  onRefused(): void;
}) => Stream;

// ---- shelf.js

export interface Shelf {
  prefix: string;
  get(key: string): any;
  set(key: string, value: unknown): void;
  remove(key: string): void;
  keys(start: string): string[];
}

export type MakeShelf = (area: 'localStorage' | 'sessionStorage', prefix: string) => Shelf;

// ---- outbox.js

/** A button under a record, or a topic of the start menu. */
export type Choice = { seq: number; index: number; topic?: undefined } | { topic: string };

/** A message of the customer on its way to the server. */
export interface Entry {
  id: string;
  text: string;
  /** Milliseconds on this device's clock; grows with each entry, so it also orders them. */
  at: number;
  state: 'sending' | 'sent' | 'failed';
  /** The button that was pressed, and the conversation it stood in. */
  choice?: Choice;
  conversation?: string;
  files?: Attached[];
  /** Why it failed: the server's code, or `offline`. */
  code?: string;
  /** Sending the same again can never work: only the customer can change it. */
  final?: boolean;
}

export interface Outbox {
  entries: Entry[];
  /** Follows the shelf: entries of an earlier page, of another tab, or gone because that tab delivered them. */
  load(): void;
  add(message: Pick<Entry, 'id' | 'text' | 'choice' | 'files' | 'conversation'>): void;
  /** The log has it, or the customer took it back. */
  drop(id: string): Entry | undefined;
  /** Drops what was written until then, in milliseconds since 1970. */
  clear(until: number): void;
  /** Tries again, at once, what failed in passing. */
  resume(): void;
}

export type MakeOutbox = (shelf: Shelf, deliver: (entry: Entry) => Promise<unknown>, changed: () => void) => Outbox;

// ---- chat.js

export interface Chat {
  config: Config;
  session: Session | null;
  records: LogRecord[];
  outbox: Outbox;
  status: Status;
  typing: { from: string; name: string } | null;
  readonly said: Said;
  /** The wait has grown since it was told. */
  longer: boolean;
  /** Nobody is there, or was not when the form for a mail was shown. */
  away: boolean;
  /** The key of a sentence to show above the composer. */
  notice: string;
  /** False while the history of a stored conversation is on its way. */
  loaded: boolean;
  /** True once the connection has been down for longer than a hiccup. */
  down: boolean;
  /** Messages to the customer that were not on screen yet. */
  readonly unread: number;
  start(): void;
  send(text: string, prefix?: string, files?: Attached[]): void;
  upload(file: File, signal: AbortSignal, progress: (part: number) => void): Promise<Attached>;
  /** Where this page has its copy of a file. */
  file(id: string): Promise<string>;
  /** Gives the customer the conversation as a file. */
  save(): void;
  choose(choice: Choice, title: string): void;
  askPerson(): void;
  /** The customer is writing. */
  tell(): void;
  vote(seq: number, helpful: boolean): void;
  /** Rates the closing `seq`; with `more` the customer is not done yet. */
  rate(seq: number, rating: Rating, more?: boolean): Promise<void>;
  skip(seq: number): void;
  /** Has the answer sent by mail. */
  leave(mail: { email: string; name: string; text: string }): Promise<void>;
  /** Takes up the conversation that a mailed code opens. */
  resume(code: string): Promise<void>;
  /** Leaves this conversation; the next message begins another. */
  fresh(): void;
  /** The page said who the visitor is, or that they signed out. */
  identify(): void;
  markRead(): void;
  changed(): void;
}

/**
 * An identity token that the site signed (docs/identity.md), or what fetches a fresh one; `null` after signing out,
 * `undefined` where the page says nothing.
 */
export type Who = string | (() => string | Promise<string>) | null | undefined;

/** `parted` is called once a conversation was left because somebody else is here now. */
export type MakeChat = (base: string, shelf: Shelf, locale: string, draw: () => void, who: () => Who, parted: () => void) => Chat;

// ---- words.js

export type Say = (key: string, values?: Record<string, string | number | undefined>) => string;
export type MakeSay = (overrides: () => Record<string, string>) => Say;
export type Complain = (say: Say, code?: string) => string;

export interface Clock {
  time(ms: number): string;
  moment(ms: number): string;
  day(ms: number): string;
}

export type MakeClock = (locale: string, say: Say) => Clock;

// ---- timeline.js

export interface MessageRow {
  kind: 'message';
  key: string;
  from: 'customer' | 'bot' | 'agent';
  name: string;
  text: string;
  html?: string;
  /** Of the words, where it is known. */
  lang?: string;
  files?: Attached[];
  amended?: 'edited' | 'deleted';
  answer?: boolean;
  vote?: boolean;
  /** Milliseconds. */
  at: number;
  seq?: number;
  id?: string;
  state?: Entry['state'];
  code?: string;
  final?: boolean;
  /** First and last of a run by the same author. */
  first: boolean;
  last: boolean;
  /** The newest message of the customer shows its tick in words. */
  newest?: boolean;
}

export interface LineRow {
  kind: 'day' | 'event';
  key: string;
  text: string;
  at: number;
  event?: string;
}

export interface ChoicesRow {
  kind: 'choices';
  key: string;
  at: number;
  seq: number;
  titles: string[];
}

export interface RatingRow {
  kind: 'rating';
  key: string;
  at: number;
  seq: number;
}

export interface LeaveRow {
  kind: 'leave';
  key: string;
  at: number;
  draft: string;
  opens: number;
  mail: string;
}

export type Row = MessageRow | LineRow | ChoicesRow | RatingRow | LeaveRow;
export type Timeline = (kit: Kit) => Row[];
export type Standing = (status: Status, say: Say, longer?: boolean) => string;

// ---- the views: header.js, thread.js, composer.js, panel.js

export interface View {
  node: HTMLElement;
  render(): void;
}

export interface Thread extends View {
  scroller: HTMLElement;
  readonly following: boolean;
  follow(smooth?: boolean): void;
}

export interface Composer extends View {
  area: HTMLTextAreaElement;
  tray: Tray;
  fill(draft: string): void;
  /** Puts text and files before what stands there. */
  join(text: string, files?: Attached[]): void;
  /** Forgets all that was begun here. */
  clear(): void;
  /** Fits the field to its text; it must be on screen for that. */
  fit(): void;
}

/** A file on its way, or waiting for its message where it is `done`. */
export interface Kept {
  node: HTMLElement;
  bar: HTMLProgressElement;
  signal: AbortSignal;
  drop(): void;
  done?: Attached;
}

export interface Tray {
  /** What stands above the field, and in it. */
  nodes: HTMLElement[];
  tools: HTMLElement[];
  /** Something is on its way. */
  readonly busy: boolean;
  readonly full: boolean;
  add(files: Iterable<File>): void;
  /** As many as one message carries; the others wait for the next. */
  take(): Attached[];
  /** Puts files before those that are there. */
  put(files: Attached[]): void;
  /** Empties it, and stops what is on its way. */
  clear(): void;
  /** Takes what is dropped or pasted there. */
  watch(target: HTMLElement): void;
  render(): void;
}

export interface Panel extends Widget {
  render(): void;
  /** Focus to where one goes on writing. */
  settle(): void;
  /** What is on screen counts as read. */
  seen(): void;
  /** Goes on with a text in the composer. */
  draft(text: string): void;
  /** Takes a message that cannot be sent back into the composer. */
  edit(id: string): void;
  /** Somebody else is here now: nothing that was begun stays. */
  clear(): void;
}

/** What every view needs. */
export interface Kit {
  shell: Shell;
  chat: Chat;
  say: Say;
  clock: Clock;
  /** What only this tab remembers. */
  tab: Shelf;
  panel: Panel;
}

export type MakeView = (kit: Kit) => View;
export type MakeThread = (kit: Kit) => Thread;
export type MakeComposer = (kit: Kit) => Composer;
export type MakeTray = (kit: Kit, changed: () => void) => Tray;
export type MakeFile = (kit: Kit, file: Attached) => HTMLElement;
export type MakePanel = (kit: Kit) => Panel;
/** An element of the thread, and how to bring it up to date with its row as it `was` to what it is now. */
export interface Piece {
  node: HTMLElement;
  was?: string;
  update(row: any): void;
  /** It is taken from the thread. */
  gone?(): void;
}

export type MakeRow = (row: Row) => Piece;
export type MakeMessage = (kit: Kit, row: MessageRow) => { node: HTMLElement; update(row: MessageRow): void };

// ---- cards.js, votes.js

export type MakeCard = (
  say: Say,
  name: string,
  title: string,
  send: () => Promise<unknown>,
  ...fields: HTMLElement[]
) => { form: HTMLFormElement; foot: HTMLElement };
export type Field = (words: string, input: HTMLElement) => HTMLLabelElement;
export type MakeRating = (kit: Kit, row: RatingRow) => Piece;
export type MakeLeave = (kit: Kit, row: LeaveRow) => Piece;
export type MakeVotes = (kit: Kit, seq: number) => { node: HTMLElement; show(vote?: boolean): void };

// ---- dom.js

export type Props = Record<string, string | number | boolean | null | undefined | ((event: any) => void)>;
export type Child = Node | string | null | undefined | false;
/** A button that is named `data-fd` for tests and style. */
export type Button = (name: string, props: Props, ...children: Child[]) => HTMLButtonElement;
export type SetText = (element: HTMLElement, text: string) => void;
export type H = <K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props, ...children: Child[]) => HTMLElementTagNameMap[K];

// ---- loader.js

/** What the loader lends to the rest. */
export interface Shell {
  base: string;
  prefix: string;
  host: HTMLElement;
  root: ShadowRoot;
  bubble: HTMLButtonElement;
  locale: string;
  who: Who;
  show(state: { open: boolean; unread: number; label: string }): void;
}

export interface Widget {
  resume(code: string): Promise<void>;
  readonly isOpen: boolean;
  identify(): void;
  /** `quiet`: opened by the page, not by the customer, so focus stays where it is. */
  open(draft?: string, quiet?: boolean): void;
  close(): void;
}

declare global {
  interface Window {
    Frontdesk?: {
      open(draft?: string): void;
      close(): void;
      toggle(): void;
      readonly isOpen: boolean;
    };
  }
}
