// Numbers, prices and dates as the reader's language writes them.

import { language, t } from "./i18n.js";

export const NONE = "–";
const ZONE = "Asia/Ho_Chi_Minh";
const made = new Map();

function maker(kind, options) {
  const locale = language() === "vi" ? "vi-VN" : "en-GB";
  const key = locale + kind.name + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new kind(locale, options));
  return made.get(key);
}

const absent = (value) => value === null || value === undefined || Number.isNaN(value);

/** A number with at most `digits` decimals. */
export function number(value, digits = 0, least = 0) {
  if (absent(value)) return NONE;
  return maker(Intl.NumberFormat, { maximumFractionDigits: digits, minimumFractionDigits: least }).format(value);
}

/** A number of any size to three significant digits. */
export function significant(value) {
  if (absent(value)) return NONE;
  return maker(Intl.NumberFormat, { maximumSignificantDigits: 3 }).format(value);
}

/** Whole VND without a currency, or points with two decimals. */
export function price(value, index = false) {
  return index ? number(value, 2, 2) : number(value);
}

/** A price with its currency, or points. */
export function fullPrice(value, index = false) {
  if (absent(value)) return NONE;
  if (index) return number(value, 2, 2);
  const currencyDisplay = language() === "vi" ? "symbol" : "code";
  return maker(Intl.NumberFormat, { style: "currency", currency: "VND", maximumFractionDigits: 0, currencyDisplay }).format(value);
}

/** A change in percent with its sign. */
export function change(value, digits = 2) {
  if (absent(value)) return NONE;
  const options = { maximumFractionDigits: digits, minimumFractionDigits: digits, signDisplay: "exceptZero" };
  return `${maker(Intl.NumberFormat, options).format(value)}%`;
}

/** A share of 1 in percent. */
export function share(value, digits = 0) {
  if (absent(value)) return NONE;
  return maker(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(value);
}

/** A large amount in words of the language: 1.2 billion, 1,2 tỷ. */
export function compact(value) {
  if (absent(value)) return NONE;
  const vi = language() === "vi";
  const options = { notation: "compact", maximumFractionDigits: 1, compactDisplay: vi ? "long" : "short" };
  return maker(Intl.NumberFormat, options).format(value);
}

/** How many times. */
export const times = (value) => (absent(value) ? NONE : `${number(value, 1, 1)}×`);

/** An amount of US dollars. */
export function dollars(value) {
  if (absent(value)) return NONE;
  return maker(Intl.NumberFormat, { style: "currency", currency: "USD", maximumFractionDigits: 4 }).format(value);
}

/** A trading date, `2025-08-25`. */
export function day(value, withYear = true) {
  if (!value) return NONE;
  const options = { timeZone: "UTC", day: "2-digit", month: language() === "vi" ? "2-digit" : "short" };
  if (withYear) options.year = "numeric";
  return maker(Intl.DateTimeFormat, options).format(new Date(`${value}T00:00:00Z`));
}

/** A month, `2025-08`. */
export function month(value) {
  if (language() === "vi") return value.split("-").reverse().join("/");
  const options = { timeZone: "UTC", month: "short", year: "numeric" };
  return maker(Intl.DateTimeFormat, options).format(new Date(`${value}-01T00:00:00Z`));
}

/** An instant, at the exchange. */
export function instant(value) {
  if (!value) return NONE;
  const options = { timeZone: ZONE, dateStyle: "medium", timeStyle: "short" };
  return maker(Intl.DateTimeFormat, options).format(new Date(value));
}

/** How long ago, in the largest whole unit. */
export function ago(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? [null, 1];
  if (!unit) return t("time.now");
  return maker(Intl.RelativeTimeFormat, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}
