// @ts-check
import { openDialog, selectField } from "./dialog.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { showSecret } from "./secret.js";
import { ago, fullTime, now } from "./time.js";

/** @typedef {{id: string, name: string, scopes: string[], created: number, created_by: string, expires: number|null, used: number|null, revoked: number|null}} Key */

/** Keys with which programs use the desk's interface. */
export class ApiKeys {
  id = "keys";
  title = "API keys";
  #list = h("ul", { class: "items", "data-testid": "keys" });
  /** Not before it is known what there is to choose from. */
  #new = h(
    "button",
    { class: "button", type: "button", "data-action": "new", disabled: true, onclick: () => this.#ask() },
    icon("plus"),
    "New key",
  );
  /** @type {string[]} */
  #scopes = [];

  /** @param {import("./api.js").Api} api @param {import("./announcer.js").Announcer} announcer */
  constructor(api, announcer) {
    this.api = api;
    this.announcer = announcer;
  }

  /** @param {HTMLElement} room */
  show(room) {
    fill(
      room,
      h(
        "section",
        { class: "settings-list", "aria-labelledby": "kind-title" },
        h("h3", { id: "kind-title" }, this.title),
        h("p", { class: "quiet" }, "For programs that use the desk. Each can do what its scopes say, and no more."),
        this.#list,
        this.#new,
      ),
    );
    void this.#read();
  }

  async #read() {
    try {
      const { keys, scopes } = await this.api.call("GET", "settings/keys");
      this.#scopes = scopes;
      this.#new.disabled = false;
      fill(
        this.#list,
        keys.map((/** @type {Key} */ key) => this.#row(key)),
      );
      if (!keys.length) fill(this.#list, h("li", { class: "quiet" }, "None yet."));
    } catch (error) {
      fill(this.#list, h("li", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {Key} key */
  #row(key) {
    const over = key.revoked !== null || (key.expires !== null && key.expires < now());
    return h(
      "li",
      { class: "item", "data-over": over, "data-item": key.id },
      h("strong", null, key.name, over && ` · ${key.revoked ? "revoked" : "run out"}`),
      h("span", { class: "small wrap" }, key.scopes.join(", ")),
      h(
        "span",
        { class: "quiet small wrap" },
        key.used ? `used ${ago(key.used)}` : "never used",
        ` · by ${key.created_by}, ${ago(key.created)}`,
        key.expires && !over && ` · until ${fullTime(key.expires)}`,
      ),
      !over &&
        h(
          "p",
          { class: "button-row" },
          h(
            "button",
            { class: "button small", type: "button", "data-action": "revoke", onclick: () => this.#revoke(key) },
            "Revoke",
            hidden(` ${key.name}`),
          ),
        ),
    );
  }

  #ask() {
    openDialog({
      name: "new-key",
      title: "New API key",
      submit: "Make it",
      fields: [
        h(
          "div",
          { class: "field" },
          h("label", { for: "key-name" }, "Name"),
          h("input", { id: "key-name", name: "name", autofocus: true, maxlength: "80", autocomplete: "off" }),
        ),
        h(
          "fieldset",
          { class: "pills" },
          h("legend", null, "What it can do"),
          this.#scopes.map((scope) =>
            h(
              "label",
              { class: "pill" },
              h("input", { type: "checkbox", name: "scope", value: scope }),
              h("span", null, scope),
            ),
          ),
        ),
        selectField("days", "Runs out", [
          { value: "90", label: "After 90 days" },
          { value: "365", label: "After a year" },
          { value: "", label: "Never" },
        ]),
      ],
      run: async (data) => {
        const name = String(data.get("name")).trim();
        const scopes = data.getAll("scope").map(String);
        if (!name) throw new Error("Please give it a name, such as that of the program.");
        if (!scopes.length) throw new Error("Please choose what it can do.");
        const days = data.get("days") ? { days: Number(data.get("days")) } : {};
        const { secret } = await this.api.call("POST", "settings/keys", { name, scopes, ...days });
        await this.#read();
        setTimeout(() => showSecret(`The key “${name}”`, secret));
      },
    });
  }

  /** @param {Key} key */
  #revoke(key) {
    openDialog({
      name: "revoke",
      title: `Revoke “${key.name}”?`,
      text: "Programs that use it are refused from now on.",
      submit: "Revoke it",
      fields: [],
      run: async () => {
        await this.api.call("DELETE", `settings/keys/${encodeURIComponent(key.id)}`);
        this.announcer.toast("Revoked.");
        await this.#read();
      },
    });
  }
}
