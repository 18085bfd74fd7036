// @ts-check
import { PRIORITIES } from "./chip.js";
import { openDialog, radioField } from "./dialog.js";
import { OUTCOMES } from "./event-words.js";
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
  const { setup, api } = actions.desk;
  const macros = setup.fitting(setup.now.macros, summary.team);
  if (!macros.length) {
    actions.announcer.toast("There are no macros yet. A supervisor makes them in the settings.");
    return;
  }
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
    run: (data) => runMacro(actions, summary, String(data.get("macro")), api),
  });
}

/**
 * @param {import("./actions.js").Actions} actions @param {import("./types.js").Summary} summary @param {string} macro
 * @param {import("./api.js").Api} api
 */
export async function runMacro(actions, summary, macro, api = actions.desk.api) {
  const title = actions.desk.setup.now.macros.find(({ id }) => id === macro)?.title ?? "The macro";
  await actions.give(summary, `“${title}” is done.`, () => api.act(summary.id, "macro", { macro }));
}

/** @param {string|undefined} text */
function short(text = "") {
  return text.length > 40 ? `${text.slice(0, 40).trimEnd()}…` : text;
}
