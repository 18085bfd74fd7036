// Shapes that travel between the widget's modules. Types only: no page loads this file.

export type Owner = 'bot' | 'queue' | 'agent' | 'closed';

/** One entry of a conversation, as docs/api.md describes it. */
export interface LogRecord {
  seq: number;
  at: number;
  kind: 'message' | 'event' | 'note' | 'internal';
  from: 'customer' | 'bot' | 'agent' | 'system';
  id?: string;
  text?: string;
  html?: string;
  buttons?: { title: string }[];
  by?: { id: string; name: string };
  event?: string;
}

export interface Status {
  owner: Owner;
  agent: { name: string } | null;
  ahead: number | null;
}

export interface Session {
  conversation: string;
  token: string;
}

export interface Config {
  shop: string;
  welcome: string;
  texts: Record<string, string>;
  starters: string[];
  max_text: number;
}

/** A message of the customer on its way to the server. */
export interface Entry {
  id: string;
  text: string;
  /** Milliseconds on this device's clock; grows with each entry, so it also orders them. */
  at: number;
  state: 'sending' | 'sent' | 'failed';
  /** The button that was pressed, and the conversation it stood in. */
  choice?: { seq: number; index: number };
  conversation?: string;
  /** Why it failed: the server's code, or `offline`. */
  code?: string;
  /** Sending the same again can never work: only the customer can change it. */
  final?: boolean;
}

/** One row of the thread, made by timeline.js. */
export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'event'; key: string; text: string; at: number; event: string }
  | { kind: 'choices'; key: string; seq: number; buttons: { title: string }[] }
  | MessageRow;

export interface MessageRow {
  kind: 'message';
  key: string;
  from: 'customer' | 'bot' | 'agent';
  name: string;
  text: string;
  html?: string;
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
  newest: boolean;
}

/** What the loader lends to the rest. */
export interface Shell {
  base: string;
  prefix: string;
  host: HTMLElement;
  root: ShadowRoot;
  bubble: HTMLButtonElement;
  locale: string;
  position: 'left' | 'right';
  /** Labels and the badge of the bubble. */
  show(state: { open: boolean; unread: number; label: string }): void;
}

export interface Widget {
  open(draft?: string): void;
  close(): void;
  readonly isOpen: boolean;
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
