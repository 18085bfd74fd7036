// @ts-check
import { Announcer } from "/console/static/announcer.js";
import { Api as Session } from "/console/static/api.js";
import { failedUnseen } from "/console/static/dialog.js";
import { h } from "/console/static/dom.js";
import { icon } from "/console/static/icons.js";
import { SignIn } from "/console/static/sign-in.js";
import { Api } from "./api.js";
import { App } from "./app.js";

const page = /** @type {HTMLElement} */ (document.getElementById("app"));
const session = new Session();
const api = new Api();
const announcer = new Announcer(document.body);
const signIn = new SignIn(session, signedIn);
/** @type {App|null} */
let app = null;

api.expired.on(() => {
  if (!signIn.open) signIn.show("Your session has ended. Sign in again and go on where you were.", app?.user.email);
});
failedUnseen.on((message) => announcer.toast(message, "trouble"));
session.signedOut.on(() => location.reload());
void begin();

async function begin() {
  try {
    const user = await session.session();
    page.querySelector(".start")?.remove();
    if (user) signedIn(user);
    else signIn.show();
  } catch {
    page.querySelector(".start")?.remove();
    const again = h(
      "div",
      { class: "start" },
      icon("warn"),
      h("p", null, "The desk cannot be reached just now."),
      h("button", { class: "button primary", type: "button", onclick: () => (again.remove(), void begin()) }, "Try again"),
    );
    page.append(again);
  }
}

/** @param {any} user */
function signedIn(user) {
  if (app && app.user.id !== user.id) return location.reload();
  signIn.hide();
  if (app) return app.resume();
  if (user.role === "agent") {
    page.replaceChildren(
      h(
        "div",
        { class: "start" },
        icon("lock"),
        h("p", null, "The editor is for editors and administrators. Your answers to customers are in the console."),
        h("a", { class: "button primary", href: "/console" }, "Open the console"),
        h("button", { class: "button", type: "button", onclick: signOut }, "Sign in as somebody else"),
      ),
    );
    return;
  }
  app = new App({ api, user, announcer, signOut });
  page.append(app.element);
  app.start();
}

async function signOut() {
  try {
    // What was typed last is saved by who is still signed in; where that cannot be, the browser asks before the page goes.
    await app?.entry.leave();
    await session.signOut();
  } catch (error) {
    announcer.toast(`You are still signed in. ${/** @type {Error} */ (error).message}`, "trouble");
  }
}
