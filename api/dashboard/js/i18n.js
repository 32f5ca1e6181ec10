// Words in Vietnamese and English.

import { recall, remember } from "./store.js";

export const LANGUAGES = { vi: "Tiếng Việt", en: "English" };
const tables = new Map();
let current = "en";
let words = {};

/** `vi` or `en`. */
export const language = () => current;

/** The language that was chosen before, else that of the browser. */
export function preferred() {
  const chosen = recall("language");
  return chosen in LANGUAGES ? chosen : /^vi\b/i.test(navigator.language) ? "vi" : "en";
}

/** Switch to a language, loading its words the first time. */
export async function use(code) {
  if (!tables.has(code)) {
    const response = await fetch(new URL(`../locales/${code}.json`, import.meta.url));
    if (!response.ok) throw new Error(`no words for ${code}`);
    tables.set(code, await response.json());
  }
  words = tables.get(code);
  current = code;
  document.documentElement.lang = code;
}

/** Remember the language for the next visit. */
export const keep = (code) => remember("language", code);

/** The words of a key with `{name}` filled in; the key itself where there are none, so that a gap shows. */
export function t(key, values) {
  const text = words[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

/** The words of a key as `t` gives them, else `fallback`: for names that come from the API and may be newer than this page. */
export const known = (key, fallback, values) => (key in words ? t(key, values) : fallback);
