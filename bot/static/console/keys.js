// @ts-check
import { openDialog } from "./dialog.js";
import { h, isComposing, isEditable } from "./dom.js";
import { read, write } from "./storage.js";

/** Keys that are no command: they move. @type {[string[], string][]} */
const MOVES = [
  [["j", "↓"], "Next conversation"],
  [["k", "↑"], "Previous conversation"],
  [["Enter"], "Open it"],
  [["Esc"], "Back out"],
  [["Ctrl", "K"], "Every command and conversation"],
];
/** In the field where one writes. @type {[string[], string][]} */
const FIELD = [
  [["Enter"], "Send"],
  [["/"], "Canned reply"],
  [["@"], "Mention, in a note"],
  [["Tab"], "Next «gap» to fill"],
];

/** Single-key shortcuts: never while somebody types or a dialog is open, and to be switched off altogether. */
export class Keys {
  #on = read("local", "keys", true);

  /**
   * @param {() => import("./commands.js").Command[]} commands
   * @param {{[key: string]: () => void}} moves by `event.key`
   * @param {() => void} palette
   */
  constructor(commands, moves, palette) {
    this.commands = commands;
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || isComposing(event)) return;
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (!document.querySelector("dialog[open]")) palette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open], :popover-open")) return;
      // Escape and the arrows are no letters: they stay when the letters are off.
      const letter = event.key.length === 1;
      if (isEditable(event.target) && event.key !== "Escape") return;
      if (letter && !this.#on && event.key !== "?") return;
      if (event.key.startsWith("Arrow") && !inList(event.target)) return;
      const run = moves[event.key] ?? commands().find((one) => one.key === event.key && (one.when?.() ?? true))?.run;
      if (!run) return;
      event.preventDefault();
      run();
    });
  }

  showSheet() {
    const groups = new Map([
      ["Move", MOVES],
      ["While you write", FIELD],
    ]);
    for (const { group, key, title } of this.commands()) {
      if (!key) continue;
      const lines = groups.get(group) ?? [];
      lines.push([[key], title]);
      groups.set(group, lines);
    }
    openDialog({
      name: "keys",
      title: "Keyboard shortcuts",
      fields: [
        h(
          "div",
          { class: "key-groups" },
          [...groups].map(([group, lines]) =>
            h(
              "section",
              null,
              h("h3", null, group),
              h(
                "dl",
                { class: "keys" },
                lines.map(([keys, meaning]) =>
                  h(
                    "div",
                    null,
                    h(
                      "dt",
                      null,
                      keys.map((key) => h("kbd", null, key)),
                    ),
                    h("dd", null, meaning),
                  ),
                ),
              ),
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
