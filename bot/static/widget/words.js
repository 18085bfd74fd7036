/**
 * Everything the widget says by itself. A shop replaces any of these by the same key in the `texts` of its config.
 * A key ending in `_one` is used where `{count}` is 1.
 */
const TEXTS = {
  // Names and labels
  title: '{shop} chat',
  open: 'Open chat',
  close: 'Close chat',
  more: 'Chat menu',
  log: 'Messages',
  assistant: 'Assistant',
  agent: 'Support',
  you: 'You',
  starters: 'Topics to start with',
  choices: 'Suggested replies',
  write: 'Write a message',
  send: 'Send',
  person: 'Talk to a person',
  fresh: 'Start a new chat',
  dismiss: 'Dismiss',
  save: 'Save this chat',
  attach: 'Attach pictures or PDF files',
  attached: 'Files to send',
  remove: 'Remove {name}',
  uploading: 'Uploading {name}',
  most_files: 'One message carries {count} files. Send these first.',
  large_file: '{name} is larger than {mb} MB.',
  no_file: '{name} could not be loaded',
  // Where the customer stands
  bot: 'Assistant is here',
  next: 'You are next in line',
  queue: '{count} people are ahead of you',
  queue_one: '1 person is ahead of you',
  waiting: 'You are in line for a person',
  with: '{name} is with you',
  closed: 'This chat has ended',
  connecting: 'Connecting again…',
  offline: 'You are offline',
  typing: '{name} is typing',
  // Quiet lines in the thread
  handoff: 'We have passed on what you told us',
  claimed: '{name} joined',
  released: '{name} left. You keep your place at the front of the line',
  handed_back: 'The assistant is back with you',
  reopened: 'This chat is open again',
  today: 'Today',
  yesterday: 'Yesterday',
  // Messages
  sending: 'Sending…',
  sent: 'Sent',
  failed: 'Not sent.',
  retry: 'Retry',
  edit: 'Edit',
  left: '{count} characters left',
  left_one: '1 character left',
  over: '{count} characters too long',
  over_one: '1 character too long',
  unread: '{count} new messages',
  unread_one: '1 new message',
  newest: 'Go to the newest message',
  // What went wrong
  expired: 'Your earlier chat is no longer available, so this is a new one.',
  ended: 'Your earlier chat had ended, so this is a new one.',
  error_offline: 'The connection was lost.',
  error_unavailable: 'The chat is not available for a moment.',
  error_too_many: 'That was a lot at once. Please wait a moment.',
  error_too_large: 'This message is too long. Please shorten it.',
  error_text_too_long: 'This message is too long. Please shorten it.',
  error_choice_unknown: 'This choice is no longer offered.',
  error_attachment_unknown: 'Please attach the file again.',
  error_id_reused: 'It got mixed up with another message. Please send it anew.',
  error_other: 'Something about it was not accepted.',
};

/** @type {import('./types.js').MakeSay} */
export const makeSay = (overrides) => (key, values = {}) => {
  /** @type {Record<string, string>} */
  const texts = { ...TEXTS, ...overrides() };
  const text = (values.count === 1 && texts[`${key}_one`]) || texts[key] || '';
  return text.replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ''}`).trim();
};

/** The sentence for an error code. @type {import('./types.js').Complain} */
export const complain = (say, code) => say(`error_${code}`) || say('error_other');

/** Times and days in the customer's own zone and language. @type {import('./types.js').MakeClock} */
export const makeClock = (locale, say) => {
  const known = (() => {
    try {
      return Intl.getCanonicalLocales(locale);
    } catch {
      return []; // A locale that the page made up.
    }
  })();
  const times = new Intl.DateTimeFormat(known, { timeStyle: 'short' });
  const days = new Intl.DateTimeFormat(known, { weekday: 'long', day: 'numeric', month: 'long' });
  return {
    time: (ms) => times.format(ms),
    day(ms) {
      const that = new Date(ms).toDateString();
      const date = new Date();
      if (that === date.toDateString()) return say('today');
      date.setDate(date.getDate() - 1);
      return that === date.toDateString() ? say('yesterday') : days.format(ms);
    },
  };
};
