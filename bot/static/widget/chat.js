/** @import { Config, Entry, LogRecord, Session, Status } from './types.js' */
import { Api, ApiError } from './api.js';
import { Log } from './log.js';
import { Outbox } from './outbox.js';
import { backoff, Pause } from './pause.js';
import { Stream } from './stream.js';

/** A hidden tab gives its connection back: browsers allow only a few to one server. */
const HIDDEN = 60_000;
/** A gap in the connection shorter than this is not worth a word. */
const HICCUP = 2500;
/** Marks the message "0" of the button "Talk to a person", so that it is shown in words. */
export const PERSON = 'person-';

// crypto.randomUUID exists on secure pages only.
const makeId = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');

/** The conversation as the page sees it: what was said, who is there, what is on its way. Knows nothing of the DOM. */
export class Chat {
  /** @type {Config} */
  config = { shop: '', welcome: '', texts: {}, starters: [], max_text: 2000 };
  /** @type {Session | null} */
  session = null;
  /** @type {Status} */
  status = { owner: 'bot', agent: null, ahead: null };
  /** @type {{from: string, name: string} | null} */
  typing = null;
  /** The key of a sentence to show above the composer. */
  notice = '';
  /** False while the history of a stored conversation is on its way. */
  loaded = true;
  /** True once the connection has been down for longer than a hiccup. */
  down = false;
  read = 0;

  /** @param {{base: string, shelf: import('./shelf.js').Shelf, locale: string, changed: () => void}} needs */
  constructor({ base, shelf, locale, changed }) {
    this.api = new Api(base);
    this.shelf = shelf;
    this.locale = locale;
    this.log = new Log();
    this.pause = new Pause();
    this.typed = 0;
    this.timers = { typing: 0, down: 0, hidden: 0 };

    // However much arrives at once, it is drawn once.
    let due = false;
    this.changed = () => {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        changed();
      });
    };

    this.outbox = new Outbox({ shelf, deliver: (entry) => this.deliver(entry), changed: this.changed });
    this.stream = new Stream({
      connect: (signal) => this.api.events(this.session?.token ?? '', this.log.last, signal),
      onEvent: (event) => this.hear(event),
      onLive: (live) => this.link(live),
      onRefused: () => this.leave(this.session, 'expired'),
    });
  }

  start() {
    addEventListener('storage', (event) => this.follow(event.key));
    addEventListener('online', () => this.wake(true));
    addEventListener('offline', this.changed);
    addEventListener('pageshow', (event) => event.persisted && this.wake(true));
    document.addEventListener('visibilitychange', () => this.wake());
    this.configure();
    this.outbox.load();
    const stored = this.shelf.get('session');
    if (stored) this.adopt(stored);
    this.outbox.resume();
  }

  async configure() {
    try {
      this.config = { ...this.config, ...(await this.api.config()) };
      this.changed();
    } catch {
      // The defaults do for now; the next wake asks again.
    }
  }

  /** The tab was shown or hidden, or the network came back. */
  wake(force = false) {
    clearTimeout(this.timers.hidden);
    if (document.hidden) {
      this.timers.hidden = setTimeout(() => this.stream.stop(), HIDDEN);
      return;
    }
    if (!this.config.shop) this.configure();
    this.pause.wake();
    this.stream.nudge(force);
    if (this.session && this.loaded) this.stream.start();
    this.outbox.resume();
  }

  /** Another tab changed what both share. @param {string | null} key null: all was cleared */
  follow(key) {
    const name = key?.startsWith(this.shelf.prefix) ? key.slice(this.shelf.prefix.length) : key === null ? 'session' : '';
    if (name.startsWith('out:')) this.outbox.load();
    if (name === 'read') this.recall();
    if (name === 'session') {
      const stored = this.shelf.get('session');
      if (stored?.token === this.session?.token) return;
      if (stored) this.adopt(stored);
      else this.reset();
    }
  }

  // ---- the conversation: none, adopted, left

  reset() {
    this.stream.stop();
    this.pause.wake();
    this.session = null;
    this.log.replace([]);
    this.status = { owner: 'bot', agent: null, ahead: null };
    this.typing = null;
    this.read = 0;
    this.loaded = true;
    this.link(true);
    this.outbox.entries = this.outbox.entries.filter((entry) => entry.state !== 'sent');
    this.changed();
  }

  /** @param {Session} session @param {boolean} [minted] nothing to load yet */
  async adopt(session, minted = false) {
    this.reset();
    this.session = session;
    this.recall();
    if (!minted) await this.load(session);
    if (this.session === session && !document.hidden) this.stream.start();
  }

  /** Takes the whole log from the server, however long that needs. @param {Session} session */
  async load(session) {
    this.loaded = false;
    for (let tries = 0; this.session === session; tries++) {
      try {
        const { records, status } = await this.api.conversation(session.token);
        if (this.session !== session) return;
        this.log.replace(records);
        if (status?.owner) this.status = status;
        for (const record of records) this.settle(record);
        this.loaded = true;
        this.link(true);
        this.changed();
        return;
      } catch (error) {
        if (error instanceof ApiError && /401|404/.test(String(error.status))) return this.leave(session, 'expired');
        this.link(false);
        await this.pause.sleep(backoff(tries));
      }
    }
  }

  /** @returns {Promise<Session>} the conversation, made when the first message needs it */
  async ensure() {
    if (this.session) return this.session;
    const mint = async () => {
      // Another tab may have been faster.
      const stored = this.shelf.get('session');
      if (stored) return void this.adopt(stored);
      const { conversation, token } = await this.api.mint(this.locale);
      this.shelf.set('session', { conversation, token });
      this.adopt({ conversation, token }, true);
    };
    await (navigator.locks ? navigator.locks.request(`${this.shelf.prefix}mint`, mint) : mint());
    return /** @type {Session} */ (/** @type {unknown} */ (this.session));
  }

  /** Forgets a conversation that cannot go on. @param {Session | null} session @param {string} [notice] why, if it was not asked for */
  leave(session, notice = '') {
    if (!session || session !== this.session) return;
    if (this.shelf.get('session')?.token === session.token) this.shelf.remove('session');
    this.reset();
    this.notice = notice;
  }

  // ---- what comes in

  /** @param {{type: string, data: string}} event */
  hear({ type, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (type === 'record') this.take(value);
    if (type === 'status') this.status = value;
    if (type === 'typing') this.showTyping(value.typing ? value : null);
    this.changed();
  }

  /** @param {LogRecord} record */
  take(record) {
    if (!this.log.add(record)) {
      this.stream.stop();
      const session = /** @type {Session} */ (this.session);
      this.load(session).then(() => this.session === session && this.stream.start());
      return;
    }
    this.settle(record);
    if (record.from === this.typing?.from) this.showTyping(null);
  }

  /** @param {LogRecord} record */
  settle(record) {
    if (record.from === 'customer' && record.id) this.outbox.drop(record.id);
  }

  /** @param {{from: string, name: string} | null} typing */
  showTyping(typing) {
    clearTimeout(this.timers.typing);
    this.typing = typing;
    if (typing) this.timers.typing = setTimeout(() => this.showTyping(null), 6000);
    this.changed();
  }

  /** @param {boolean} live */
  link(live) {
    if (!live) this.timers.down ||= setTimeout(() => this.sink(true), HICCUP);
    else if (this.timers.down) {
      clearTimeout(this.timers.down);
      this.timers.down = 0;
      this.sink(false);
      this.outbox.resume();
    }
  }

  /** @param {boolean} down */
  sink(down) {
    this.down = down;
    this.changed();
  }

  // ---- what goes out

  /** @param {string} text @param {string} [prefix] */
  send(text, prefix = '') {
    this.notice = '';
    this.typed = 0;
    this.outbox.add({ id: prefix + makeId(), text });
  }

  /** @param {number} seq @param {number} index @param {string} title */
  choose(seq, index, title) {
    this.notice = '';
    this.outbox.add({ id: makeId(), text: title, choice: { seq, index }, conversation: this.session?.conversation });
  }

  askPerson() {
    this.send('0', PERSON);
  }

  /** @param {Entry} entry @param {boolean} [again] */
  async deliver(entry, again = false) {
    const session = await this.ensure();
    const { id, text, choice } = entry;
    const here = choice && entry.conversation === session.conversation;
    try {
      await this.api.message(session.token, here ? { id, choice } : { id, text });
    } catch (error) {
      const { status, code } = /** @type {ApiError} */ (error);
      const gone = status === 401 ? 'expired' : code === 'closed' ? 'ended' : '';
      if (!gone || again) throw error;
      // What was written is not lost: it opens the next conversation.
      this.leave(session, gone);
      await this.deliver(entry, true);
    }
  }

  /** The customer is writing. Told at most every 3 s, and only where somebody can be told. */
  tell() {
    if (!this.session || Date.now() - this.typed < 3000) return;
    this.typed = Date.now();
    this.api.typing(this.session.token).catch(() => {});
  }

  fresh() {
    this.leave(this.session);
  }

  // ---- what was read

  get unread() {
    return this.log.unread(this.read);
  }

  recall() {
    const read = this.shelf.get('read');
    if (read && read.conversation === this.session?.conversation) this.read = read.seq;
    this.changed();
  }

  markRead() {
    if (this.read >= this.log.last) return;
    this.read = this.log.last;
    this.shelf.set('read', { conversation: this.session?.conversation, seq: this.read });
  }
}
