/** @import { Chat, Entry, LogRecord, Session } from './types.js' */
import { asApiError, makeApi } from './api.js';
import { makeOutbox } from './outbox.js';
import { backoff, makePause, makeStream } from './stream.js';

/** A hidden tab gives its connection back after this: browsers allow only a few to one server. */
const HIDDEN = 60_000;
/** A connection that is down for less than this is not worth a word. */
const HICCUP = 2500;
/** The page may take so long to say who is here; then the chat goes on without knowing. */
const INTRODUCTION = 5000;
/** Begins the id of the message "0" of the button "Talk to a person", so that it is shown in words. */
export const PERSON = 'person-';

// crypto.randomUUID exists on secure pages only.
const makeId = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');

/**
 * The conversation as the page sees it: what was said, who is there, what is on its way. Knows nothing of the DOM.
 * @type {import('./types.js').MakeChat}
 */
export const makeChat = (base, shelf, locale, draw, who, parted) => {
  const api = makeApi(base);
  const pause = makePause();
  const timers = { typing: 0, down: 0, hidden: 0 };
  /** Copies of the conversation's files on this page, by id. @type {Map<string, Promise<string>>} */
  const copies = new Map();
  let due = false;
  let told = 0;
  let read = 0;
  /** What was last to be left for an answer by mail. @type {{ text: string, id: string } | null} */
  let left = null;
  /** When the page last said who is here. */
  let since = Date.now();

  const last = () => chat.records.at(-1)?.seq ?? 0;

  /** Takes note of where the customer stands. @param {import('./types.js').Status} status */
  const stand = (status) => {
    const before = chat.status.wait;
    // A wait that grows is said to grow; it never does so in silence.
    if (!status.wait || (before && status.wait.high < before.high)) chat.longer = false;
    else if (before && status.wait.high > before.high * 1.2) chat.longer = true;
    // Who has begun to write a mail goes on with it, even when somebody comes.
    chat.away = status.owner === 'queue' && (chat.away || !!status.away);
    chat.status = status;
  };

  /** What was said of the service stays on this device too, to be shown after a reload. @param {object} news */
  const recount = (news) => {
    shelf.set('said', { ...chat.said, ...news, conversation: chat.session?.conversation });
    chat.changed();
  };

  // ---- the conversation: none, adopted, left

  const reset = () => {
    stream.stop();
    pause.wake();
    link(true);
    read = 0;
    chat.session = chat.typing = null;
    chat.records = [];
    stand({ owner: 'bot', agent: null, ahead: null });
    chat.loaded = true;
    chat.outbox.entries = chat.outbox.entries.filter(({ state }) => state !== 'sent');
    chat.changed();
  };

  /** @param {Session} session @param {boolean} [minted] there is nothing to load yet */
  const adopt = async (session, minted) => {
    reset();
    chat.session = session;
    recall();
    // A new conversation says from its start who it is, unless they signed in while it was made.
    if (!minted || (!session.known && who())) await introduce(session);
    if (chat.session === session && !minted) await load(session);
    if (chat.session === session && !document.hidden) stream.start();
  };

  /** Takes the whole log from the server, however long that needs. @param {Session} session */
  const load = async (session) => {
    chat.loaded = false;
    for (let tries = 0; chat.session === session; tries++) {
      try {
        const { records, status } = await api.conversation(session.token);
        if (chat.session !== session) return;
        chat.records = records.sort((a, b) => a.seq - b.seq);
        if (status?.owner) stand(status);
        chat.loaded = true;
        records.forEach(settle);
        link(true);
        chat.changed();
        return;
      } catch (error) {
        const { status, wait } = asApiError(error);
        if (status === 401 || status === 404) return leave(session, 'expired');
        link(false);
        await pause.sleep(Math.max(wait, backoff(tries)));
      }
    }
  };

  /** The conversation, made when the first message needs it. @returns {Promise<Session>} */
  const ensure = async () => {
    if (chat.session) return chat.session;
    const mint = async () => {
      // Another tab may have been faster.
      const stored = shelf.get('session');
      const session = stored ?? (await mintFor(await token()));
      if (!stored) shelf.set('session', session);
      adopt(session, !stored);
      return session;
    };
    return navigator.locks ? navigator.locks.request(`${shelf.prefix}mint`, mint) : mint();
  };

  // ---- who it is, where the site says so

  /** Fails when the page has had its time to answer. @returns {Promise<never>} */
  const late = () => new Promise((_, reject) => setTimeout(reject, INTRODUCTION, Error('the page did not answer in time')));

  /** A token of the site's, or nothing. @returns {Promise<string | undefined>} */
  const token = async () => {
    const source = who();
    try {
      return (typeof source === 'function' ? await Promise.race([source(), late()]) : source) || undefined;
    } catch (error) {
      console.warn('Frontdesk: no identity token', error);
    }
  };

  /** @param {string} [identity] @returns {Promise<Session>} */
  const mintFor = async (identity) => {
    try {
      return { ...(await api.mint(locale, identity)), ...(identity && { known: true }) };
    } catch (error) {
      if (!identity || asApiError(error).code !== 'identity_refused') throw error;
      // Better an unknown customer than one who cannot ask.
      console.warn(`Frontdesk: ${asApiError(error).message}`);
      return api.mint(locale);
    }
  };

  /** Tells a conversation that goes on who is here now. It never passes to somebody else. @param {Session} session */
  const introduce = async (session) => {
    if (who() === null && session.known) return part(session);
    const identity = await token();
    if (!identity || session !== chat.session) return;
    try {
      await api.identify(session.token, identity);
      session.known = true;
      if (shelf.get('session')?.token === session.token) shelf.set('session', session);
    } catch (error) {
      const { code, message } = asApiError(error);
      if (code === 'other_customer') part(session);
      else console.warn(`Frontdesk: ${message}`);
    }
  };

  /** Somebody else is here now: what the one before was still writing or sending is none of theirs. @param {Session} session */
  const part = (session) => {
    if (session !== chat.session) return;
    chat.outbox.clear(since);
    leave(session, '');
    // Once drawn: a form that goes gives what stood in it to the composer.
    queueMicrotask(parted);
  };

  /** Forgets a conversation that cannot go on. @param {Session | null} session @param {string} notice */
  const leave = (session, notice) => {
    if (!session || session !== chat.session) return;
    if (shelf.get('session')?.token === session.token) shelf.remove('session');
    reset();
    chat.notice = notice;
  };

  // ---- what comes in

  /** @param {LogRecord} record */
  const settle = ({ from, id }) => {
    if (from === 'customer' && id) chat.outbox.drop(id);
  };

  /** @param {LogRecord} record */
  const take = (record) => {
    if (record.seq <= last()) return;
    if (record.seq > last() + 1) {
      // Something is missing: rather the whole log anew than a partial view.
      const session = /** @type {Session} */ (chat.session);
      stream.stop();
      load(session).then(() => chat.session === session && stream.start());
      return;
    }
    chat.records.push(record);
    settle(record);
    // Who it is counts no more since it was closed; the page knows, where it was opened again from here.
    if (record.event === 'reopened' && chat.session && chat.outbox.entries.some(({ state }) => state !== 'failed'))
      void introduce(chat.session);
    if (record.from === chat.typing?.from) showTyping(null);
  };

  /** @param {Chat['typing']} typing */
  const showTyping = (typing) => {
    clearTimeout(timers.typing);
    chat.typing = typing;
    if (typing) timers.typing = setTimeout(showTyping, 6000, null);
    chat.changed();
  };

  /** @param {boolean} live */
  const link = (live) => {
    if (live && timers.down) {
      clearTimeout(timers.down);
      timers.down = 0;
      sink(false);
      chat.outbox.resume();
    } else if (!live) timers.down ||= setTimeout(sink, HICCUP, true);
  };

  /** @param {boolean} down */
  const sink = (down) => {
    chat.down = down;
    chat.changed();
  };

  const stream = makeStream({
    connect: (signal) => api.events(chat.session?.token ?? '', last(), signal),
    onEvent({ type, data }) {
      try {
        const value = JSON.parse(data);
        if (type === 'record') take(value);
        if (type === 'status') stand(value);
        if (type === 'typing') showTyping(value.typing ? value : null);
      } catch {
        // One line that cannot be read; if it was a record, the gap shows with the next.
      }
      chat.changed();
    },
    onLive: link,
    onRefused: () => leave(chat.session, 'expired'),
  });

  // ---- what goes out

  /** @param {Entry} entry @param {boolean} [again] */
  const deliver = async (entry, again) => {
    const session = await ensure();
    const { id, text, choice, files } = entry;
    // A topic of the start menu may stand in none yet.
    const here = !entry.conversation || entry.conversation === session.conversation;
    // Button and files are of the conversation they stood in.
    const attachments = files?.map((file) => file.id);
    try {
      await api.message(session.token, { locale, ...(here && choice ? { id, choice } : here && files ? { id, text, attachments } : { id, text }) });
    } catch (error) {
      const { status, code } = asApiError(error);
      const gone = status === 401 || status === 404 ? 'expired' : code === 'closed' ? 'ended' : '';
      if (!gone || again || !chat.outbox.entries.includes(entry)) throw error;
      // What was written is not lost: it opens the next conversation.
      leave(session, gone);
      return deliver(entry, true);
    }
    // The conversation that has it was left meanwhile, and no stream will bring it.
    if (session !== chat.session) chat.outbox.drop(id);
  };

  /** @param {string} notice */
  const notify = (notice) => {
    chat.notice = notice;
    chat.changed();
  };

  /** @param {string} what @param {object} body */
  const tell = (what, body) => api.tell(chat.session?.token ?? '', what, body);

  // ---- the page around

  const configure = async () => {
    try {
      chat.config = { ...chat.config, ...(await api.config()) };
      chat.changed();
    } catch {
      // The defaults do for now; the next wake asks again.
    }
  };

  /** The tab was shown or hidden, or the network came back. */
  const wake = (force = false) => {
    clearTimeout(timers.hidden);
    if (document.hidden) {
      timers.hidden = setTimeout(stream.stop, HIDDEN);
      return;
    }
    if (!chat.config.shop) configure();
    pause.wake();
    stream.nudge(force);
    if (chat.session && chat.loaded) stream.start();
    chat.outbox.resume();
  };

  /** Another tab changed what both share. @param {StorageEvent} event whose key is null where all was cleared */
  const follow = ({ key }) => {
    const name = key === null ? 'session' : key.startsWith(shelf.prefix) ? key.slice(shelf.prefix.length) : '';
    if (name.startsWith('out:')) chat.outbox.load();
    if (name === 'read') recall();
    if (name !== 'session') return;
    const stored = shelf.get('session');
    if (stored?.token === chat.session?.token) return;
    if (stored) adopt(stored);
    else reset();
  };

  const recall = () => {
    const mark = shelf.get('read');
    if (mark?.conversation === chat.session?.conversation) read = mark?.seq ?? 0;
    chat.changed();
  };

  /** @type {Chat} */
  const chat = {
    config: { shop: '', welcome: '', texts: {}, starters: [], max_text: 2000, max_file_mb: 10 },
    session: null,
    records: [],
    outbox: makeOutbox(shelf, (entry) => deliver(entry), () => chat.changed()),
    status: { owner: 'bot', agent: null, ahead: null },
    typing: null,
    longer: false,
    away: false,
    notice: '',
    loaded: true,
    down: false,
    get said() {
      const said = shelf.get('said');
      return said && said.conversation === chat.session?.conversation ? said : {};
    },
    get unread() {
      return chat.records.filter(({ seq, kind, from }) => seq > read && kind === 'message' && /bot|agent/.test(from)).length;
    },
    start() {
      addEventListener('storage', follow);
      addEventListener('online', () => wake(true));
      addEventListener('offline', chat.changed);
      addEventListener('pageshow', ({ persisted }) => persisted && wake(true));
      document.addEventListener('visibilitychange', () => wake());
      configure();
      const stored = shelf.get('session');
      if (stored) adopt(stored);
      chat.outbox.load();
      chat.outbox.resume();
    },
    send(text, prefix = '', files) {
      chat.notice = '';
      // What is typed next is news again.
      told = 0;
      chat.outbox.add({ id: prefix + makeId(), text, ...(files?.length && { files, conversation: chat.session?.conversation }) });
    },
    upload: async (file, signal, progress) => api.upload((await ensure()).token, file, signal, progress),
    file(id) {
      if (!copies.has(id)) {
        const copy = api.file(chat.session?.token ?? '', `attachments/${id}`).then((blob) => URL.createObjectURL(blob));
        copies.set(id, copy);
        // A reload of the row may have more luck.
        copy.catch(() => copies.delete(id));
      }
      return /** @type {Promise<string>} */ (copies.get(id));
    },
    async save() {
      const blob = await api.file(chat.session?.token ?? '', 'transcript?format=html').catch(() => null);
      if (!blob) return;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = `${chat.config.shop}.html`;
      link.click();
      URL.revokeObjectURL(link.href);
    },
    choose(choice, title) {
      chat.notice = '';
      chat.outbox.add({ id: makeId(), text: title, choice, conversation: chat.session?.conversation });
    },
    askPerson: () => chat.send('0', PERSON),
    tell() {
      if (!chat.session || Date.now() - told < 3000) return;
      told = Date.now();
      api.typing(chat.session.token).catch(() => {});
    },
    vote(seq, helpful) {
      const { votes = {} } = chat.said;
      recount({ votes: { ...votes, [seq]: helpful } });
      tell('helpful', { seq, helpful }).catch(() => recount({ votes }));
    },
    async rate(seq, rating, more) {
      await tell('rating', rating);
      if (!more) recount({ rated: seq });
    },
    skip: (seq) => recount({ skipped: seq }),
    async leave({ email, name, text }) {
      // The same id until it worked: where only the answer was lost, the text is there already.
      if (left?.text !== text) left = { text, id: makeId() };
      await tell('mail', { email, ...(name && { name }), ...(text && left) });
      left = null;
    },
    async resume(code) {
      for (let tries = 0; ; tries++) {
        try {
          const session = await api.resume(code, chat.session?.token);
          if (!session.token) return;
          shelf.set('session', session);
          return await adopt(session);
        } catch (error) {
          const { code: why, passing, wait } = asApiError(error);
          // It stands nowhere else any more, so it is not given up lightly.
          if (passing && tries < 8) await pause.sleep(Math.max(wait, backoff(tries)));
          else return notify(why === 'link_used' ? why : 'link_gone');
        }
      }
    },
    fresh: () => leave(chat.session, ''),
    identify: () => {
      since = Date.now();
      if (chat.session) void introduce(chat.session);
    },
    markRead() {
      if (read >= last()) return;
      read = last();
      shelf.set('read', { conversation: chat.session?.conversation, seq: read });
      // What was read need not be mailed; what nobody hears of is.
      if (chat.status.mail) tell('read', { seq: read }).catch(() => {});
    },
    changed() {
      // However much arrives at once, it is drawn once.
      if (!due) queueMicrotask(() => ((due = false), draw()));
      due = true;
    },
  };
  return chat;
};
