// @ts-check
import { noteOf } from "./actions.js";
import { ApiError, path } from "./api.js";
import { PRIORITIES } from "./chip.js";
import { noteField, openDialog, radioField, selectField } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { fullTime, now, wakes } from "./time.js";

/** @typedef {import("./types.js").Summary} Summary */

const MAX_TAG = 40;
const TIERS = ["", "first line", "experts", "last resort"];

/** What an agent arranges around a conversation: where it goes, when, how pressing it is, what it is filed under. */
export class Arrange {
  /** @param {import("./actions.js").Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.desk = actions.desk;
    this.announcer = actions.announcer;
  }

  /** To a team or a colleague, with a note. For supervisors also from the queue or from an agent. @param {Summary} summary */
  transfer(summary) {
    if (!this.actions.can(summary).transfer) return;
    const { teams, agents } = this.desk.setup.now;
    const from = this.desk.setup.team(summary.team);
    const skills = [...new Set(teams.flatMap((team) => team.skills))].sort();
    const to = selectField(
      "to",
      "To",
      [
        {
          group: "Teams",
          options: teams
            .filter(({ id }) => id !== summary.team || summary.owner !== "queue")
            .map((team) => ({
              value: `team ${team.id}`,
              label: `${team.name} · ${TIERS[team.tier]}${team.tier > (from?.tier ?? 1) ? ", an escalation" : ""}`,
            })),
        },
        {
          group: "People",
          options: agents
            .filter(({ id }) => id !== summary.agent?.id)
            .map((agent) => ({
              value: `agent ${agent.id}`,
              label: `${agent.name} · ${agent.status}, ${agent.load} of ${agent.capacity}`,
            })),
        },
      ],
      { autofocus: true },
    );
    const skill = selectField("skill", "Skill", [
      { value: "", label: "No special one" },
      ...skills.map((one) => ({ value: one, label: one })),
    ]);
    const priority = selectField(
      "priority",
      "Priority",
      Object.entries(PRIORITIES).map(([value, label]) => ({ value, label })),
      { value: summary.priority ?? "normal" },
    );
    const choice = /** @type {HTMLSelectElement} */ (to.querySelector("select"));
    const more = h("div", { class: "field-row" }, priority, skill);
    const offered = () => {
      const team = choice.value.startsWith("team ") ? this.desk.setup.team(choice.value.slice(5)) : undefined;
      more.hidden = !team;
      skill.hidden = !team?.skills.length;
      for (const option of /** @type {HTMLSelectElement} */ (skill.querySelector("select")).options)
        option.hidden = option.disabled = option.value !== "" && !team?.skills.includes(option.value);
    };
    choice.addEventListener("change", offered);
    offered();
    openDialog({
      name: "transfer",
      title: this.desk.lists.isMine(summary) ? "Transfer" : "Assign",
      submit: this.desk.lists.isMine(summary) ? "Transfer" : "Assign",
      fields: [to, more, noteField("Note", "What the next one should know. The customer does not see it.")],
      run: (data) => {
        const [kind, id] = /** @type {[string, string]} */ (String(data.get("to")).split(" "));
        const toTeam = kind === "team";
        const name = toTeam ? this.desk.setup.teamName(id) : this.desk.setup.agentName(id);
        return this.actions.give(summary, `Now with ${name}.`, () =>
          this.desk.api.act(summary.id, "transfer", {
            [kind]: id,
            ...(toTeam ? { skill: data.get("skill") ?? "", priority: data.get("priority") ?? "" } : {}),
            note: noteOf(data),
            epoch: summary.epoch,
          }),
        );
      },
    });
  }

  /** @param {Summary} summary */
  snooze(summary) {
    if (!this.actions.can(summary).snooze) return;
    if (summary.snoozed_until) {
      void this.quietly(async () => {
        await this.#act(summary, "snooze", { until: null });
        this.announcer.toast("Awake again.");
      });
      return;
    }
    const times = snoozeTimes();
    const own = h("input", {
      id: "snooze-own",
      type: "datetime-local",
      name: "own",
      oninput: () => {
        /** @type {HTMLInputElement} */ (form.querySelector("[value=own]")).checked = true;
      },
    });
    const form = radioField(
      "until",
      "Until when?",
      [
        ...times.map(({ label, at }) => ({ value: String(at), label, help: wakes(at) })),
        { value: "own", label: "Another time" },
      ],
      String(times[0].at),
    );
    openDialog({
      name: "snooze",
      title: "Snooze",
      text: "It stays yours and comes back at its time, or at once when the customer writes.",
      submit: "Snooze",
      fields: [form, h("div", { class: "field" }, h("label", { for: "snooze-own" }, "Date and time"), own)],
      run: async (data) => {
        const until =
          data.get("until") === "own" ? Date.parse(String(data.get("own"))) / 1000 : Number(data.get("until"));
        if (!until || until <= now()) throw new Error("Please choose a time that is still to come.");
        await this.#act(summary, "snooze", { until });
        this.announcer.toast(`Asleep until ${wakes(until)}.`);
        this.actions.given.emit();
      },
    });
  }

  /** @param {Summary} summary */
  priority(summary) {
    if (!this.actions.can(summary).priority) return;
    openDialog({
      name: "priority",
      title: "Priority",
      submit: "Set",
      fields: [
        radioField(
          "priority",
          "How pressing is it?",
          Object.entries(PRIORITIES).map(([value, label]) => ({ value, label })),
          summary.priority ?? "normal",
        ),
      ],
      run: async (data) => {
        await this.#act(summary, "priority", { priority: data.get("priority") });
        this.announcer.toast(`Priority: ${PRIORITIES[String(data.get("priority"))].toLowerCase()}.`);
      },
    });
  }

  /** @param {Summary} summary */
  tags(summary) {
    if (!this.actions.can(summary).tag) return;
    const has = summary.tags ?? [];
    const all = [...new Set([...has, ...this.desk.setup.now.tags])].sort((a, b) => a.localeCompare(b));
    openDialog({
      name: "tags",
      title: "Tags",
      submit: "Save",
      fields: [
        h(
          "div",
          { class: "field" },
          h("label", { for: "tags-new" }, "New tags"),
          h("input", {
            id: "tags-new",
            name: "new",
            autofocus: true,
            autocomplete: "off",
            maxlength: "400",
            "aria-describedby": "tags-help",
          }),
          h(
            "p",
            { class: "quiet small", id: "tags-help" },
            `Several with commas between them, each up to ${MAX_TAG} characters.`,
          ),
        ),
        all.length > 0 &&
          h(
            "fieldset",
            { class: "pills" },
            h("legend", null, "On this conversation"),
            all.map((tag) =>
              h(
                "label",
                { class: "pill" },
                h("input", { type: "checkbox", name: "tag", value: tag, checked: has.includes(tag) }),
                h("span", null, tag),
              ),
            ),
          ),
      ].filter((field) => field instanceof Node),
      run: async (data) => {
        const fresh = String(data.get("new"))
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean);
        const long = fresh.find((tag) => tag.length > MAX_TAG);
        if (long) throw new Error(`“${long.slice(0, 20)}…” is too long: a tag has up to ${MAX_TAG} characters.`);
        const wanted = [...data.getAll("tag").map(String), ...fresh];
        const add = wanted.filter((tag) => !has.includes(tag));
        const remove = has.filter((tag) => !wanted.includes(tag));
        if (!add.length && !remove.length) return;
        await this.#act(summary, "tags", { add, remove });
        if (fresh.length) void this.desk.setup.load();
        this.announcer.toast("Tags saved.");
      },
    });
  }

  /** Makes this conversation part of another of the same customer. @param {Summary} summary */
  merge(summary) {
    if (!this.actions.can(summary).merge) return;
    const open = (/** @type {Summary} */ { id, owner }) =>
      id !== summary.id && (owner === "agent" || owner === "queue" || owner === "bot");
    const earlier = (this.desk.known(summary.id)?.earlier ?? []).filter(open);
    const mine = [...this.desk.lists.summaries.values()].filter((one) => this.desk.lists.isMine(one) && open(one));
    const all = [...new Map([...earlier, ...mine].map((one) => [one.id, one])).values()];
    if (!all.length) {
      this.announcer.toast("There is no other open conversation of this customer, nor another of yours.");
      return;
    }
    openDialog({
      name: "merge",
      title: "Merge into another conversation",
      text: "This one closes as a duplicate; each keeps a line that points to the other.",
      submit: "Merge",
      fields: [
        radioField(
          "into",
          "Which one goes on?",
          all.map((one) => ({
            value: one.id,
            label: `${this.desk.nameOf(one)}${earlier.includes(one) ? " · same customer" : ""}`,
            help: one.last?.text.slice(0, 90) ?? fullTime(one.created),
          })),
          all[0].id,
        ),
      ],
      run: async (data) => {
        const into = String(data.get("into"));
        await this.actions.give(summary, "Merged.", () => this.desk.api.act(summary.id, "merge", { into }));
        this.actions.route.go("mine", into);
      },
    });
  }

  /** @param {Summary} summary */
  transcript(summary) {
    const email = this.desk.known(summary.id)?.person?.email ?? "";
    const download = (/** @type {string} */ format, /** @type {string} */ label) =>
      h(
        "a",
        { class: "button", href: `${path(summary.id)}/transcript?format=${format}`, download: "" },
        icon("down"),
        label,
      );
    openDialog({
      name: "transcript",
      title: "Transcript",
      text: "What was said, without notes.",
      submit: "Send the mail",
      fields: [
        h("p", { class: "button-row" }, download("txt", "Download as text"), download("html", "Download as page")),
        h(
          "div",
          { class: "field" },
          h("label", { for: "transcript-to" }, "Mail it to"),
          h("input", {
            id: "transcript-to",
            name: "to",
            type: "email",
            value: email,
            autofocus: true,
            autocomplete: "off",
          }),
        ),
      ],
      run: async (data) => {
        const to = String(data.get("to")).trim();
        if (!to) throw new Error("Please enter an e-mail address.");
        await this.desk.api.act(summary.id, "transcript", { to });
        this.announcer.toast(`On its way to ${to}.`);
      },
    });
  }

  /** @param {Summary} summary @param {string} act @param {{[field: string]: unknown}} fields */
  async #act(summary, act, fields) {
    const answer = await this.desk.api.act(summary.id, act, fields);
    if (answer?.conversation) this.desk.take(answer.conversation);
  }

  /** What goes wrong is said at the edge, where no dialog is open to say it. @param {() => Promise<void>} work */
  async quietly(work) {
    try {
      await work();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return;
      this.announcer.toast(error instanceof Error ? error.message : "Something went wrong.", "trouble");
    }
  }
}

/** The times that people mean, in this browser's own zone. */
function snoozeTimes() {
  const at = (/** @type {number} */ days, /** @type {number} */ hour) => {
    const date = new Date(now() * 1000);
    date.setDate(date.getDate() + days);
    date.setHours(hour, 0, 0, 0);
    return date.getTime() / 1000;
  };
  const today = new Date(now() * 1000).getDay();
  return [
    { label: "In an hour", at: Math.ceil(now() + 3600) },
    { label: "In four hours", at: Math.ceil(now() + 4 * 3600) },
    { label: "Tomorrow morning", at: at(1, 9) },
    { label: "Monday morning", at: at((8 - today) % 7 || 7, 9) },
  ];
}
