// @ts-check

/** What the picker of the composer offers. */

/** @typedef {import("./picker.js").Source} Source */

/**
 * Canned replies behind a `/`.
 * @param {import("./setup.js").Setup} setup
 * @param {{when: () => boolean, team: () => string|null|undefined, take: (text: string) => void}} field
 * @returns {Source}
 */
export function cannedReplies(setup, { when, team, take }) {
  return {
    sign: "/",
    name: "Canned replies",
    when,
    find: (words) =>
      setup
        .fitting(setup.now.canned, team())
        .filter(({ shortcut, title, text }) => `${shortcut} ${title} ${text}`.toLowerCase().includes(words))
        .sort((a, b) => Number(b.shortcut.startsWith(words)) - Number(a.shortcut.startsWith(words)))
        .map(({ id, shortcut, title, text }) => ({ id, title, mark: `/${shortcut}`, detail: text })),
    choose: ({ id }, replace) => {
      const canned = setup.now.canned.find((one) => one.id === id);
      if (!canned) return;
      replace("");
      take(canned.text);
    },
  };
}

/**
 * Colleagues behind an `@`.
 * @param {import("./setup.js").Setup} setup @param {string} me @param {() => boolean} when
 * @returns {Source}
 */
export function colleagues(setup, me, when) {
  return {
    sign: "@",
    name: "Colleagues",
    when,
    find: (words) =>
      setup.now.agents
        .filter(({ id, name }) => id !== me && name.toLowerCase().includes(words))
        .sort((a, b) => Number(b.name.toLowerCase().startsWith(words)) - Number(a.name.toLowerCase().startsWith(words)))
        .map(({ id, name, status }) => ({ id, title: name, detail: status })),
    choose: ({ title }, replace) => replace(`@${title} `),
  };
}
