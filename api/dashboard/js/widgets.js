// The small parts that views share.

import { h, hidden, s } from "./dom.js";
import { change, day, NONE, number, price, share } from "./format.js";
import { known, language, t } from "./i18n.js";
import { icon, mark } from "./icons.js";
import { link } from "./router.js";
import { toggleWatched, watched } from "./store.js";

const WAY = { BUY: 1, HOLD: 0, SELL: -1, bullish: 1, neutral: 0, bearish: -1 };

/** A titled part of a page. */
export function card(title, ...children) {
  return panel(title, null, ...children);
}

/** A card with something beside its title. */
export function panel(title, aside, ...children) {
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, title), aside ? h("div", { class: "aside" }, aside) : null),
    children,
  );
}

/** BUY, HOLD or SELL with a mark; null says that there is none. */
export function signalBadge(signal) {
  if (!signal) return h("span", { class: "badge none" }, t("signal.none"));
  const way = WAY[signal] ?? 0;
  return h("span", { class: `badge ${tone(way)}` }, mark(way), known(`signal.${signal}`, signal));
}

/** `up`, `down` or `flat`. */
export const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "flat");

/** A change in percent with a mark, green or red. */
export function moved(percent) {
  if (percent === null || percent === undefined) return h("span", { class: "muted" }, NONE);
  return h("span", { class: `move ${tone(percent)}` }, mark(percent), change(percent));
}

/** A confidence in percent with a bar; open where it is no calibrated probability. */
export function confidence(value, calibrated = true) {
  if (value === null || value === undefined) return h("span", { class: "muted" }, NONE);
  return h(
    "span",
    { class: calibrated ? "meter" : "meter open", title: t(calibrated ? "confidence.calibrated" : "confidence.raw") },
    bar(value, "meter-bar"),
    share(value),
    calibrated ? null : [h("span", { "aria-hidden": "true" }, "*"), hidden(t("confidence.raw"))],
  );
}

/** A bar that fills a share of its width. */
export function bar(value, kind) {
  return s(
    "svg",
    { class: kind, viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "track", width: 100, height: 4 }),
    s("rect", { class: "fill", width: Math.max(0, Math.min(1, value)) * 100, height: 4 }),
  );
}

/** Shares of a whole side by side: [{count, kind, label, words?}], each with its words below: its count, unless given. */
export function stack(parts, label) {
  const total = parts.reduce((sum, one) => sum + one.count, 0) || 1;
  let at = 0;
  const pieces = parts.map(({ count, kind }) => {
    const width = (count / total) * 100;
    const piece = s("rect", { class: kind, x: at, width: Math.max(0, width - 0.4), height: 8 });
    at += width;
    return piece;
  });
  return h(
    "div",
    { class: "stacked" },
    s("svg", { class: "stack", viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": label }, pieces),
    h(
      "ul",
      { class: "legend" },
      parts.map(({ count, kind, label: name, way, words }) =>
        h("li", { class: kind }, way === undefined ? null : mark(way), h("b", {}, words ?? number(count)), " ", name),
      ),
    ),
  );
}

/** A figure with its name above. */
export function figure(name, value, note = null) {
  return h("div", { class: "figure" }, h("dt", {}, name), h("dd", {}, value), note ? h("dd", { class: "note" }, note) : null);
}

/** The link of a symbol, with its name where it is known. */
export function symbolLink(symbol, name = null) {
  return h(
    "a",
    { class: "symbol", href: link(["symbol", symbol]) },
    h("b", {}, symbol),
    name ? h("span", { class: "name" }, name) : null,
  );
}

/** The button that adds a symbol to the watchlist or takes it off. */
export function star(symbol, changed = () => {}) {
  const button = h("button", { type: "button", class: "star" });
  const show = (on) => {
    button.replaceChildren(icon("watchlist", on), h("span", {}, t(on ? "watch.on" : "watch.off")));
    button.setAttribute("aria-pressed", String(on));
  };
  button.addEventListener("click", () => {
    show(toggleWatched(symbol));
    changed();
  });
  show(watched().includes(symbol));
  return button;
}

/** Links that look like tabs: [{label, href, current}]. */
export function tabs(label, items) {
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    items.map(({ label: name, href, current }) => h("a", { href, "aria-current": current ? "true" : null }, name)),
  );
}

/** A labelled choice: [[value, words]]. */
export function choice(id, label, value, options, changed) {
  const items = options.map(([key, words]) => h("option", { value: key, selected: key === value }, words));
  const select = h("select", { id, onchange: (event) => changed(event.target.value) }, items);
  return h("div", { class: "field" }, h("label", { for: id }, label), select);
}

/** What a narrow screen shows below a figure, where a wide one has a column of its own. */
export const below = (part) => h("span", { class: "narrow" }, part);

/** The columns that every list of stocks begins with. */
export function stockColumns() {
  return [
    { label: t("col.symbol"), cell: (row) => symbolLink(row.symbol, nameOf(row)) },
    { label: t("col.close"), number: true, cell: (row) => [price(row.close), below(moved(row.change_percent))] },
    { label: t("col.change"), number: true, wide: true, cell: (row) => moved(row.change_percent) },
    { label: t("col.signal"), cell: (row) => signalBadge(row.signal) },
    { label: t("col.confidence"), number: true, kind: "conf", cell: (row) => confidence(row.confidence, row.calibrated) },
  ];
}

/** A word of caution below a list whose signals are of a model that has shown no skill; null where none is needed. */
export function caution(rows) {
  if (!rows.some((row) => row.proven_skill === false)) return null;
  return h("p", { class: "caution" }, icon("warning"), h("span", {}, t("worth.list"), " ", h("a", { href: link(["record"]) }, t("nav.record"))));
}

/** Words of the API that the page has none of its own for. */
export const inEnglish = (text) => (language() === "en" ? text : h("span", { lang: "en" }, text));

/** The date of the data, in words. */
export const asOf = (date) => t("freshness.as-of", { date: day(date) });

/** The sector in the reader's language where it is known. */
export const sectorName = (sector) => (sector ? known(`sector.${sector}`, sector) : t("sector.none"));

/** The name of a company in the reader's language where there is one. */
export const nameOf = (row) => (language() === "en" && row.name_en) || row.name;
