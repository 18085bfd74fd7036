// @ts-check

/** Order matters: most browsers name several others. @type {[RegExp, string][]} */
const BROWSERS = [
  [/Edg\w*\/(\d+)/, "Edge"],
  [/OPR\/(\d+)/, "Opera"],
  [/SamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/Version\/(\d+).*Safari/, "Safari"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** A user agent as people say it: "Firefox 140 on Windows". Anything else stays as it is. @param {string} agent */
export function browserWords(agent) {
  const browser = BROWSERS.map(([pattern, name]) => [pattern.exec(agent), name]).find(([found]) => found);
  if (!browser) return agent;
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent));
  const version = /** @type {RegExpExecArray} */ (browser[0])[1];
  return system ? `${browser[1]} ${version} on ${system[1]}` : `${browser[1]} ${version}`;
}

/** `en-GB` → `British English`. @param {string} locale */
export function localeWords(locale) {
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(locale) ?? locale;
  } catch {
    return locale;
  }
}
