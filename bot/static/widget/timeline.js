/** @import { MessageRow, Row } from './types.js' */
import { PERSON } from './chat.js';

/** Messages of one author within this time stand together. */
const TOGETHER = 5 * 60_000;

/** Who is there for the customer, in a few words. @type {import('./types.js').Standing} */
export const standing = ({ owner, agent, ahead }, say) => {
  if (owner === 'agent') return say('with', { name: agent?.name || say('agent') });
  if (owner !== 'queue') return say(owner);
  if (ahead == null) return say('waiting');
  return ahead ? say('queue', { count: ahead }) : say('next');
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
  for (const record of records) {
    const { seq, kind, from, id, html, by, event, text = '', attachments: files } = record;
    const at = record.at * 1000;
    const name = by?.name || say('agent');
    const key = `${seq}`;
    if (kind === 'message' && from === 'customer') {
      // Under its own id, so that the row on its way and the row in the log are one.
      own({ key: id ?? key, id, seq, at, text, files, state: 'sent' });
    } else if (kind === 'message' && from !== 'system') {
      const bot = from === 'bot';
      push({ kind, key, seq, at, from, text, html, files, name: bot ? say('assistant') : name, first: true, last: true });
    } else if (kind === 'message' || kind === 'event') {
      const place = record === handoff && status.owner === 'queue' ? `${standing(status, say)}. ` : '';
      const line = place + ((event && say(event, { name })) || text);
      if (line) push({ kind: 'event', key, at, text: line, event });
    }
  }
  for (const { id, text, files, at, state, code, final } of outbox.entries) own({ key: id, id, text, files, at, state, code, final });

  const mine = rows.findLast((row) => row.kind === 'message' && row.from === 'customer');
  if (mine?.kind === 'message') mine.newest = true;
  const newest = records.findLast(({ kind }) => kind === 'message');
  if (newest?.from === 'bot' && newest.buttons?.length && !outbox.entries.length && status.owner !== 'agent') {
    const { seq, at, buttons } = newest;
    rows.push({ kind: 'choices', key: `choices ${seq}`, at: at * 1000, seq, titles: buttons.map(({ title }) => title) });
  }
  return rows;
};
