// @ts-check
import { openDialog } from "/console/static/dialog.js";
import { h } from "/console/static/dom.js";

const NAMES = /** @type {{[name: string]: string}} */ ({
  question: "Question", answer: "Answer", phrasings: "How customers put it", tests: "Test questions", category: "Category",
  audience: "Who may see it", valid_from: "Valid from", valid_until: "Valid until", owner: "Owner", language: "Language",
  task: "Task", related: "Related entries",
});

/** @param {string} name */
export function fieldName(name) {
  return NAMES[name] ?? name;
}

/**
 * Two people have changed one entry: shows both, and lets this one decide. Nothing is overwritten before that, and the
 * text that does not stand can be found in the history when it was saved.
 * @param {any} now the entry as the other person saved it @param {any} mine the fields as they stand here
 * @param {boolean} leaves whether the other person has archived it
 * @returns {Promise<"mine"|"theirs"|"later">}
 */
export function askWhichStands(now, mine, leaves) {
  return new Promise((decide) => {
    /** @type {"mine"|"theirs"|"later"} */
    let choice = "later";
    const text = (/** @type {any} */ value) => (Array.isArray(value) ? value.join("\n") : String(value ?? ""));
    const unlike = Object.keys(NAMES)
      .filter((name) => text(now.fields[name]) !== text(mine[name]))
      .map((name) => [fieldName(name), text(now.fields[name]), text(mine[name])]);
    if (leaves) unlike.unshift(["Where it stands", "Archived: it leaves with the next publish", "It stays"]);
    // Both have written the same: there is nothing to choose.
    if (!unlike.length) return decide("mine");
    const take = (/** @type {"mine"|"theirs"} */ which) => {
      choice = which;
      dialog.close();
    };
    const dialog = openDialog({
      name: "conflict",
      title: `${now.updated_by || "Somebody"} has ${leaves ? "archived this entry" : "changed this entry too"}`,
      text: "Nothing of yours is saved yet. Compare the two, then say which one stands.",
      fields: [
        ...unlike.map(([name, theirs, yours]) =>
          h(
            "section",
            { class: "versus" },
            h("h3", null, name),
            h("div", null, h("p", { class: "quiet small" }, "Theirs"), h("p", { class: "versus-text" }, theirs || "(empty)")),
            h("div", null, h("p", { class: "quiet small" }, "Yours"), h("p", { class: "versus-text" }, yours || "(empty)")),
          ),
        ),
        h(
          "div",
          { class: "dialog-foot" },
          h("button", { class: "button", type: "button", "data-choice": "theirs", onclick: () => take("theirs") }, "Take theirs, drop mine"),
          h("button", { class: "button primary", type: "button", "data-choice": "mine", onclick: () => take("mine") }, "Keep mine; theirs stays in the history"),
        ),
      ],
    });
    dialog.addEventListener("close", () => decide(choice));
  });
}
