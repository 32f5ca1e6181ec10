// How right and complete the stored prices are.

import { get } from "../api.js";
import { h, put } from "../dom.js";
import { day, instant, number, share } from "../format.js";
import { known, t } from "../i18n.js";
import { empty, fillIn } from "../states.js";
import { table } from "../table.js";
import { card, figure, symbolLink } from "../widgets.js";

export const title = () => t("nav.quality");

export function render(page, { heading, signal, tell }) {
  const body = h("div", { class: "stackdown" });
  const date = h("p", { class: "date" });
  put(page, h("div", { class: "page-head" }, heading, date), h("p", { class: "lead" }, t("quality.lead")), body);
  const make = async () => {
    const { market, freshness } = await get("market/quality", {}, signal);
    tell(freshness);
    put(date, t("quality.made", { at: instant(market.generated_at) }));
    return parts(market);
  };
  fillIn(body, signal, make, 12);
}

function parts(market) {
  const figures = [
    figure(t("quality.completeness"), share(market.completeness, 2), t("quality.sessions", { expected: number(market.sessions_expected) })),
    figure(t("quality.bars"), number(market.bars), `${day(market.first)} – ${day(market.last)}`),
    figure(t("quality.gaps"), number(market.symbols_with_gaps), t("quality.of", { symbols: number(market.symbols) })),
    figure(t("quality.behind"), number(market.symbols_behind), t("quality.of", { symbols: number(market.symbols) })),
    figure(t("quality.actions"), number(market.corporate_actions), t("quality.readjustments", { count: number(market.readjustments) })),
    figure(t("quality.crosschecked"), number(market.crosschecked), t("quality.disagreeing", { count: number(market.disagreeing) })),
  ];
  return [
    h("dl", { class: "figures card" }, figures),
    h(
      "div",
      { class: "trio" },
      card(t("quality.quarantined"), counts(market.quarantined, "reason", "quality.none-quarantined")),
      card(t("quality.warnings"), counts(market.warnings, "warning", "quality.none-warned")),
      card(t("quality.odd"), sessions(market)),
    ),
    card(t("quality.least"), leastComplete(market.least_complete)),
  ];
}

function counts(by, family, none) {
  const entries = Object.entries(by).sort((a, b) => b[1] - a[1]);
  if (!entries.length) return empty(t(none));
  return h("ul", { class: "pairs" }, entries.map(([name, count]) => h("li", {}, h("span", {}, known(`${family}.${name}`, name)), h("b", {}, number(count)))));
}

function sessions(market) {
  const rows = [
    ...market.thin_sessions.map((one) => [one, t("quality.thin", { symbols: number(one.symbols), listed: number(one.listed) })]),
    ...market.unexpected_sessions.map((one) => [one, t("quality.unexpected", { symbols: number(one.symbols) })]),
  ];
  if (!rows.length) return empty(t("quality.none-odd"));
  return h("ul", { class: "pairs" }, rows.map(([one, words]) => h("li", {}, h("b", {}, day(one.date)), h("span", {}, words))));
}

function leastComplete(rows) {
  const columns = [
    { label: t("col.symbol"), cell: (one) => symbolLink(one.symbol) },
    { label: t("quality.completeness"), number: true, cell: (one) => share(one.completeness, 2) },
    { label: t("quality.behind-short"), number: true, cell: (one) => number(one.sessions_behind) },
    { label: t("quality.warnings"), number: true, cell: (one) => number(one.warnings) },
  ];
  return table(t("quality.least"), columns, rows);
}
