// @ts-check
import { Alerts } from "./alerts.js";
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { App } from "./app.js";
import { failedUnseen } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Route } from "./route.js";
import { SignIn } from "./sign-in.js";
import { startTicking } from "./time.js";

const page = /** @type {HTMLElement} */ (document.getElementById("app"));
const api = new Api();
const announcer = new Announcer(document.body);
const alerts = new Alerts();
const route = new Route();
const signIn = new SignIn(api, signedIn);
/** @type {App|null} */
let app = null;

startTicking(document);
failedUnseen.on((message) => announcer.toast(message, "trouble"));
api.expired.on(() =>
  lostSession("Your session has ended. Sign in again and go on where you were; your drafts are kept."),
);
api.signedOut.on(leave);
void begin();

async function begin() {
  try {
    const user = await api.session();
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
      h(
        "button",
        {
          class: "button primary",
          type: "button",
          onclick: () => {
            again.remove();
            void begin();
          },
        },
        "Try again",
      ),
    );
    page.append(again);
  }
}

/** @param {import("./types.js").User} user */
function signedIn(user) {
  if (app && app.user.id !== user.id) {
    // Another person at this browser: nothing of the first may stay on the page. Drafts are kept under each one's name.
    leave();
    return;
  }
  const cameIn = signIn.open;
  signIn.hide();
  if (app) {
    app.resume();
    return;
  }
  app = new App({ api, user, route, announcer, alerts, signOut });
  let wasIn = false;
  app.desk.live.state.on((state) => (wasIn ||= state === "live"));
  app.desk.live.refused.on((status) => {
    if (status === 401) api.expired.emit();
    // Their account has another role by now. On a page that begins anew nothing of what was shown stays.
    else if (wasIn) location.reload();
  });
  page.append(app.element);
  app.start();
  if (cameIn) app.list.focusTitle();
}

/** @param {string} notice */
function lostSession(notice) {
  if (!app || signIn.open) return;
  app.stop();
  announcer.title(0);
  signIn.show(notice, app.user.email);
}

async function signOut() {
  try {
    await api.signOut();
  } catch (error) {
    announcer.toast(`You are still signed in. ${/** @type {Error} */ (error).message}`, "trouble");
  }
}

function leave() {
  location.hash = "";
  location.reload();
}
