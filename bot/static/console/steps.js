// @ts-check
import { PRIORITIES } from "./chip.js";
import { fill, h, hidden } from "./dom.js";
import { OUTCOMES } from "./event-words.js";
import { icon } from "./icons.js";
import { optionsFor } from "./options.js";

/** @typedef {import("./types.js").Step} Step */

/** @type {{[step in Step["do"]]: string}} */
const STEPS = {
  reply: "Reply",
  note: "Add a note",
  tag: "Tag",
  priority: "Set the priority",
  assign: "Move to",
  snooze: "Snooze for",
  close: "Close as",
};

/**
 * The steps of a macro: each with what it needs, to be added, moved up and taken out.
 * @param {string} label @param {Step[]} value @param {import("./types.js").DeskSetup} setup
 */
export function stepsField(label, value, setup) {
  /** @type {Step[]} */
  let steps = structuredClone(value);
  const list = h("ol", { class: "steps" });
  const add = h(
    "select",
    {
      "aria-label": "Add a step",
      onchange: () => {
        steps.push(/** @type {Step} */ ({ do: add.value }));
        add.value = "";
        draw();
        const last = list.lastElementChild?.querySelector("input, select, textarea");
        if (last instanceof HTMLElement) last.focus();
      },
    },
    h("option", { value: "" }, "Add a step…"),
    Object.entries(STEPS).map(([step, words]) => h("option", { value: step }, words)),
  );

  function draw() {
    fill(
      list,
      steps.map((step, index) =>
        h(
          "li",
          { class: "step" },
          h("span", { class: "step-name" }, STEPS[step.do]),
          h("div", { class: "grow" }, detail(step, index)),
          index > 0 &&
            h(
              "button",
              {
                class: "icon-button",
                type: "button",
                title: "Earlier",
                "data-action": "earlier",
                onclick: () => {
                  [steps[index - 1], steps[index]] = [steps[index], steps[index - 1]];
                  draw();
                  // On the step that has moved, so that a second press moves it on.
                  const { children } = list;
                  const moved =
                    children[index - 1].querySelector("[data-action=earlier]") ??
                    children[index - 1].querySelector("input, select, textarea");
                  if (moved instanceof HTMLElement) moved.focus();
                },
              },
              icon("up"),
              hidden(`Move step ${index + 1} up`),
            ),
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              title: "Take out",
              onclick: () => {
                steps = steps.filter((one) => one !== step);
                draw();
                add.focus();
              },
            },
            icon("close"),
            hidden(`Take step ${index + 1} out`),
          ),
        ),
      ),
    );
  }

  /** @param {Step} step @param {number} index */
  function detail(step, index) {
    const name = `${STEPS[step.do]}, step ${index + 1}`;
    const select = (
      /** @type {{value: string, label: string}[]} */ options,
      /** @type {string} */ value,
      /** @type {(value: string) => void} */ set,
    ) => {
      const input = h("select", { "aria-label": name, onchange: () => set(input.value) }, optionsFor(options, value));
      // A new step goes to whom is shown.
      if (!value) set(input.value);
      return input;
    };
    const pairs = (/** @type {{[name: string]: string}} */ names) =>
      Object.entries(names).map(([value, label]) => ({ value, label }));
    switch (step.do) {
      case "reply":
      case "note": {
        const input = h("textarea", { rows: "2", "aria-label": name, oninput: () => (step.text = input.value) });
        input.value = step.text ?? "";
        return input;
      }
      case "tag": {
        const input = h("input", {
          "aria-label": `${name}, with commas between several`,
          oninput: () =>
            (step.add = input.value
              .split(",")
              .map((tag) => tag.trim())
              .filter(Boolean)),
        });
        input.value = (step.add ?? []).join(", ");
        return input;
      }
      case "snooze": {
        const input = h("input", {
          type: "number",
          min: "1",
          "aria-label": `${name}, minutes`,
          oninput: () => (step.minutes = Number(input.value)),
        });
        step.minutes ??= 60;
        input.value = String(step.minutes);
        return h("div", { class: "with-unit" }, input, h("span", { class: "quiet" }, "minutes"));
      }
      case "priority":
        return select(pairs(PRIORITIES), (step.priority ??= "high"), (value) => (step.priority = value));
      case "close": {
        const { idle: _, ...outcomes } = OUTCOMES;
        return select(pairs(outcomes), (step.outcome ??= "solved"), (value) => (step.outcome = value));
      }
      case "assign":
        return select(
          [
            ...setup.teams.map(({ id, name: team }) => ({ value: `team ${id}`, label: `Team ${team}` })),
            ...setup.agents.map(({ id, name: agent }) => ({ value: `agent ${id}`, label: agent })),
          ],
          step.team ? `team ${step.team}` : step.agent ? `agent ${step.agent}` : "",
          (value) => {
            const [kind, id] = value.split(" ");
            delete step.team;
            delete step.agent;
            step[/** @type {"team"|"agent"} */ (kind)] = id;
          },
        );
    }
  }

  draw();
  return { element: h("fieldset", { class: "steps-field" }, h("legend", null, label), list, add), read: () => steps };
}
