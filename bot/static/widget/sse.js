/**
 * Reads a `text/event-stream` from chunks that may be cut anywhere: inside a line, between CR and LF, inside a
 * UTF-8 character.
 */
export class EventParser {
  /** @param {(event: {type: string, id: string, data: string}) => void} onEvent */
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.decoder = new TextDecoder();
    this.rest = '';
    this.id = '';
    this.type = '';
    /** @type {string[]} */
    this.data = [];
  }

  /** @param {Uint8Array} chunk */
  push(chunk) {
    const text = this.rest + this.decoder.decode(chunk, { stream: true });
    // A CR at the very end waits for the next chunk: it may be half of a CRLF.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  /** @param {string} line */
  line(line) {
    if (!line) return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.type = value;
    else if (field === 'id') this.id = value;
  }

  dispatch() {
    const { type, id, data } = this;
    this.type = '';
    this.data = [];
    if (data.length) this.onEvent({ type: type || 'message', id, data: data.join('\n') });
  }
}
