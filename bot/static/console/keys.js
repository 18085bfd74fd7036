// @ts-check
import { openDialog } from "./dialog.js";
import { h, isEditable } from "./dom.js";
import { read, write } from "./storage.js";

/** @type {[string[], string][]} */
const SHEET = [
  [["j", "↓"], "Next conversation"],
  [["k", "↑"], "Previous conversation"],
  [["Enter"], "Open it"],
  [["/"], "Search in the list"],
  [["1", "–", "5"], "Queue, Mine, With agents, Bot, Closed"],
  [["t"], "Take who waits in front"],
  [["c"], "Claim"],
  [["r"], "Reply"],
  [["n"], "Private note"],
  [["i"], "Context"],
  [["b"], "Hand back to the bot"],
  [["q"], "Return to the queue"],
  [["e"], "Close"],
  [["Esc"], "Back out"],
  [["?"], "This sheet"],
];

/** Single-key shortcuts: never while somebody types or a dialog is open, and to be switched off altogether. */
export class Keys {
  #on = read("local", "keys", true);

  /** @param {{[key: string]: (event: KeyboardEvent) => void}} commands by `event.key` */
  constructor(commands) {
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (document.querySelector("dialog[open], :popover-open")) return;
      const command = commands[event.key];
      if (!command) return;
      // Escape and the arrows are no letters: they stay when the letters are off.
      const letter = event.key.length === 1;
      if (isEditable(event.target) && event.key !== "Escape") return;
      if (letter && !this.#on && event.key !== "?") return;
      if (event.key.startsWith("Arrow") && !inList(event.target)) return;
      event.preventDefault();
      command(event);
    });
  }

  showSheet() {
    openDialog({
      name: "keys",
      title: "Keyboard shortcuts",
      fields: [
        h(
          "dl",
          { class: "keys" },
          SHEET.map(([keys, meaning]) =>
            h(
              "div",
              null,
              h(
                "dt",
                null,
                keys.map((key) => (key === "–" ? "–" : h("kbd", null, key))),
              ),
              h("dd", null, meaning),
            ),
          ),
        ),
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            name: "keys",
            checked: this.#on,
            onchange: (/** @type {Event} */ event) => {
              this.#on = /** @type {HTMLInputElement} */ (event.target).checked;
              write("local", "keys", this.#on);
            },
          }),
          "Single-key shortcuts",
        ),
      ],
    });
  }
}

/** @param {EventTarget|null} target */
function inList(target) {
  return target === document.body || (target instanceof Element && target.closest(".list-pane") !== null);
}
