// @ts-check
import { ApiError } from "./api.js";
import { fill, h } from "./dom.js";

/**
 * The sign-in form: the first page, and what covers the console when a session has ended.
 *
 *     const form = new SignIn(api, (user) => …);
 *     form.show("Your session has ended.");
 */
export class SignIn {
  #email = h("input", {
    id: "email",
    name: "email",
    type: "email",
    autocomplete: "username",
    required: true,
    autocapitalize: "none",
    spellcheck: "false",
  });
  #password = h("input", {
    id: "password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  #reveal = h(
    "button",
    {
      class: "reveal",
      type: "button",
      "aria-pressed": "false",
      "aria-controls": "password",
      onclick: () => this.#toggle(),
    },
    "Show",
  );
  #submit = h("button", { class: "button primary wide", type: "submit" }, "Sign in");
  #error = h("p", { class: "form-error", role: "alert", id: "sign-in-error" });
  #notice = h("p", { class: "form-notice", role: "status" });
  // A modal dialog that fills the page: what was open beneath it, a half-written note too, is there again.
  element = h(
    "dialog",
    {
      class: "sign-in",
      "data-view": "sign-in",
      "aria-labelledby": "sign-in-title",
      oncancel: (/** @type {Event} */ event) => event.preventDefault(),
      onclose: () => this.#needed && this.element.showModal(),
    },
    h(
      "form",
      {
        class: "sign-in-card",
        method: "post",
        novalidate: true,
        onsubmit: (/** @type {Event} */ event) => this.#send(event),
      },
      h(
        "div",
        { class: "brand" },
        h("span", { class: "brand-mark", "aria-hidden": "true" }),
        h("span", null, "Frontdesk"),
      ),
      h("h1", { id: "sign-in-title" }, "Good to see you"),
      h("p", { class: "quiet" }, "Sign in to look after your customers."),
      this.#notice,
      h("label", { for: "email" }, "Email"),
      this.#email,
      h("label", { for: "password" }, "Password"),
      h("div", { class: "with-reveal" }, this.#password, this.#reveal),
      this.#error,
      this.#submit,
    ),
  );

  /** Escape pressed twice closes any dialog; this one opens again while nobody is signed in. */
  #needed = false;

  /** @param {import("./api.js").Api} api @param {(user: import("./types.js").User) => void} signedIn */
  constructor(api, signedIn) {
    this.api = api;
    this.signedIn = signedIn;
  }

  /** @param {string} [notice] @param {string} [email] */
  show(notice = "", email = "") {
    this.#needed = true;
    if (!this.element.isConnected) document.body.append(this.element);
    if (!this.element.open) this.element.showModal();
    this.#notice.textContent = notice;
    this.#fail("");
    if (email) this.#email.value = email;
    (this.#email.value ? this.#password : this.#email).focus();
  }

  get open() {
    return this.element.open;
  }

  hide() {
    this.#needed = false;
    this.element.close();
    this.element.remove();
    this.#password.value = "";
  }

  #toggle() {
    const show = this.#password.type === "password";
    this.#password.type = show ? "text" : "password";
    this.#reveal.setAttribute("aria-pressed", String(show));
    this.#reveal.textContent = show ? "Hide" : "Show";
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    const empty = [this.#email, this.#password].find((input) => !input.value.trim());
    if (empty)
      return this.#fail(empty === this.#email ? "Please enter your email." : "Please enter your password.", empty);
    this.#fail("");
    this.#busy(true);
    try {
      this.signedIn(await this.api.signIn(this.#email.value.trim(), this.#password.value));
    } catch (error) {
      const failure = /** @type {ApiError} */ (error);
      if (failure.status === 401) this.#fail("That email and password do not match. Please try again.", this.#password);
      else if (failure.status === 429)
        this.#fail("Too many attempts. Please wait a minute and try again.", this.#password);
      else this.#fail(failure.message, this.#password);
    } finally {
      this.#busy(false);
    }
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#submit.disabled = busy;
    fill(this.#submit, busy ? "Signing in…" : "Sign in");
  }

  /** @param {string} message @param {HTMLInputElement} [input] the field to go to */
  #fail(message, input) {
    this.#error.textContent = message;
    for (const field of [this.#email, this.#password]) {
      field.toggleAttribute("aria-invalid", false);
      field.removeAttribute("aria-describedby");
    }
    if (!input) return;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "sign-in-error");
    // A disabled button may have just lost the focus; the field takes it when the page has settled.
    setTimeout(() => {
      input.focus();
      input.select();
    });
  }
}
