// @ts-check
import { ownerWords } from "./chip.js";
import { isBeside } from "./dialog.js";
import { fill, h, isComposing } from "./dom.js";
import { icon } from "./icons.js";
import { where } from "./route.js";

/** @typedef {{id: string, group: string, title: string, detail?: string, key?: string, symbol?: import("./icons.js").IconName, run: () => void}} Choice */

const MOST = 12;

/**
 * Every command that can be given now, every list and every known conversation, found by a few letters.
 * @param {import("./app.js").App} app
 */
export function openPalette(app) {
  /** @type {Choice[]} */
  let shown = [];
  let chosen = 0;
  const field = h("input", {
    class: "palette-field",
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    "aria-label": "Command, list or conversation",
    placeholder: "What would you like to do?",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => draw(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step && shown.length) mark((chosen + step + shown.length) % shown.length);
      else if (event.key === "Enter" && !isComposing(event)) choose(chosen);
      else return;
      event.preventDefault();
    },
  });
  const list = h("ul", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": "Choices" });
  const none = h("p", { class: "quiet palette-none", role: "status" });
  const dialog = h(
    "dialog",
    {
      class: "palette",
      "data-dialog": "palette",
      "aria-label": "Command palette",
      onclose: () => dialog.remove(),
      onpointerdown: (/** @type {PointerEvent} */ event) => isBeside(dialog, event) && dialog.close(),
    },
    h("div", { class: "palette-head" }, icon("search"), field, h("kbd", null, "Esc")),
    list,
    none,
  );

  function draw() {
    const words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    shown = choices(app, field.value.trim())
      .map((one) => ({ one, rank: rank(one, words) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank)
      .slice(0, MOST)
      .map(({ one }) => one);
    fill(
      list,
      shown.map((one, index) =>
        h(
          "li",
          {
            id: `palette-${index}`,
            role: "option",
            "data-command": one.id,
            onpointerdown: (/** @type {Event} */ event) => {
              event.preventDefault();
              choose(index);
            },
          },
          icon(one.symbol ?? "move"),
          h(
            "span",
            { class: "palette-title" },
            one.title,
            one.detail && h("span", { class: "quiet" }, ` ${one.detail}`),
          ),
          h("span", { class: "palette-group" }, one.group),
          one.key && h("kbd", null, one.key),
        ),
      ),
    );
    list.hidden = !shown.length;
    none.textContent = shown.length ? "" : "Nothing of that name.";
    mark(0);
  }

  /** @param {number} index */
  function mark(index) {
    chosen = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    list.children[index]?.scrollIntoView({ block: "nearest" });
    if (shown.length) field.setAttribute("aria-activedescendant", `palette-${index}`);
    else field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  function choose(index) {
    const one = shown[index];
    if (!one) return;
    dialog.close();
    one.run();
  }

  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  draw();
}

/** @param {import("./app.js").App} app @param {string} typed @returns {Choice[]} */
function choices(app, typed) {
  const { desk, route } = app;
  const conversations = [...desk.lists.summaries.values()]
    .sort((a, b) => Number(desk.lists.isMine(b)) - Number(desk.lists.isMine(a)) || b.updated - a.updated)
    .map((summary) => ({
      id: summary.id,
      group: "Conversation",
      title: desk.nameOf(summary),
      detail: [ownerWords(summary, desk.user.id, desk.setup.teamName(summary.team)), summary.last?.text.slice(0, 60)]
        .filter(Boolean)
        .join(" · "),
      symbol: /** @type {const} */ ("talk"),
      run: () => route.go(desk.lists.isMine(summary) ? "mine" : desk.where, summary.id),
    }));
  const teams = desk.setup.now.teams.map((team) => ({
    id: `team-${team.id}`,
    group: "Go to",
    title: `Team ${team.name}`,
    symbol: /** @type {const} */ ("people"),
    run: () => route.go(where("team", { team: team.id })),
  }));
  const search = typed && {
    id: "search-for",
    group: "Search",
    title: `Search everything for “${typed}”`,
    symbol: /** @type {const} */ ("search"),
    run: () => route.go(where("search", { q: typed })),
  };
  return [...app.enabled(), ...teams, ...conversations, ...(search ? [search] : [])];
}

/** Every word has to be there; at the start of the title counts most. @param {Choice} one @param {string[]} words */
function rank({ title, detail = "", group, id }, words) {
  if (id === "search-for") return 0.1;
  if (!words.length) return group === "Conversation" ? 2 : 1;
  const name = title.toLowerCase();
  const all = `${name} ${detail.toLowerCase()} ${group.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return 0;
  if (name.startsWith(words[0])) return 4;
  return words.every((word) => name.includes(word)) ? 3 : 1;
}
