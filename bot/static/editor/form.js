// @ts-check
import { fill, h, hidden } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";

const SUGGEST_MS = 200;
const LISTS = ["phrasings", "tests"];

/** The fields of an entry. */
export class Form {
  /** @type {import("./api.js").Api|null} */
  api = null;
  /** @type {import("/console/static/announcer.js").Announcer|null} */
  announcer = null;
  id = "";
  /** Counts the entries that were opened: a picture belongs to the one that it was put into. */
  #opened = 0;
  /** The id of the entry that this one translates, or empty. */
  #original = "";
  #inputs;
  #error = h("p", { class: "form-error", role: "alert", id: "field-error" });
  /** @type {HTMLInputElement} */
  #picker = h("input", {
    type: "file",
    hidden: true,
    accept: "image/png,image/jpeg,image/gif,image/webp",
    multiple: true,
    "aria-label": "Pictures to put in",
    onchange: () => {
      void this.#pictures([...(this.#picker.files ?? [])]);
      this.#picker.value = "";
    },
  });
  /** @type {{id: string, question: string}[]} */
  #related = [];
  #relatedList = h("ul", { class: "picked" });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {() => void} touched */
  constructor(touched) {
    this.touched = touched;
    const area = (/** @type {string} */ name, /** @type {number} */ rows, /** @type {string} */ help) =>
      h("textarea", { id: `f-${name}`, name, rows: String(rows), class: "input", "aria-describedby": `h-${name}`, oninput: (/** @type {Event} */ e) => (grow(/** @type {HTMLTextAreaElement} */ (e.target)), touched()), "data-help": help });
    const line = (/** @type {string} */ name, /** @type {object} */ more = {}) =>
      h("input", { id: `f-${name}`, name, class: "input", oninput: touched, ...more });
    const choice = (/** @type {string} */ name, /** @type {[string, string][]} */ options) =>
      h("select", { id: `f-${name}`, name, class: "input", onchange: touched }, options.map(([value, text]) => h("option", { value }, text)));
    this.#inputs = /** @type {{[name: string]: HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement}} */ ({
      question: area("question", 1, "A whole question, as it stands on buttons."),
      answer: area("answer", 8, "What the bot says, word for word. Markdown: **bold**, lists, [links](https://…)."),
      phrasings: area("phrasings", 4, "How customers put it, one a line: short, in their words, typing errors and all. Five to ten."),
      tests: area("tests", 3, "Real questions that this entry answers, one a line. The index never sees them; each publish is measured with them."),
      category: line("category", { maxlength: "80" }),
      owner: line("owner", { maxlength: "100" }),
      language: line("language", { maxlength: "32", placeholder: "the shop’s own" }),
      audience: choice("audience", [["everyone", "Everyone"], ["verified", "Verified customers"], ["agents", "Agents only"]]),
      valid_from: line("valid_from", { type: "date" }),
      valid_until: line("valid_until", { type: "date" }),
      task: choice("task", [["", "None"]]),
    });
    this.element = h(
      "form",
      { class: "fields", novalidate: true, onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      this.#error,
      this.#field("question", "Question"),
      h("div", { class: "field" }, h("label", { for: "f-answer" }, "Answer"), this.#tools(), this.#inputs.answer, this.#help("answer")),
      this.#field("phrasings", "How customers put it"),
      this.#field("tests", "Test questions"),
      h(
        "details",
        { class: "more", open: matchMedia("(min-width: 720px)").matches },
        h("summary", null, "Who, when and where it belongs"),
        h(
          "div",
          { class: "grid" },
          this.#field("category", "Category"),
          this.#field("audience", "Who may see it"),
          this.#field("valid_from", "Valid from"),
          this.#field("valid_until", "Valid until"),
          this.#field("owner", "Owner"),
          this.#field("language", "Language"),
          this.#field("task", "Task it starts"),
        ),
        this.#relatedField(),
      ),
    );
  }

  focus() {
    this.#inputs.question.focus();
  }

  /** The tasks that there are. @param {string[]} tasks */
  offer(tasks) {
    const chosen = this.#inputs.task.value;
    fill(this.#inputs.task, ["", ...tasks].map((name) => h("option", { value: name }, name ? readable(name) : "None")));
    this.#choose(chosen);
  }

  /** One that is none of today's is kept, so that opening an entry changes nothing. @param {string} task */
  #choose(task) {
    const select = /** @type {HTMLSelectElement} */ (this.#inputs.task);
    if (![...select.options].some((option) => option.value === task)) select.append(h("option", { value: task }, readable(task)));
    select.value = task;
  }

  /** Opens an entry. @param {any} fields */
  open(fields) {
    this.#opened++;
    this.set(fields);
  }

  /** @param {any} fields */
  set(fields) {
    this.id = fields.id ?? "";
    this.#choose(fields.task ?? "");
    this.#original = fields.translation_of ?? "";
    this.element.classList.toggle("is-translation", Boolean(this.#original));
    for (const name of ["question", "answer", ...LISTS]) this.#inputs[name].lang = fields.language || "";
    for (const [name, input] of Object.entries(this.#inputs)) {
      const value = fields[name] ?? (name === "audience" ? "everyone" : "");
      input.value = LISTS.includes(name) && Array.isArray(value) ? value.join("\n") : value;
      if (input instanceof HTMLTextAreaElement) requestAnimationFrame(() => grow(input));
    }
    this.#related = (fields.related ?? []).map((/** @type {string} */ id) => ({ id, question: id }));
    this.#drawRelated();
    this.mark("");
    for (const one of this.#related)
      void this.api?.entry(one.id).then((kept) => ((one.question = kept.question), this.#drawRelated()), () => {});
  }

  /** Puts a plain text into the answer. @param {string} text */
  answer(text) {
    const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
    answer.select();
    this.#insert(text.replace(/([\\`*[\]<])/g, "\\$1"));
  }

  /** Puts a value into one field. @param {string} name @param {any} value */
  put(name, value) {
    this.set({ ...this.fields(), [name]: value });
    this.touched();
  }

  fields() {
    /** @type {{[name: string]: any}} */
    const found = { id: this.id, translation_of: this.#original };
    for (const [name, input] of Object.entries(this.#inputs))
      found[name] = LISTS.includes(name)
        ? [...new Set(input.value.split("\n").map((line) => line.trim()).filter(Boolean))]
        : input.value.trim();
    found.related = this.#related.map((one) => one.id);
    return found;
  }

  /** The field with what the browser cannot read, such as half a date; its value would count as none. Else empty. */
  get unreadable() {
    return Object.keys(this.#inputs).find((name) => this.#inputs[name].validity.badInput) ?? "";
  }

  /** Says what is wrong with a field, and goes there. @param {string} name @param {string} [why] */
  mark(name, why = "") {
    this.#error.textContent = why;
    for (const [one, input] of Object.entries(this.#inputs)) {
      if (one === name) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
      } else input.removeAttribute("aria-invalid");
    }
  }

  /** @param {string} name @param {string} label */
  #field(name, label) {
    return h("div", { class: "field", "data-field": name }, h("label", { for: `f-${name}` }, label), this.#inputs[name], this.#help(name));
  }

  /** @param {string} name */
  #help(name) {
    const help = this.#inputs[name].dataset.help;
    return help ? h("p", { class: "quiet small", id: `h-${name}` }, help) : null;
  }

  #tools() {
    const tool = (/** @type {string} */ label, /** @type {Node|string} */ face, /** @type {() => void} */ run, /** @type {string} */ keys = "") =>
      h("button", { class: "tool", type: "button", "aria-label": label, title: keys ? `${label} (${keys})` : label, onclick: run }, face);
    this.#inputs.answer.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
      const run = /** @type {{[key: string]: () => void}} */ ({ b: () => this.#wrap("**", "**"), i: () => this.#wrap("*", "*"), k: () => this.#link() })[key];
      if (!(ctrlKey || metaKey) || !run) return;
      event.preventDefault();
      run();
    });
    for (const name of ["paste", "drop"])
      this.#inputs.answer.addEventListener(name, (event) => {
        const told = event instanceof DragEvent ? event.dataTransfer : /** @type {ClipboardEvent} */ (event).clipboardData;
        const pictures = [...(told?.files ?? [])].filter((file) => file.type.startsWith("image/"));
        if (!pictures.length) return;
        event.preventDefault();
        void this.#pictures(pictures);
      });
    return h(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Format" },
      tool("Bold", h("strong", null, "B"), () => this.#wrap("**", "**"), "Ctrl B"),
      tool("Italic", h("em", null, "I"), () => this.#wrap("*", "*"), "Ctrl I"),
      tool("Link", "Link", () => this.#link(), "Ctrl K"),
      tool("List", "• List", () => this.#lines("- ")),
      tool("Numbered list", "1. Steps", () => this.#lines("1. ")),
      tool("Picture", "Picture", () => this.#picker.click()),
      this.#picker,
    );
  }

  /** Through the browser's own editing, so that its undo takes it back. @param {string} text */
  #insert(text) {
    const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
    answer.focus();
    // While another part of the editor is shown the focus is there.
    if (document.activeElement !== answer || !document.execCommand("insertText", false, text)) answer.setRangeText(text, answer.selectionStart, answer.selectionEnd, "end");
    grow(answer);
    this.touched();
  }

  /** Puts pictures in; what each shows is for its editor to say, so the cursor waits there. @param {Iterable<File>} files */
  async #pictures(files) {
    const opened = this.#opened;
    /** @type {string[]} */
    const put = [];
    let trouble = "";
    for (const file of files)
      await this.api?.picture(file).then(({ address }) => put.push(`![](${address})`), (error) => (trouble = error.message));
    if (opened !== this.#opened) return this.announcer?.toast("A picture was not put in: its entry was left before it had arrived.", "trouble");
    if (put.length) {
      const text = put.join("\n\n");
      this.#insert(text);
      const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
      const place = answer.selectionEnd - text.length + "![".length;
      answer.setSelectionRange(place, place);
    }
    this.mark("answer", trouble || "Say in the brackets what each picture shows, for those who cannot see it.");
  }

  /** @param {string} left @param {string} right */
  #wrap(left, right) {
    const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
    const { selectionStart: from, selectionEnd: to } = answer;
    const chosen = answer.value.slice(from, to) || "text";
    this.#insert(`${left}${chosen}${right}`);
    answer.setSelectionRange(from + left.length, from + left.length + chosen.length);
  }

  #link() {
    const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
    const from = answer.selectionStart;
    const chosen = answer.value.slice(from, answer.selectionEnd) || "link text";
    this.#insert(`[${chosen}](https://)`);
    answer.setSelectionRange(from + chosen.length + 3, from + chosen.length + 11);
  }

  /** @param {string} mark */
  #lines(mark) {
    const answer = /** @type {HTMLTextAreaElement} */ (this.#inputs.answer);
    const from = answer.value.lastIndexOf("\n", answer.selectionStart - 1) + 1;
    const lines = answer.value.slice(from, answer.selectionEnd).split("\n");
    answer.setSelectionRange(from, answer.selectionEnd);
    this.#insert(lines.map((line) => (line.startsWith(mark) ? line.slice(mark.length) : mark + line)).join("\n"));
  }

  #relatedField() {
    const options = h("datalist", { id: "related-options" });
    const input = h("input", {
      class: "input",
      id: "f-related",
      list: "related-options",
      placeholder: "Search an entry to offer as a button",
      autocomplete: "off",
      oninput: () => {
        clearTimeout(this.#timer);
        const chosen = [...options.children].find((option) => /** @type {HTMLOptionElement} */ (option).value === input.value);
        if (chosen) {
          this.#related.push({ id: /** @type {HTMLElement} */ (chosen).dataset.id ?? "", question: input.value });
          input.value = "";
          this.#drawRelated();
          this.touched();
          return;
        }
        this.#timer = setTimeout(async () => {
          const found = await this.api?.entries({ search: input.value }).catch(() => null);
          const taken = new Set([this.id, ...this.#related.map((one) => one.id)]);
          if (found)
            fill(
              options,
              found.entries
                .filter((/** @type {any} */ row) => !taken.has(row.id))
                .slice(0, 12)
                .map((/** @type {any} */ row) => h("option", { value: row.question, "data-id": row.id })),
            );
        }, SUGGEST_MS);
      },
    });
    return h(
      "div",
      { class: "field", "data-field": "related" },
      h("label", { for: "f-related" }, "Related entries"),
      this.#relatedList,
      input,
      options,
      h("p", { class: "quiet small" }, "The first two stand as buttons under the answer."),
    );
  }

  #drawRelated() {
    fill(
      this.#relatedList,
      this.#related.map((one, index) =>
        h(
          "li",
          { class: "pick" },
          h("span", null, one.question),
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              onclick: () => {
                this.#related.splice(index, 1);
                this.#drawRelated();
                // The button that was pressed is gone.
                const next = this.#relatedList.querySelectorAll("button")[index] ?? this.element.querySelector("#f-related");
                /** @type {HTMLElement} */ (next).focus();
                this.touched();
              },
            },
            icon("close"),
            hidden(`Remove ${one.question}`),
          ),
        ),
      ),
    );
  }
}

/** The name of a task as people read it. @param {string} name */
function readable(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** As high as its text. @param {HTMLTextAreaElement} area */
function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, 900)}px`;
}
