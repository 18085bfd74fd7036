// @ts-check
import { read, write } from "./storage.js";

/** Sound and desktop notices: both off until the agent asks for them. */
export class Alerts {
  sound = read("local", "alerts.sound", false);
  desktop = read("local", "alerts.desktop", false) && "Notification" in window && Notification.permission === "granted";
  /** @type {AudioContext|null} */
  #audio = null;

  constructor() {
    // Browsers let a page sound only after somebody touched it.
    addEventListener("pointerdown", () => this.sound && this.#wake(), { once: true });
    addEventListener("keydown", () => this.sound && this.#wake(), { once: true });
  }

  toggleSound() {
    this.sound = !this.sound;
    write("local", "alerts.sound", this.sound);
    if (this.sound) {
      this.#wake();
      this.beep();
    }
  }

  /** @returns {Promise<string>} why it could not be switched on, or an empty text */
  async toggleDesktop() {
    if (this.desktop) {
      this.#setDesktop(false);
      return "";
    }
    if (!("Notification" in window)) return "This browser has no desktop notices.";
    const permission = await Notification.requestPermission();
    this.#setDesktop(permission === "granted");
    return this.desktop
      ? ""
      : "The browser does not allow notices from this site. You can change that in its site settings.";
  }

  /** Two soft notes. */
  beep() {
    if (!this.sound || !this.#audio) return;
    const audio = this.#audio;
    [660, 880].forEach((pitch, index) => {
      const start = audio.currentTime + index * 0.14;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.32);
    });
  }

  /**
   * Only while the page is out of sight; otherwise the page itself shows it.
   * @param {string} title
   * @param {string} body
   * @param {() => void} clicked
   */
  notify(title, body, clicked) {
    if (!this.desktop || !document.hidden) return;
    try {
      // One notice at a time; without `renotify` a later one would take the place of the first unseen.
      const about = { body, tag: "frontdesk", renotify: true, icon: "/console/static/icon.svg" };
      const notice = new Notification(title, about);
      notice.addEventListener("click", () => {
        window.focus();
        clicked();
        notice.close();
      });
    } catch {
      // Some mobile browsers have the name but not the constructor.
    }
  }

  /** @param {boolean} on */
  #setDesktop(on) {
    this.desktop = on;
    write("local", "alerts.desktop", on);
  }

  #wake() {
    this.#audio ??= new AudioContext();
    void this.#audio.resume();
  }
}
