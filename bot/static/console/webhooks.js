// @ts-check
import { openDialog } from "./dialog.js";
import { fill, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { showSecret } from "./secret.js";
import { ago, fullTime } from "./time.js";

/** @typedef {{id: string, url: string, events: string[], active: boolean, revision: number, failing_since: number|null, disabled: {at: number, why: string}|null, waiting: number}} Hook */
/** @typedef {{id: string, event: string, conversation: string|null, state: "waiting"|"taken"|"given_up", at: number, tries: number, due: number|null, code: number|null, said: string, ms: number|null}} Delivery */

const STATES = { waiting: "Waiting", taken: "Taken", given_up: "Given up" };

/** Where the desk tells others what happens, and what came of each telling. */
export class Webhooks {
  id = "webhooks";
  title = "Webhooks";
  #list = h("ul", { class: "items", "data-testid": "webhooks" });
  #log = h("div", { class: "settings-form" });
  /** Not before it is known what there is to choose from. */
  #new = h(
    "button",
    { class: "button", type: "button", "data-action": "new", disabled: true, onclick: () => this.#ask(null) },
    icon("plus"),
    "New webhook",
  );
  /** @type {string[]} */
  #events = [];

  /** @param {import("./api.js").Api} api @param {import("./announcer.js").Announcer} announcer */
  constructor(api, announcer) {
    this.api = api;
    this.announcer = announcer;
  }

  /** @param {HTMLElement} room */
  show(room) {
    fill(this.#log);
    fill(
      room,
      h(
        "section",
        { class: "settings-list", "aria-labelledby": "kind-title" },
        h("h3", { id: "kind-title" }, this.title),
        h(
          "p",
          { class: "quiet" },
          "Signed messages to Slack, a ticket system or a warehouse, sent again until they are taken.",
        ),
        this.#list,
        this.#new,
      ),
      this.#log,
    );
    void this.#read();
  }

  async #read() {
    try {
      const { webhooks, events } = await this.api.call("GET", "settings/webhooks");
      this.#events = events;
      this.#new.disabled = false;
      fill(
        this.#list,
        webhooks.map((/** @type {Hook} */ hook) => this.#row(hook)),
      );
      if (!webhooks.length) fill(this.#list, h("li", { class: "quiet" }, "None yet."));
    } catch (error) {
      fill(this.#list, h("li", { class: "form-error" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {Hook} hook */
  #row(hook) {
    const trouble = hook.disabled
      ? `Switched off ${ago(hook.disabled.at)}: ${hook.disabled.why}`
      : hook.failing_since
        ? `Not taken since ${fullTime(hook.failing_since)}`
        : "";
    const button = (/** @type {string} */ action, /** @type {string} */ label, /** @type {() => void} */ run) =>
      h(
        "button",
        { class: "button small", type: "button", "data-action": action, onclick: run },
        label,
        hidden(` ${hook.url}`),
      );
    return h(
      "li",
      { class: "item", "data-item": hook.id },
      h("strong", { class: "wrap" }, hook.url),
      h("span", { class: "small wrap" }, hook.events.join(", ")),
      h(
        "span",
        { class: "quiet small wrap" },
        hook.active ? "On" : "Off",
        hook.waiting > 0 && ` · ${hook.waiting} waiting`,
      ),
      trouble && h("span", { class: "form-error wrap" }, trouble),
      h(
        "p",
        { class: "button-row" },
        button("deliveries", "Deliveries", () => void this.#deliveries(hook)),
        button("test", "Test", () => void this.#test(hook)),
        button("edit", "Edit", () => this.#ask(hook)),
        button("new-secret", "New secret", () => this.#renew(hook)),
        button("remove", "Remove", () => this.#remove(hook)),
      ),
    );
  }

  /**
   * Changes what may have changed meanwhile, as one that is switched off for its failures. Then all is read again, and a
   * second try goes on top of what is there now.
   * @param {Hook} hook @param {() => Promise<any>} call
   */
  async #change(hook, call) {
    try {
      await call();
    } catch (error) {
      const { code, now } = /** @type {any} */ (error);
      if (code === "edited") {
        Object.assign(hook, now);
        await this.#read();
      }
      throw error;
    }
  }

  /** @param {Hook|null} hook */
  #ask(hook) {
    openDialog({
      name: "webhook",
      title: hook ? "Edit the webhook" : "New webhook",
      submit: "Save",
      fields: [
        h(
          "div",
          { class: "field" },
          h("label", { for: "hook-url" }, "Address"),
          h("input", {
            id: "hook-url",
            name: "url",
            type: "url",
            value: hook?.url ?? "",
            autofocus: true,
            placeholder: "https://…",
          }),
        ),
        h(
          "fieldset",
          { class: "pills" },
          h("legend", null, "Tell it of"),
          this.#events.map((event) =>
            h(
              "label",
              { class: "pill" },
              h("input", { type: "checkbox", name: "event", value: event, checked: hook?.events.includes(event) }),
              h("span", null, event),
            ),
          ),
        ),
        h(
          "label",
          { class: "check" },
          h("input", { type: "checkbox", name: "active", checked: hook?.active ?? true }),
          "On",
        ),
      ],
      run: async (data) => {
        const fields = {
          url: String(data.get("url")).trim(),
          events: data.getAll("event").map(String),
          active: data.has("active"),
        };
        if (hook) {
          await this.#change(hook, () =>
            this.api.call("PUT", `settings/webhooks/${hook.id}`, { ...fields, revision: hook.revision }),
          );
          this.announcer.toast("Saved.");
        } else {
          const { secret } = await this.api.call("POST", "settings/webhooks", fields);
          setTimeout(() => showSecret("The secret that signs what is sent", secret));
        }
        await this.#read();
      },
    });
  }

  /** @param {Hook} hook */
  #renew(hook) {
    openDialog({
      name: "renew",
      title: "Make a new secret?",
      text: "The old one ends at once; the receiver has to know the new one.",
      submit: "Make it",
      fields: [],
      run: async () => {
        const { secret } = await this.api.call("POST", `settings/webhooks/${hook.id}/secret`, {});
        setTimeout(() => showSecret("The new secret", secret));
        await this.#read();
      },
    });
  }

  /** @param {Hook} hook */
  #remove(hook) {
    openDialog({
      name: "remove-hook",
      title: "Remove the webhook?",
      text: "Its log of deliveries goes too.",
      submit: "Remove it",
      fields: [],
      run: async () => {
        await this.#change(hook, () =>
          this.api.call("DELETE", `settings/webhooks/${hook.id}?revision=${hook.revision}`),
        );
        fill(this.#log);
        await this.#read();
      },
    });
  }

  /** @param {Hook} hook */
  async #test(hook) {
    // The other side may take its time, up to the courier's patience.
    this.announcer.toast("One moment: the test is on its way.");
    try {
      const { delivery } = await this.api.call("POST", `settings/webhooks/${hook.id}/test`, {});
      const answer = delivery.code ? `it answered ${delivery.code}` : delivery.said || "no answer";
      this.announcer.toast(
        delivery.state === "taken" ? `It works: ${answer}.` : `Not taken: ${answer}.`,
        delivery.state === "taken" ? "info" : "trouble",
      );
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
    await this.#deliveries(hook);
  }

  /** @param {Hook} hook @param {string} [before] */
  async #deliveries(hook, before = "") {
    const place = `settings/webhooks/${hook.id}/deliveries`;
    try {
      const { deliveries, next } = await this.api.call(
        "GET",
        before ? `${place}?before=${encodeURIComponent(before)}` : place,
      );
      fill(
        this.#log,
        h(
          "section",
          { class: "card", "aria-labelledby": "deliveries-title" },
          h("h3", { id: "deliveries-title", tabindex: "-1" }, "Deliveries"),
          h("p", { class: "quiet small wrap" }, hook.url),
          deliveries.length
            ? h(
                "ul",
                { class: "wall-rows", "data-testid": "deliveries" },
                deliveries.map((/** @type {Delivery} */ one) => this.#delivery(hook, one)),
              )
            : h("p", { class: "quiet" }, "Nothing was sent yet."),
          h(
            "p",
            { class: "button-row" },
            h(
              "button",
              { class: "button small", type: "button", onclick: () => void this.#deliveries(hook) },
              "Read again",
            ),
            next &&
              h(
                "button",
                { class: "button small", type: "button", onclick: () => void this.#deliveries(hook, next) },
                "Older",
              ),
          ),
        ),
      );
      /** @type {HTMLElement|null} */ (this.#log.querySelector("h3"))?.focus();
    } catch (error) {
      this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
    }
  }

  /** @param {Hook} hook @param {Delivery} one */
  #delivery(hook, one) {
    const payload = h("pre", { class: "payload", tabindex: "0" });
    const place = `settings/webhooks/${hook.id}/deliveries/${one.id}`;
    return h(
      "li",
      { class: "delivery" },
      h(
        "p",
        { class: "delivery-head" },
        icon(one.state === "taken" ? "check" : one.state === "waiting" ? "clock" : "warn"),
        h("strong", { class: "grow" }, one.event),
        h("span", { class: "small", "data-state": one.state }, STATES[one.state]),
        h("time", { class: "quiet small", title: fullTime(one.at) }, ago(one.at)),
      ),
      h(
        "p",
        { class: "quiet small wrap" },
        [
          `${one.tries} ${one.tries === 1 ? "try" : "tries"}`,
          one.code && `answer ${one.code}`,
          one.ms !== null && `${Math.round(one.ms)} ms`,
          one.said,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      h(
        "details",
        {
          ontoggle: async (/** @type {Event} */ event) => {
            if (payload.textContent || !(/** @type {HTMLDetailsElement} */ (event.target).open)) return;
            const found = await this.api.call("GET", place).catch((error) => ({ payload: error.message }));
            payload.textContent = JSON.stringify(found.payload, null, 2);
          },
        },
        h("summary", { class: "small" }, "What was sent"),
        payload,
      ),
      h(
        "button",
        {
          class: "button small",
          type: "button",
          "data-action": "redeliver",
          onclick: async () => {
            try {
              await this.api.call("POST", `${place}/redeliver`, {});
              this.announcer.toast("It is sent again.");
              await this.#deliveries(hook);
            } catch (error) {
              this.announcer.toast(/** @type {Error} */ (error).message, "trouble");
            }
          },
        },
        "Send again",
        hidden(`: ${one.event}, ${fullTime(one.at)}`),
      ),
    );
  }
}
