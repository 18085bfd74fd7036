// @ts-check
import { openDialog } from "/console/static/dialog.js";
import { fill, h } from "/console/static/dom.js";
import { fullTime } from "/console/static/time.js";
import { drawReport } from "./publish.js";

const KINDS = /** @type {{[name: string]: string}} */ ({
  publish: "Published", rollback: "Went back", "set-up": "Taken from the folder", schedule: "By the calendar",
});

/** @param {{snapshot: string, serving: string, at: number}} alarm */
function damaged({ snapshot, serving, at }) {
  const instead = serving ? `Customers get the answers of ${serving} until then.` : "The bot cannot answer until then.";
  return h("p", null, h("strong", null, "What is live is damaged on the disk."), ` ${snapshot} was found damaged at ${fullTime(at)}. Publish again, or go back to another state. ${instead}`);
}

/** Every publication, with what it gained and lost, and the way back to each that is still there. */
export class HistoryPage {
  #list = h("ol", { class: "publications" });
  #status = h("p", { class: "quiet", role: "status" });
  #alarm = h("div", { class: "banner", role: "alert", hidden: true });

  /** @param {any} shared */
  constructor({ api, announcer, changed }) {
    this.api = api;
    this.announcer = announcer;
    this.changed = changed;
    this.element = h(
      "section",
      { class: "pane page-main", "aria-labelledby": "history-head" },
      h("header", { class: "page-head" }, h("div", { class: "grow" }, h("h2", { id: "history-head" }, "What was live"), this.#status)),
      this.#alarm,
      h("div", { class: "scroll" }, this.#list),
    );
  }

  async show() {
    try {
      const { publications, alarm } = await this.api.publications();
      this.#alarm.hidden = !alarm;
      fill(this.#alarm, alarm ? damaged(alarm) : "");
      let serves = false;
      this.#status.textContent = publications.length ? "The newest first. Going back takes effect at once; drafts stay as they are." : "Nothing has been published yet.";
      fill(
        this.#list,
        publications.map((/** @type {any} */ one) => {
          const now = one.serves && !serves;
          serves ||= one.serves;
          return h(
            "li",
            { "data-snapshot": one.snapshot },
            h(
              "div",
              { class: "grow" },
              h("strong", null, fullTime(one.at)),
              now && h("span", { class: "chip", "data-status": "published" }, "Live now"),
              h("p", { class: "quiet small" }, `${KINDS[one.kind] ?? one.kind}${one.by ? ` by ${one.by}` : ""} · ${one.changes} ${one.changes === 1 ? "entry" : "entries"}${one.report ? ` · ${one.report.gained} gained, ${one.report.lost} lost` : ""}`),
              one.override && h("p", { class: "small" }, `In spite of losses: ${one.override}`),
            ),
            one.report && h("button", { class: "button", type: "button", onclick: () => this.#details(one.seq) }, "Details"),
            one.there && !one.serves && h("button", { class: "button", type: "button", "data-action": "rollback", onclick: () => this.#back(one) }, "Go back to this"),
          );
        }),
      );
    } catch (error) {
      this.#status.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {number} seq */
  async #details(seq) {
    try {
      const told = await this.api.publication(seq);
      const kept = h("p", { class: "quiet small" }, "What customers asked is counted here; their words are not kept.");
      const dialog = openDialog({ name: "publication", title: fullTime(told.at), fields: [drawReport(told.report), kept] });
      dialog.classList.add("wide-dialog");
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
  }

  /** @param {any} one */
  #back(one) {
    openDialog({
      name: "rollback",
      title: "Go back to this state?",
      text: `Customers get the answers of ${fullTime(one.at)} again, at once. Your drafts and all versions stay.`,
      fields: [],
      submit: "Go back",
      run: async () => {
        await this.api.rollBack(one.snapshot);
        this.announcer.toast("The earlier state is live.");
        this.changed();
        await this.show();
      },
    });
  }
}
