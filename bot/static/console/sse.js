// @ts-check

/** @typedef {{event: string, data: string}} ServerEvent */

/**
 * The events of an SSE stream. Comments come out as `event: ""`, because they show that the line is alive. EventSource
 * would hide them, and the status of a refused stream too; so this reads the stream itself.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let buffer = "";
  let event = "message";
  /** @type {string[]} */
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const lines = buffer.split(/\r\n|\n|\r(?!$)/);
      buffer = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield { event, data: data.join("\n") };
          event = "message";
          data = [];
        } else if (line.startsWith(":")) {
          yield { event: "", data: "" };
        } else {
          const [, field, text] = /^([^:]*):? ?(.*)$/s.exec(line) ?? ["", "", ""];
          if (field === "event") event = text;
          else if (field === "data") data.push(text);
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
