// @ts-check

/** Who touches nothing for so long may have left. */
const LEFT_MS = 60_000;

let touched = Date.now();
for (const event of ["pointerdown", "pointermove", "wheel", "keydown"])
  addEventListener(event, () => (touched = Date.now()), { capture: true, passive: true });

/**
 * What a call carries that nobody can have made by hand: an open console goes on reading, and would never sign out.
 * @returns {{[name: string]: string}}
 */
export function unattended() {
  return Date.now() - touched < LEFT_MS ? {} : { "X-Frontdesk-Unattended": "1" };
}
