// @ts-check
import { ApiKeys } from "./api-keys.js";
import { showConflict } from "./conflict.js";
import { openDialog } from "./dialog.js";
import { fill, h, hidden } from "./dom.js";
import { control } from "./form.js";
import { icon } from "./icons.js";
import { KINDS } from "./kinds.js";
import { pageHash } from "./route.js";
import { Webhooks } from "./webhooks.js";

/** @typedef {import("./kinds.js").Kind} Kind */
/** @typedef {{id: string, revision?: number, [field: string]: unknown}} Item */

/** The supervisors' settings: a section each for teams, agents, hours, canned replies, macros, keys and webhooks. */
export class SettingsPage {
  #title = h("h2", { tabindex: "-1" }, "Settings");
  #nav = h("ul", { class: "section-list" });
  #body = h("div", { class: "settings-body" });
  element = h(
    "main",
    { class: "page-pane settings", hidden: true },
    h("header", { class: "page-head" }, this.#title),
    h("div", { class: "settings-columns" }, h("nav", { "aria-label": "Settings" }, this.#nav), this.#body),
  );
  /** @type {Kind|undefined} */
  #kind;
  /** What is edited; an item without id is new. @type {Item|null} */
  #item = null;
  #form = h("div", { class: "settings-form" });
  #list = h("ul", { class: "items", "data-testid": "items" });
  #section = "";
  /** Whether something stands in the form that is saved nowhere. */
  #dirty = () => false;

  /**
   * @param {import("./desk.js").Desk} desk @param {import("./announcer.js").Announcer} announcer
   * @param {import("./route.js").Route} route
   */
  constructor(desk, announcer, route) {
    this.desk = desk;
    this.announcer = announcer;
    this.route = route;
    this.others = [new ApiKeys(desk.api, announcer), new Webhooks(desk.api, announcer)];
    // A form that somebody works in is left alone: what others change there is told when it is saved.
    desk.setup.changed.on(() => !this.element.hidden && this.#drawList());
    addEventListener("beforeunload", (event) => this.#dirty() && event.preventDefault());
  }

  /** @param {string|null} section null hides the page */
  show(section) {
    this.element.hidden = section === null;
    // The form is still there when one comes back from another page.
    if (section === null || section === this.#section) return;
    this.#leaving(
      () => this.#show(section),
      () => this.route.open("settings", this.#section),
    );
  }

  /** @param {string} section */
  #show(section) {
    this.#section = section;
    const other = this.others.find(({ id }) => id === section);
    this.#kind = other ? undefined : (KINDS.find(({ id }) => id === section) ?? KINDS[0]);
    const chosen = other ?? /** @type {Kind} */ (this.#kind);
    this.#clear();
    fill(
      this.#nav,
      [...KINDS, ...this.others].map(({ id, title }) =>
        h(
          "li",
          null,
          h("a", { href: pageHash("settings", id), "aria-current": id === chosen.id ? "page" : null }, title),
        ),
      ),
    );
    if (this.#kind) this.#drawKind(this.#kind);
    else other?.show(this.#body);
  }

  focus() {
    this.#title.focus();
  }

  /** @param {Kind} kind */
  #drawKind(kind) {
    fill(
      this.#body,
      h(
        "section",
        { class: "settings-list", "aria-labelledby": "kind-title" },
        h("h3", { id: "kind-title" }, kind.title),
        h("p", { class: "quiet" }, kind.about),
        this.#list,
        !kind.fixed &&
          h(
            "button",
            { class: "button", type: "button", "data-action": "new", onclick: () => this.#open({ id: "" }) },
            icon("plus"),
            `New ${kind.one}`,
          ),
      ),
      this.#form,
    );
    this.#drawList();
  }

  /** @returns {Item[]} */
  get #items() {
    return /** @type {any} */ (this.desk.setup.now)[this.#kind?.id ?? ""] ?? [];
  }

  #drawList() {
    const kind = this.#kind;
    if (!kind) return;
    const focused = this.#list.contains(document.activeElement) && document.activeElement?.getAttribute("data-item");
    fill(
      this.#list,
      this.#items.map((item) => {
        const [name, detail] = kind.row(item, this.desk.setup.now);
        return h(
          "li",
          null,
          h(
            "button",
            {
              class: "item",
              type: "button",
              "data-item": item.id,
              "aria-current": item.id === this.#item?.id ? "true" : null,
              onclick: () => this.#open(item),
            },
            h("strong", null, name),
            h("span", { class: "quiet small" }, detail),
          ),
        );
      }),
    );
    if (!this.#items.length) fill(this.#list, h("li", { class: "quiet" }, "None yet."));
    if (focused) this.#row(focused)?.focus();
  }

  /** @param {string} id @returns {HTMLElement|null} */
  #row(id) {
    return this.#list.querySelector(`[data-item="${CSS.escape(id)}"]`);
  }

  /** Asks before what somebody typed is lost. @param {() => void} go @param {() => void} [stay] */
  #leaving(go, stay) {
    if (!this.#dirty()) return go();
    let left = false;
    openDialog({
      name: "unsaved",
      title: "Leave without saving?",
      text: "What you changed in this form is not saved yet.",
      submit: "Leave",
      fields: [],
      run: () => {
        left = true;
      },
    }).addEventListener("close", () => (left ? go() : stay?.()));
  }

  /** @param {Item} item */
  #open(item) {
    if (item.id && item.id === this.#item?.id && this.#dirty()) return;
    this.#leaving(() => this.#edit(item));
  }

  #clear() {
    this.#item = null;
    this.#dirty = () => false;
    fill(this.#form);
  }

  /** @param {Item} item as it was read @param {Item} [shown] what the fields show, if something else */
  #edit(item, shown = item) {
    const kind = /** @type {Kind} */ (this.#kind);
    this.#item = item;
    const controls = kind.fields.map((field) => ({ field, ...control(field, shown[field.name], this.desk.setup.now) }));
    const error = h("p", { class: "form-error", role: "alert" });
    const save = h("button", { class: "button primary", type: "submit" }, icon("check"), "Save");
    const read = () => Object.fromEntries(controls.map(({ field, read }) => [field.name, read()]));
    const standing = () => {
      try {
        return JSON.stringify(read());
      } catch {
        return "not to be read";
      }
    };
    const before = shown === item ? standing() : "";
    this.#dirty = () => form.isConnected && !save.disabled && standing() !== before;
    const form = h(
      "form",
      {
        class: "card",
        novalidate: true,
        "aria-labelledby": "form-title",
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          if (save.disabled) return;
          error.textContent = "";
          save.disabled = true;
          try {
            const fields = read();
            if (fields.tier) fields.tier = Number(fields.tier);
            await this.#save(item, fields);
          } catch (failure) {
            error.textContent = /** @type {Error} */ (failure).message;
            if (!form.isConnected) this.announcer.toast(error.textContent, "trouble");
            const { field } = /** @type {any} */ (failure);
            if (field) /** @type {HTMLElement|null} */ (form.querySelector(`[name="${CSS.escape(field)}"]`))?.focus();
          } finally {
            save.disabled = false;
          }
        },
      },
      h("h3", { id: "form-title" }, item.id ? kind.row(item, this.desk.setup.now)[0] : `New ${kind.one}`),
      controls.map(({ element }) => element),
      error,
      h(
        "footer",
        { class: "dialog-foot" },
        item.id &&
          !kind.fixed &&
          h(
            "button",
            {
              class: "button danger",
              type: "button",
              "data-action": "remove",
              onclick: () => this.#remove(item, error),
            },
            "Remove",
            hidden(` ${kind.row(item, this.desk.setup.now)[0]}`),
          ),
        h("button", { class: "button", type: "button", onclick: () => this.#leave(item) }, "Cancel"),
        save,
      ),
    );
    fill(this.#form, form);
    this.#drawList();
    const first = form.querySelector("input, textarea, select");
    if (first instanceof HTMLElement) first.focus();
  }

  /** Closes an item's form, unless another was opened since. @param {Item} item */
  #leave(item) {
    if (this.#item !== item) return;
    this.#clear();
    this.#drawList();
    const row = this.#row(item.id) ?? this.#body.querySelector("[data-action=new]");
    if (row instanceof HTMLElement) row.focus();
  }

  /** @param {Item} item @param {Item["fields"]} fields */
  async #save(item, fields) {
    const kind = /** @type {Kind} */ (this.#kind);
    const { api } = this.desk;
    try {
      if (!item.id) await api.call("POST", `settings/${kind.id}`, /** @type {object} */ (fields));
      else
        await api.call(
          "PUT",
          `settings/${kind.id}/${encodeURIComponent(item.id)}`,
          kind.fixed
            ? rebased(fields, item, this.#items.find(({ id }) => id === item.id) ?? item)
            : { .../** @type {object} */ (fields), revision: item.revision },
        );
    } catch (error) {
      const { code, now } = /** @type {any} */ (error);
      if (code !== "edited") throw error;
      await this.desk.setup.load();
      const mine = { ...item, .../** @type {object} */ (fields) };
      showConflict(kind, now, mine, this.desk.setup.now, {
        theirs: () => (now ? this.#edit(now) : this.#leave(item)),
        mine: () => this.#edit(now ? { ...now, id: item.id } : { id: "" }, mine),
      });
      return;
    }
    await this.desk.setup.load();
    this.announcer.toast("Saved.");
    this.#leave(item);
  }

  /** @param {Item} item @param {HTMLElement} error */
  async #remove(item, error) {
    const kind = /** @type {Kind} */ (this.#kind);
    try {
      await this.desk.api.call(
        "DELETE",
        `settings/${kind.id}/${encodeURIComponent(item.id)}?revision=${item.revision}`,
      );
      await this.desk.setup.load();
      this.announcer.toast("Removed.");
      this.#leave(item);
    } catch (failure) {
      error.textContent = /** @type {Error} */ (failure).message;
    }
  }
}

/**
 * What was changed in a form, on top of what others have saved meanwhile: an agent's settings have no revision.
 * @param {any} mine @param {any} before as the form was opened @param {any} now
 */
function rebased(mine, before, now) {
  const fields = Object.keys(mine).map((name) => {
    const [is, was, will] = [now[name], before[name], mine[name]];
    if (!Array.isArray(will)) return [name, will === was ? is : will];
    const kept = is.filter((/** @type {string} */ one) => will.includes(one) || !was.includes(one));
    return [name, [...new Set([...kept, ...will.filter((one) => !was.includes(one))])]];
  });
  return Object.fromEntries(fields);
}
