/** @import { MessageRow, Row } from './types.js' */
import { PERSON } from './chat.js';

/** Messages of one author within this time stand together. */
const TOGETHER = 5 * 60_000;

/** How long it usually takes from here, in whole minutes or hours. @param {{ low: number, high: number }} wait @param {import('./types.js').Say} say */
const waiting = ({ low, high }, say) => {
  // Rounded outward: what is said holds at least as often as what was worked out.
  const size = high > 5400 ? 3600 : high > 1200 ? 300 : 60;
  const scale = size === 300 ? 5 : 1;
  const [from, to] = [Math.floor(low / size) * scale, Math.ceil(high / size) * scale];
  const unit = say(size === 3600 ? 'hours' : to === 1 ? 'minute' : 'minutes', { count: to });
  return from ? say('wait', { low: from, high: to, unit }) : say('wait_within', { high: to, unit });
};

/** Who is there for the customer, in a few words. @type {import('./types.js').Standing} */
export const standing = ({ owner, agent, ahead, wait, mail }, say, longer) => {
  if (owner === 'queue' && mail) return say('by_mail');
  if (owner === 'agent') return say('with', { name: agent?.name || say('agent') });
  if (owner !== 'queue') return say(owner);
  const place = ahead == null ? say('waiting') : ahead ? say('queue', { count: ahead }) : say('next');
  return wait ? `${place} · ${longer ? `${say('longer')} ` : ''}${waiting(wait, say)}` : place;
};

/**
 * The rows of the thread: what the server has, then what is on its way to it.
 * @type {import('./types.js').Timeline}
 */
export const timeline = ({ chat, say, clock }) => {
  /** @type {Row[]} */
  const rows = [];
  const { records, outbox, status } = chat;
  let day = '';

  /** @param {Row} row */
  const push = (row) => {
    const date = new Date(row.at).toDateString();
    if (date !== day) rows.push({ kind: 'day', key: date, at: row.at, text: clock.day(row.at) });
    day = date;
    const before = rows.at(-1);
    if (row.kind === 'message' && before?.kind === 'message' && before.from === row.from && before.name === row.name)
      before.last = row.first = row.at - before.at > TOGETHER;
    rows.push(row);
  };

  /** @param {Pick<MessageRow, 'key' | 'text' | 'at'> & Partial<MessageRow>} row */
  const own = (row) => {
    // The button "Talk to a person" sends "0"; nobody wants to read that.
    const text = row.text === '0' && row.id?.startsWith(PERSON) ? say('person') : row.text;
    push({ kind: 'message', from: 'customer', name: say('you'), first: true, last: true, ...row, text });
  };

  const handoff = records.findLast(({ event }) => event === 'handoff');
  // What stands under any of the newest answers can be chosen: a task that goes on asks its question behind the entries.
  const answered = records.findLast(({ kind, from }) => kind === 'message' && from !== 'bot')?.seq ?? 0;
  const choosing = !outbox.entries.length && status.owner !== 'agent';
  /** @type {Map<number, import('./types.js').LogRecord>} */
  const amendments = new Map();
  for (const record of records) if (record.of && !/deleted/.test(amendments.get(record.of)?.event ?? '')) amendments.set(record.of, record);
  const { votes = {}, skipped } = chat.said;
  for (const record of records) {
    const { seq, kind, from, id, html, lang, by, event, answer, of, attachments: files } = record;
    const change = amendments.get(seq);
    const amended = record.deleted || change?.event === 'deleted' ? 'deleted' : record.edited || change ? 'edited' : undefined;
    const text = (change?.text ?? record.text) || '';
    const at = record.at * 1000;
    const name = by?.name || say('agent');
    const key = `${seq}`;
    if (kind === 'message' && from === 'customer') {
      // Under its own id, so that the row on its way and the row in the log are one.
      own({ key: id ?? key, id, seq, at, text, files, state: 'sent' });
    } else if (kind === 'message' && from !== 'system') {
      const bot = from === 'bot';
      push({ kind, key, seq, at, from, text, html, lang, files, amended, answer, vote: votes[seq], name: bot ? say('assistant') : name, first: true, last: true });
      if (bot && choosing && seq > answered && record.buttons?.length)
        rows.push({ kind: 'choices', key: `choices ${seq}`, at, seq, titles: record.buttons.map(({ title }) => title) });
    } else if (!of && (kind === 'message' || kind === 'event')) {
      const place = record === handoff && status.owner === 'queue' ? `${standing(status, say, chat.longer)}. ` : '';
      const line = place + ((event && say(event, { name })) || text);
      if (line) push({ kind: 'event', key, at, text: line, event });
    }
  }
  for (const { id, text, files, at, state, code, final } of outbox.entries) own({ key: id, id, text, files, at, state, code, final });

  const mine = rows.findLast((row) => row.kind === 'message' && row.from === 'customer');
  if (mine?.kind === 'message') mine.newest = true;
  const closing = records.findLast(({ event }) => event === 'closed');
  const before = records.findLast(({ seq, event }) => seq < (closing?.seq ?? 0) && /^(claimed|handed_back|reopened)$/.test(event ?? ''));
  if (status.owner === 'closed' && closing && before?.event === 'claimed' && skipped !== closing.seq)
    rows.push({ kind: 'rating', key: `rating ${closing.seq}`, at: closing.at * 1000, seq: closing.seq });
  if (status.owner === 'queue' && handoff && (chat.away || status.mail)) {
    const said = records.findLast(({ kind, from, text }) => kind === 'message' && from === 'customer' && text !== '0');
    const opens = (status.away?.opens ?? 0) * 1000;
    rows.push({ kind: 'leave', key: `leave ${handoff.seq}`, at: handoff.at * 1000, draft: said?.text ?? '', opens, mail: status.mail ?? '' });
  }
  return rows;
};
