// @ts-check
import { h, hidden } from "./dom.js";

/** The agent's own menu: alerts, keys, sign-out. */
export class Menu {
  #sound = toggle("sound", "Sound", "A soft note when a customer waits", () => this.#setSound());
  #online = toggle("status", "Online", "New conversations can come to you", () => this.actions.status());
  #dot = h("span", { class: "status-dot", "aria-hidden": "true" });
  #words = hidden("");
  #desktop = toggle("desktop", "Desktop notices", "When this page is out of sight", () => this.#setDesktop());
  #panel;
  element;

  /**
   * @param {import("./types.js").User} user
   * @param {import("./alerts.js").Alerts} alerts
   * @param {import("./announcer.js").Announcer} announcer
   * @param {{setup: import("./setup.js").Setup, status: () => void, keys: () => void, signOut: () => void}} actions
   */
  constructor(user, alerts, announcer, actions) {
    this.actions = actions;
    this.alerts = alerts;
    this.announcer = announcer;
    const close = () => this.#panel.hidePopover();
    this.#panel = h(
      "div",
      { class: "menu-panel", id: "menu", popover: "auto", role: "group", "aria-label": "Your menu" },
      h(
        "p",
        { class: "menu-who" },
        h("strong", null, user.name),
        h("span", { class: "quiet small" }, `${user.email} · ${user.role}`),
      ),
      this.#online,
      this.#sound,
      this.#desktop,
      h(
        "button",
        {
          class: "menu-item",
          type: "button",
          "data-action": "keys",
          onclick: () => {
            close();
            actions.keys();
          },
        },
        "Keyboard shortcuts",
        h("kbd", null, "?"),
      ),
      h(
        "button",
        {
          class: "menu-item",
          type: "button",
          "data-action": "sign-out",
          onclick: () => {
            close();
            actions.signOut();
          },
        },
        "Sign out",
      ),
    );
    this.element = h(
      "div",
      { class: "menu" },
      h(
        "button",
        { class: "avatar", type: "button", popovertarget: "menu", "data-action": "menu" },
        h("span", { "aria-hidden": "true" }, initials(user.name)),
        this.#dot,
        hidden(`Your menu, ${user.name}`),
        this.#words,
      ),
      this.#panel,
    );
    actions.setup.changed.on(() => this.#draw());
    this.#draw();
  }

  #setSound() {
    this.alerts.toggleSound();
    this.#draw();
  }

  async #setDesktop() {
    const trouble = await this.alerts.toggleDesktop();
    if (trouble) this.announcer.toast(trouble, "trouble");
    this.#draw();
  }

  #draw() {
    const away = this.actions.setup.now.me.status === "away";
    this.#online.setAttribute("aria-checked", String(!away));
    this.#dot.dataset.status = away ? "away" : "online";
    this.#words.textContent = away ? ", away" : ", online";
    this.#sound.setAttribute("aria-checked", String(this.alerts.sound));
    this.#desktop.setAttribute("aria-checked", String(this.alerts.desktop));
  }
}

/** @param {string} name @param {string} label @param {string} help @param {() => void} run */
function toggle(name, label, help, run) {
  return h(
    "button",
    { class: "menu-item", type: "button", role: "switch", "aria-checked": "false", "data-toggle": name, onclick: run },
    h("span", null, label, h("span", { class: "quiet small" }, help)),
    h("span", { class: "switch", "aria-hidden": "true" }),
  );
}

/** @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
