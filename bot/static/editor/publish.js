// @ts-check
import { fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { ago } from "/console/static/time.js";
import { statusChip } from "./list.js";
import { placeHash } from "./route.js";
import { decisionName, percent } from "./try.js";

const CHANGES = /** @type {{[name: string]: string}} */ ({ new: "New", changed: "Changed", withdrawn: "Leaves" });
const SOURCES = /** @type {{[name: string]: string}} */ ({ test: "Test", judged: "Kept", real: "Real" });

/** The gate: what is ready, what it gains and loses, and one button that makes it live. */
export class PublishPage {
  #list = h("ol", { class: "changes" });
  #progress = h("progress", { max: "1", value: "0", "aria-label": "Asking all stored questions" });
  #status = h("p", { class: "quiet", role: "status" });
  #report = h("div", { class: "report" });
  #go = h("button", { class: "button primary large", type: "button", disabled: true, "data-action": "publish", onclick: () => this.#publish() }, "Publish");
  #reason = h("input", { class: "input", id: "override", maxlength: "500", oninput: () => this.#arm() });
  #override = h(
    "div",
    { class: "field", hidden: true },
    h("label", { for: "override" }, "Publish all the same, because"),
    this.#reason,
    h("p", { class: "quiet small" }, "Your reason is kept with the publication."),
  );
  /** @type {Set<string>} */
  #chosen = new Set();
  /** @type {any[]} */
  #pending = [];
  /** What the list has no room for: of what is ready, and of drafts. */
  #unlisted = { ready: 0, drafts: 0 };
  #rest = h("li", { class: "rest quiet small", hidden: true });
  /** @type {any} */
  #checked = null;
  #run = 0;
  #publishing = false;

  /** @param {any} shared */
  constructor({ api, user, announcer, route, changed }) {
    this.api = api;
    this.user = user;
    this.announcer = announcer;
    this.route = route;
    this.changed = changed;
    this.element = h(
      "div",
      { class: "page-columns" },
      h("section", { class: "pane page-side", "aria-labelledby": "what-head" }, h("h2", { id: "what-head" }, "What would change"), h("div", { class: "scroll" }, this.#list)),
      h(
        "section",
        { class: "pane page-main", "aria-labelledby": "gate-head" },
        h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h2", { id: "gate-head" }, "Before it goes live"), this.#status), this.#go),
        this.#progress,
        h("div", { class: "scroll" }, this.#override, this.#report),
      ),
    );
    this.#progress.hidden = true;
  }

  /** What was checked before may not be all that there is: nothing is published until the next `show`. */
  wait() {
    if (this.#publishing) return;
    this.#run++;
    this.#checked = null;
    this.#arm();
    this.#status.textContent = "Saving what you wrote…";
  }

  async show() {
    if (this.#publishing) return;
    const run = ++this.#run;
    try {
      const { pending, ready, total } = await this.api.pending();
      if (run !== this.#run) return;
      this.#pending = pending;
      this.#chosen = new Set(pending.filter(isReady).map((/** @type {any} */ one) => one.id));
      this.#unlisted = { ready: ready - this.#chosen.size, drafts: total - ready - (pending.length - this.#chosen.size) };
      this.#drawList();
      await this.#check();
    } catch (error) {
      if (run === this.#run) this.#status.textContent = /** @type {Error} */ (error).message;
    }
  }

  #drawList() {
    if (this.#pending.length) return fill(this.#list, this.#pending.map((one) => this.#row(one)), this.#rest);
    fill(this.#list, h("li", { class: "empty" }, icon("check"), h("p", null, "All entries are live as they stand.")));
  }

  /** @param {any} one */
  #row(one) {
    return h(
      "li",
      { class: "entry-row" },
      h("input", {
        type: "checkbox",
        checked: this.#chosen.has(one.id),
        "aria-label": `Publish ${one.question}`,
        onchange: () => {
          if (!this.#chosen.delete(one.id)) this.#chosen.add(one.id);
          void this.#check();
        },
      }),
      h(
        "a",
        { href: placeHash("entries", one.id) },
        h("span", { class: "entry-question" }, one.question),
        h("span", { class: "entry-meta quiet small" }, h("span", { class: "chip" }, CHANGES[one.change]), statusChip(one.status), h("span", null, `${one.updated_by || "–"}, ${ago(one.updated)}`)),
      ),
    );
  }

  #drawRest() {
    const { ready, drafts } = this.#unlisted;
    const then = this.#all ? "They go live with these." : "They stay as they are until all that is ready here is ticked.";
    this.#rest.hidden = !ready && !drafts;
    fill(this.#rest, ready > 0 && `… and ${count(ready)} more that are ready. ${then} `, drafts > 0 && `… and ${count(drafts)} more ${drafts === 1 ? "draft" : "drafts"}.`);
  }

  /** Whether all that is ready is to go live, also what is not listed. */
  get #all() {
    return this.#unlisted.ready > 0 && this.#pending.every((one) => !isReady(one) || this.#chosen.has(one.id));
  }

  /** What goes live, as calls name it: without ids it is all that is ready. */
  get #asked() {
    return this.#all ? {} : { ids: [...this.#chosen] };
  }

  /** @param {string} call @param {object} body */
  async #job(call, body) {
    this.#progress.hidden = false;
    this.#progress.removeAttribute("value");
    try {
      return await this.api.job(call, body, (/** @type {number} */ done, /** @type {number} */ of) => {
        this.#progress.value = done / Math.max(of, 1);
      });
    } finally {
      this.#progress.hidden = true;
    }
  }

  async #check() {
    const run = ++this.#run;
    this.#checked = null;
    this.#arm();
    if (!this.#chosen.size) {
      this.#status.textContent = this.#pending.length ? "Tick what is to go live." : "There is nothing to publish.";
      return fill(this.#report);
    }
    this.#status.textContent = "Asking all stored questions…";
    try {
      const report = await this.#job("check", this.#asked);
      if (run !== this.#run) return;
      this.#checked = report;
      this.#status.textContent = `${report.counts.asked.toLocaleString("en-GB")} stored questions asked in ${report.seconds} s.`;
      fill(this.#report, drawReport(report));
    } catch (error) {
      if (run !== this.#run) return;
      this.#status.textContent = "";
      fill(this.#report, h("p", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
    this.#arm();
  }

  #arm() {
    const stops = this.#checked?.counts.stops ?? 0;
    const admin = this.user.role === "admin";
    this.#override.hidden = !stops || !admin;
    const many = this.#chosen.size + (this.#all ? this.#unlisted.ready : 0);
    this.#drawRest();
    fill(this.#go, this.#publishing ? "Publishing…" : many ? `Publish ${count(many)} ${many === 1 ? "change" : "changes"}` : "Publish");
    this.#go.disabled = this.#publishing || !this.#checked || (stops > 0 && !(admin && this.#reason.value.trim()));
  }

  async #publish() {
    if (!this.#checked || this.#publishing) return;
    const began = performance.now();
    const stops = this.#checked.counts.stops > 0;
    this.#publishing = true;
    this.#arm();
    try {
      await this.#job("publish", {
        ...this.#asked,
        digest: this.#checked.digest,
        ...(stops ? { override: this.#reason.value.trim() } : {}),
      });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      this.announcer.toast(`Live after ${seconds} s. Published lists every state to go back to.`);
      this.#reason.value = "";
      this.changed();
      this.#publishing = false;
      await this.show();
      if (!this.#pending.length) this.#status.textContent = "Live. There is nothing more to publish.";
    } catch (error) {
      const failure = /** @type {any} */ (error);
      this.announcer.toast(failure.message, "trouble");
      this.#publishing = false;
      // What is listed then says whether it went live.
      if (failure.code === "moved" || failure.lost || failure.transient) await this.show();
      else if (failure.report) fill(this.#report, drawReport(failure.report));
    }
    this.#publishing = false;
    this.#arm();
  }
}

/** @param {any} one */
const isReady = (one) => one.status !== "draft";

/** @param {number} number */
const count = (number) => number.toLocaleString("en-GB");

/** @param {any} report */
export function drawReport(report) {
  const { counts, bars } = report;
  const tile = (/** @type {string} */ kind, /** @type {string} */ name) =>
    h("div", { class: "tile", "data-kind": kind }, h("strong", null, counts[kind].toLocaleString("en-GB")), h("span", null, name));
  return h(
    "div",
    { class: "report-body", "data-testid": "report" },
    counts.stops > 0 &&
      h(
        "p",
        { class: "banner", role: "alert" },
        icon("warn"),
        h("span", null, `${counts.stops} ${counts.stops === 1 ? "question that is answered rightly today" : "questions that are answered rightly today"} would get worse, so this cannot go live as it is. Mend the entries, or let an administrator publish with a reason.`),
      ),
    h("div", { class: "tiles" }, tile("gained", "gained"), tile("lost", "lost"), tile("changed", "changed otherwise"), tile("asked", "asked")),
    barLine(bars),
    section("lost", "Lost", "Answered rightly today, and not with this publish.", report),
    section("gained", "Gained", "Answered rightly from now on.", report),
    section("changed", "Changed otherwise", "Treated differently, but neither won nor lost.", report),
    report.counts.compared < report.counts.comparable &&
      h("p", { class: "quiet small" }, `${report.counts.compared} of the ${report.counts.comparable} changed entries, drawn by chance, were compared with all others in meaning.`),
    pairs("Says the same as another entry", report.alike),
    pairs("May contradict another entry", report.against),
    report.conflicts?.length > 0 && h("section", null, h("h3", null, "Files that differ from their entry"), h("p", { class: "small" }, "See both and decide under ", h("a", { href: "#/transfer" }, "Import & export"), "."), h("ul", { class: "plain" }, report.conflicts.map((/** @type {string} */ one) => h("li", null, one)))),
    !counts.gained && !counts.lost && !counts.changed && h("p", { class: "quiet" }, "No stored question is treated differently."),
  );
}

/** @param {any} bars */
function barLine(bars) {
  if (!bars.after) return null;
  const told = (/** @type {any} */ bar) => (bar.value === "never" ? "nothing" : percent(bar.coverage));
  return h(
    "p",
    { class: "bar-line" },
    "By itself the bot would answer ",
    h("strong", null, told(bars.after)),
    bars.before && ` of answerable questions (today ${told(bars.before)})`,
    !bars.before && " of answerable questions",
    `; at most ${percent(bars.after.alpha)} of its answers wrong (${bars.after.errors} of ${bars.after.answered} seen).`,
  );
}

/** @param {"gained"|"lost"|"changed"} kind @param {string} title @param {string} help @param {any} report */
function section(kind, title, help, report) {
  const shown = report[kind];
  const rest = report.counts[kind] - shown.length;
  if (!shown.length && !rest) return null;
  return h(
    "section",
    { "data-kind": kind },
    h("h3", null, title, " ", h("span", { class: "quiet" }, report.counts[kind])),
    h("p", { class: "quiet small" }, help),
    shown.length > 0 && h(
      "ul",
      { class: "differences" },
      shown.map((/** @type {any} */ one) =>
        h(
          "li",
          { "data-stops": String(one.stops) },
          h("p", { class: "asked" }, `“${one.text}”`),
          h(
            "p",
            { class: "quiet small" },
            h("span", { class: "chip" }, SOURCES[one.source]),
            one.protected && h("span", { class: "chip", "data-status": "review" }, icon("lock"), "Protected"),
            one.stops && h("span", { class: "chip", "data-route": "fault" }, "Stops the publish"),
            ` ${one.note}`,
          ),
          h("p", { class: "step small" }, outcome("Today", one.before), icon("down"), outcome("Then", one.after)),
        ),
      ),
    ),
    rest > 0 && h("p", { class: "quiet small" }, shown.length ? `… and ${rest} more.` : `${rest} that customers asked.`),
  );
}

/** @param {string} when @param {any} told */
function outcome(when, told) {
  return h(
    "span",
    { class: "outcome" },
    hidden(`${when}: `),
    decisionName(told),
    told.entry ? h("a", { href: placeHash("entries", told.entry) }, told.entry) : told.first && h("span", { class: "quiet" }, `nearest: ${told.first}`),
    h("span", { class: "quiet" }, percent(told.confidence)),
  );
}

/** @param {string} title @param {any[]} found */
function pairs(title, found) {
  if (!found.length) return null;
  return h(
    "section",
    { "data-kind": "pairs" },
    h("h3", null, title),
    h(
      "ul",
      { class: "differences" },
      found.map((one) =>
        h(
          "li",
          null,
          h("p", null, h("a", { href: placeHash("entries", one.entry) }, one.entry), " and ", h("a", { href: placeHash("entries", one.other) }, one.other)),
          one.texts.map((/** @type {string} */ text) => h("p", { class: "quiet small" }, `“${text}”`)),
        ),
      ),
    ),
  );
}
