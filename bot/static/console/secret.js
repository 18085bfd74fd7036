// @ts-check
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

/**
 * Shows a secret that the server will not tell again.
 * @param {string} what @param {string} secret
 */
export function showSecret(what, secret) {
  const field = h("input", { id: "secret", readonly: true, value: secret, onfocus: () => field.select() });
  const told = h(
    "p",
    { class: "quiet small", role: "status" },
    "It is shown this once. Keep it where only the program reads it.",
  );
  openDialog({
    name: "secret",
    title: what,
    fields: [
      h("div", { class: "field" }, h("label", { for: "secret" }, "Secret"), field, told),
      h(
        "p",
        { class: "button-row" },
        h(
          "button",
          {
            class: "button primary",
            type: "button",
            autofocus: true,
            onclick: async () => {
              field.select();
              await navigator.clipboard?.writeText(secret).then(
                () => (told.textContent = "Copied."),
                () => {},
              );
            },
          },
          "Copy",
        ),
      ),
    ],
  });
}
