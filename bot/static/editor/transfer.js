// @ts-check
import { fill, h } from "/console/static/dom.js";
import { FolderCard } from "./folder.js";

/** Entries from files, into files and in step with a folder of them; an import is shown before anything is taken. */
export class TransferPage {
  #file = h("input", { type: "file", id: "import-file", accept: ".csv,.tsv,.xlsx,.json,.jsonl,.ndjson,.md,.html,.htm,.xml,.zip", onchange: () => this.#read() });
  #only = h("input", { type: "checkbox", onchange: () => this.#read() });
  #out = h("div", { class: "report", "aria-live": "polite" });
  /** Counts the readings: a report stands for the file and the tick that it was made with. */
  #asked = 0;

  /** @param {any} shared */
  constructor({ api, announcer, route, changed }) {
    this.folder = new FolderCard({ api, changed });
    this.api = api;
    this.announcer = announcer;
    this.route = route;
    this.changed = changed;
    const take = (/** @type {string} */ format, /** @type {string} */ name) =>
      h("a", { class: "button", href: `/api/editor/export?format=${format}`, download: "" }, name);
    const files = [take("csv", "CSV"), take("json", "JSON"), take("md", "Markdown (zip)")];
    const drafts = h("input", {
      type: "checkbox",
      onchange: () => files.forEach((link) => (link.href = link.href.replace(/&drafts=1$/, "") + (drafts.checked ? "&drafts=1" : ""))),
    });
    this.element = h(
      "section",
      { class: "pane page-main", "aria-labelledby": "transfer-head" },
      h("header", { class: "page-head" }, h("h2", { id: "transfer-head" }, "Import & export")),
      h(
        "div",
        { class: "scroll transfer" },
        h(
          "section",
          { class: "card" },
          h("h3", null, "Import"),
          h("p", { class: "quiet" }, "CSV, Excel, JSON, JSON lines, Markdown (one file or a folder in a zip), a saved FAQ page, or an export of Zendesk Guide, Intercom or Chatwoot. You see what would be taken first."),
          h("label", { for: "import-file" }, "File"),
          this.#file,
          h("label", { class: "check" }, this.#only, "This is the whole knowledge base: archive every other entry, and follow the Markdown folder no more"),
          this.#out,
        ),
        h(
          "section",
          { class: "card" },
          h("h3", null, "Export"),
          h("p", { class: "quiet" }, "All entries that are ready or live; of one with a draft, what is live. An import of the file gives the same entries again. Where there are pictures, the file is a zip with them."),
          h("label", { class: "check" }, drafts, "Drafts too; an import of the file makes them ready to publish"),
          h("div", { class: "try-buttons" }, files),
        ),
        this.folder.element,
      ),
    );
  }

  show() {
    void this.folder.show();
  }

  /** Says what an import would do. */
  async #read() {
    const asked = ++this.#asked;
    const file = this.#file.files?.[0];
    const only = this.#only.checked;
    if (!file) return fill(this.#out);
    fill(this.#out, working("Reading…"));
    try {
      const told = await this.api.import(file, { commit: false, only });
      if (asked === this.#asked) this.#draw(told, () => this.#take(file, only));
    } catch (error) {
      if (asked === this.#asked) fill(this.#out, failure(error), h("p", { class: "quiet small" }, "Nothing was taken."));
    }
  }

  /** @param {any} told @param {() => void} take */
  #draw(told, take) {
    fill(
      this.#out,
      h("p", null, h("strong", null, `${told.total.toLocaleString("en-GB")} entries`), `: ${told.new} new, ${told.changed} changed, ${told.same} as they are${told.archived ? `, and ${told.archived} others would be archived` : ""}.${told.pictures ? ` ${told.pictures} ${told.pictures === 1 ? "picture comes" : "pictures come"} along.` : ""}`),
      told.warnings.length > 0 && h("ul", { class: "plain small" }, told.warnings.map((/** @type {string} */ one) => h("li", null, one))),
      h(
        "table",
        { class: "sample" },
        h("thead", null, h("tr", null, ["Question", "Answer", "Category"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null, told.sample.map((/** @type {any} */ one) => h("tr", null, [one.question, one.answer, one.category].map((cell) => h("td", null, cell))))),
      ),
      told.total > told.sample.length && h("p", { class: "quiet small" }, `The first ${told.sample.length} are shown.`),
      h("button", { class: "button primary", type: "button", "data-action": "import", disabled: !(told.new + told.changed + told.archived), onclick: take }, "Import as ready to publish"),
    );
  }

  /** Takes in what the report told of. @param {File} file @param {boolean} only */
  async #take(file, only) {
    this.#file.disabled = this.#only.disabled = true;
    fill(this.#out, working("Importing…"));
    try {
      const told = await this.api.import(file, { commit: true, only });
      this.announcer.toast(`${told.new} new, ${told.changed} changed. They are ready to publish.`);
      this.changed();
      this.#file.value = "";
      fill(this.#out);
      // Whoever has gone elsewhere meanwhile is not called away.
      if (this.route.place.page === "transfer") this.route.go("publish");
    } catch (error) {
      const { lost, transient } = /** @type {any} */ (error);
      const then = lost || transient ? "Whether the file was taken is not known. Look under Publish before you import it again." : "Nothing was taken.";
      fill(this.#out, failure(error), h("p", { class: "quiet small" }, then));
    } finally {
      this.#file.disabled = this.#only.disabled = false;
    }
  }
}

/** @param {string} what */
function working(what) {
  return h("p", { class: "quiet" }, h("span", { class: "spinner", "aria-hidden": "true" }), ` ${what}`);
}

/** @param {unknown} error */
function failure(error) {
  return h("p", { class: "form-error", role: "alert" }, /** @type {Error} */ (error).message);
}
