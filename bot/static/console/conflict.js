// @ts-check
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

/**
 * Somebody else has saved the same thing first: both versions side by side, and what to go on with.
 * @param {import("./kinds.js").Kind} kind @param {any} theirs null where it is gone @param {any} mine
 * @param {import("./types.js").DeskSetup} setup
 * @param {{theirs: () => void, mine: () => void}} go
 */
export function showConflict(kind, theirs, mine, setup, go) {
  const differs = kind.fields.filter(({ name }) => JSON.stringify(theirs?.[name]) !== JSON.stringify(mine[name]));
  const who = theirs?.updated_by ? `${theirs.updated_by} has` : "Somebody else has";
  const dialog = openDialog({
    name: "conflict",
    title: theirs ? `${who} saved this first` : "Somebody has removed this",
    text: "Nothing of yours is saved yet, and nothing is lost.",
    fields: [
      theirs
        ? h(
            "table",
            { class: "versions" },
            h(
              "thead",
              null,
              h("tr", null, h("td"), h("th", { scope: "col" }, "As it is now"), h("th", { scope: "col" }, "Yours")),
            ),
            h(
              "tbody",
              null,
              differs.map((field) =>
                h(
                  "tr",
                  null,
                  h("th", { scope: "row" }, field.label),
                  h("td", null, words(field, theirs[field.name], setup)),
                  h("td", null, words(field, mine[field.name], setup)),
                ),
              ),
            ),
          )
        : h("p", null, "You can save yours as a new one."),
      h(
        "p",
        { class: "button-row" },
        theirs && button("theirs", "Go on with what is there now", () => go.theirs()),
        button("mine", theirs ? "Go on with mine" : "Keep mine", () => go.mine(), true),
      ),
    ],
  });

  /** @param {string} name @param {string} label @param {() => void} run @param {boolean} [first] */
  function button(name, label, run, first = false) {
    return h(
      "button",
      {
        class: first ? "button primary" : "button",
        type: "button",
        "data-action": `keep-${name}`,
        onclick: () => {
          dialog.close();
          run();
        },
      },
      label,
    );
  }
}

/** @param {import("./form.js").Field} field @param {any} value @param {import("./types.js").DeskSetup} setup */
function words(field, value, setup) {
  const named = (/** @type {string} */ one) =>
    field.options?.(setup).find((option) => option.value === String(one))?.label ?? one;
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.map(named).join(", ") || "–";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : named(String(value));
}
