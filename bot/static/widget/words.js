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
  wait: 'usually {low}–{high} {unit}',
  wait_within: 'usually within {high} {unit}',
  minutes: 'minutes',
  minute: 'minute',
  hours: 'hours',
  longer: 'it takes longer than we thought:',
  by_mail: 'We answer by e-mail',
  // Quiet lines in the thread
  handoff: 'We have passed on what you told us',
  claimed: '{name} joined',
  released: '{name} left. You keep your place at the front of the line',
  handed_back: 'The assistant is back with you',
  reopened: 'This chat is open again',
  transferred: 'We are passing you on to somebody who knows more about this',
  deleted_words: 'This message was taken back',
  edited_mark: 'Edited',
  sideways: 'Scrolls sideways',
  today: 'Today',
  yesterday: 'Yesterday',
  // Whether it was good
  helpful: 'Did this help?',
  helpful_thanks: 'Thank you.',
  helped: 'Yes',
  helped_not: 'No',
  rating: 'How did we do?',
  csat: 'The help you got',
  csat_low: 'Poor',
  csat_high: 'Great',
  effort: 'How easy it was for you',
  effort_low: 'Hard',
  effort_high: 'Easy',
  comment: 'Anything else? (optional)',
  skip: 'Skip',
  thanks: 'Thank you. This helps us to get better.',
  change: 'Change',
  // When nobody is there
  leave: 'We answer by e-mail',
  nobody: 'Nobody is here right now.',
  opens: 'We are back {when}.',
  leave_why: 'Leave your e-mail address, and the answer comes to you.',
  leave_text: 'Your message',
  leave_email: 'E-mail address',
  leave_name: 'Name (optional)',
  left_mail: 'The answer goes to {mail}, and it will be here too.',
  link_used: 'This link was used before, so we have sent you a new one.',
  link_gone: 'This link no longer works. Write to us here and we go on.',
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
  error_email: 'Please check the e-mail address.',
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
  const moments = new Intl.DateTimeFormat(known, { weekday: 'long', hour: 'numeric', minute: '2-digit' });
  const days = new Intl.DateTimeFormat(known, { weekday: 'long', day: 'numeric', month: 'long' });
  return {
    time: (ms) => times.format(ms),
    moment: (ms) => moments.format(ms),
    day(ms) {
      const that = new Date(ms).toDateString();
      const date = new Date();
      if (that === date.toDateString()) return say('today');
      date.setDate(date.getDate() - 1);
      return that === date.toDateString() ? say('yesterday') : days.format(ms);
    },
  };
};
