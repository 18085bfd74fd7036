// @ts-check
import { chooseMacro } from "./macros.js";
import { VIEW_NAMES, VIEWS } from "./route.js";

/**
 * @typedef {object} Command something an agent can do: by a key, from the palette, by a button
 * @property {string} id
 * @property {string} title
 * @property {"Conversation"|"Write"|"Go to"|"Desk"} group
 * @property {string} [short] on its button
 * @property {string} [key] a single key
 * @property {import("./icons.js").IconName} [symbol]
 * @property {"bar"|"more"} [place] where its button stands in a conversation
 * @property {() => boolean} [when] whether it can be done now
 * @property {() => void} run
 */

/**
 * All commands of the console, in the order in which they are listed.
 * @param {import("./app.js").App} app
 * @returns {Command[]}
 */
export function commandsOf(app) {
  const { actions, arrange, conversation, desk, route } = app;
  const summary = () => (app.page ? undefined : conversation.summary);
  const can = (/** @type {keyof ReturnType<typeof actions.can>} */ what) => () => Boolean(actions.can(summary())[what]);
  const act = (/** @type {(summary: import("./types.js").Summary) => void} */ run) => () => {
    const open = summary();
    if (open) run(open);
  };
  const open = () => Boolean(summary());

  /** @type {Omit<Command, "group">[]} */
  const conversationCommands = [
    {
      id: "claim",
      title: "Claim or take over",
      key: "c",
      symbol: "hand",
      when: () => app.claimable() !== undefined,
      run: () => app.claim(),
    },
    {
      id: "close",
      title: "Close",
      key: "e",
      symbol: "check",
      place: "bar",
      when: can("close"),
      run: act((one) => actions.close(one)),
    },
    {
      id: "transfer",
      title: "Transfer to a team or colleague",
      short: "Transfer",
      key: "x",
      symbol: "move",
      place: "bar",
      when: can("transfer"),
      run: act((one) => arrange.transfer(one)),
    },
    {
      id: "snooze",
      title: "Snooze or wake",
      short: "Snooze",
      key: "s",
      symbol: "clock",
      place: "bar",
      when: can("snooze"),
      run: act((one) => arrange.snooze(one)),
    },
    {
      id: "handback",
      title: "Hand back to the bot",
      key: "b",
      symbol: "bot",
      place: "more",
      when: can("handBack"),
      run: act((one) => actions.handBack(one)),
    },
    {
      id: "release",
      title: "Return to the queue",
      key: "q",
      symbol: "undo",
      place: "more",
      when: can("release"),
      run: act((one) => actions.release(one)),
    },
    {
      id: "tags",
      title: "Tags",
      key: "l",
      symbol: "tag",
      place: "more",
      when: can("tag"),
      run: act((one) => arrange.tags(one)),
    },
    {
      id: "priority",
      title: "Priority",
      key: "p",
      symbol: "flag",
      place: "more",
      when: can("priority"),
      run: act((one) => arrange.priority(one)),
    },
    {
      id: "merge",
      title: "Merge into another",
      key: "m",
      symbol: "merge",
      place: "more",
      when: can("merge"),
      run: act((one) => arrange.merge(one)),
    },
    {
      id: "transcript",
      title: "Transcript by mail or download",
      key: "d",
      symbol: "down",
      place: "more",
      when: open,
      run: act((one) => arrange.transcript(one)),
    },
  ];
  /** @type {Omit<Command, "group">[]} */
  const write = [
    {
      id: "reply",
      title: "Reply",
      key: "r",
      symbol: "send",
      when: can("write"),
      run: () => conversation.composer.focus("message"),
    },
    { id: "note", title: "Private note", key: "n", symbol: "lock", when: open, run: () => app.note() },
    { id: "attach-file", title: "Attach files", key: "a", symbol: "clip", when: can("write"), run: () => app.attach() },
    {
      id: "find-answer",
      title: "Find an answer in the knowledge base",
      key: "f",
      symbol: "book",
      when: can("write"),
      run: () => conversation.composer.findAnswer(),
    },
    {
      id: "run-macro",
      title: "Run a macro",
      key: "v",
      symbol: "bolt",
      when: can("macro"),
      run: act((one) => chooseMacro(actions, one)),
    },
    { id: "context", title: "Context", key: "i", symbol: "panel", when: open, run: () => app.toggleContext() },
  ];
  /** @type {Command[]} */
  const places = VIEWS.map((view, index) => ({
    id: `view-${view}`,
    title: VIEW_NAMES[view],
    key: String(index + 1),
    group: "Go to",
    run: () => route.go(view),
  }));
  /** @type {Omit<Command, "group">[]} */
  const supervising = [
    { id: "wall", title: "Live wall", key: "w", symbol: "wall", run: () => route.open("wall") },
    { id: "settings", title: "Settings", key: ",", symbol: "gear", run: () => route.open("settings", "teams") },
  ];
  /** @type {Omit<Command, "group">[]} */
  const deskCommands = [
    { id: "take-next", title: "Take who waits in front", key: "t", symbol: "hand", run: () => void actions.takeNext() },
    { id: "search", title: "Search everything that was said", key: "/", symbol: "search", run: () => app.search() },
    { id: "status", title: "Online or away", key: "o", symbol: "person", run: () => void app.toggleStatus() },
    ...(desk.supervises ? supervising : []),
    { id: "keys", title: "Keyboard shortcuts", key: "?", run: () => app.keys.showSheet() },
  ];
  return [
    ...conversationCommands.map((one) => ({ ...one, group: /** @type {const} */ ("Conversation") })),
    ...write.map((one) => ({ ...one, group: /** @type {const} */ ("Write") })),
    ...places,
    ...deskCommands.map((one) => ({ ...one, group: /** @type {const} */ ("Desk") })),
  ];
}
