// @ts-check
import { read, write } from "/console/static/storage.js";

/** @typedef {{translation_of?: string, language?: string}} Of which new entry it is: a translation, or the one besides */
/** @typedef {{fields: any, replies: {text: string, by: string}[]}} Unsaved `replies` are what agents answered, to quote */

/** What was typed into a new entry that is not saved yet waits in the session. @param {Of} of @returns {Unsaved|null} */
export function unsaved(of) {
  return read("session", slot(of), null);
}

/** @param {any} fields @param {Unsaved["replies"]} [replies] */
export function wait(fields, replies = unsaved(fields)?.replies ?? []) {
  write("session", slot(fields), { fields, replies });
}

/** @param {Of} of */
export function forget(of) {
  write("session", slot(of), null);
}

/** @param {Of} one @param {Of} other */
export function isSame(one, other) {
  return slot(one) === slot(other);
}

/** @param {Of} of */
function slot({ translation_of = "", language = "" }) {
  return translation_of ? `new-entry/${translation_of}/${language.toLowerCase()}` : "new-entry";
}
