// @ts-check
import { PRIORITIES } from "./chip.js";
import { openDialog, radioField } from "./dialog.js";
import { OUTCOMES } from "./event-words.js";
import { newId } from "./outbox.js";
import { lasted } from "./time.js";

/** @typedef {import("./types.js").Step} Step */

/** A macro's step in words. @param {Step} step @param {import("./setup.js").Setup} setup @returns {string} */
export function stepWords(step, setup) {
  switch (step.do) {
    case "reply":
      return `reply “${short(step.text)}”`;
    case "note":
      return `note “${short(step.text)}”`;
    case "tag":
      return `tag ${(step.add ?? []).join(", ")}`;
    case "priority":
      return `priority ${(PRIORITIES[step.priority ?? ""] ?? "").toLowerCase()}`;
    case "assign":
      return `move to ${step.team ? setup.teamName(step.team) : setup.agentName(step.agent)}`;
    case "snooze":
      return `snooze for ${lasted((step.minutes ?? 0) * 60)}`;
    case "close":
      return `close as ${(OUTCOMES[step.outcome ?? ""] ?? "").toLowerCase()}`;
  }
}

/**
 * Lets the agent choose a macro, says what it will do, and runs it.
 * @param {import("./actions.js").Actions} actions @param {import("./types.js").Summary} summary
 */
export function chooseMacro(actions, summary) {
  if (!actions.can(summary).macro) return;
  const { setup } = actions.desk;
  const macros = setup.fitting(setup.now.macros, summary.team);
  if (!macros.length) {
    actions.announcer.toast("There are no macros yet. A supervisor makes them in the settings.");
    return;
  }
  // Run again after an answer that was lost, a macro says nothing twice: it goes by its id.
  const ids = new Map(macros.map(({ id }) => [id, newId()]));
  openDialog({
    name: "macros",
    title: "Run a macro",
    submit: "Run it",
    fields: [
      radioField(
        "macro",
        "Which one?",
        macros.map((macro) => ({
          value: macro.id,
          label: macro.title,
          help: macro.steps.map((step) => stepWords(step, setup)).join(", then "),
        })),
        macros[0].id,
      ),
    ],
    run: (data) => {
      const macro = String(data.get("macro"));
      const title = macros.find(({ id }) => id === macro)?.title;
      return actions.give(
        summary,
        `“${title}” is done.`,
        () => actions.desk.api.act(summary.id, "macro", { macro, id: ids.get(macro) }),
        "and what was done until then stands",
      );
    },
  });
}

/** @param {string|undefined} text */
function short(text = "") {
  return text.length > 40 ? `${text.slice(0, 40).trimEnd()}…` : text;
}
