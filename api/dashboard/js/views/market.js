// The market at a glance.

import { get, getOrNull } from "../api.js";
import { areaChart } from "../charts/area.js";
import { h, put } from "../dom.js";
import { change, compact, day, number, price } from "../format.js";
import { known, t } from "../i18n.js";
import { link } from "../router.js";
import { empty, fillIn } from "../states.js";
import { table } from "../table.js";
import { asOf, card, caution, confidence, figure, moved, nameOf, panel, sectorName, signalBadge, stack, symbolLink, tone } from "../widgets.js";

const SESSIONS = 120;
const STEPS = [2, 1, 0.15];

export const title = () => t("nav.market");

export function render(page, { heading, signal, tell }) {
  const top = h("div", { class: "trio" });
  const sectors = h("div", {});
  const ranked = h("div", {});
  const date = h("p", { class: "date" });
  put(page, h("div", { class: "page-head" }, heading, date), top, h("div", { class: "duo" }, sectors, ranked));
  const overview = get("market/overview", {}, signal);
  overview.then(
    ({ freshness }) => {
      if (signal.aborted) return;
      tell(freshness);
      put(date, asOf(freshness.as_of));
    },
    () => {},
  );
  const glance = async () => {
    const [market, breadth, index] = await Promise.all([
      overview,
      getOrNull("market/breadth", {}, signal),
      getOrNull("stocks/VNINDEX/prices", { limit: SESSIONS }, signal),
    ]);
    return [indexCard(market.vnindex, index), breadthCard(breadth ?? market.breadth), signalCard(market)];
  };
  fillIn(top, signal, glance, 6);
  fillIn(sectors, signal, async () => sectorCard(await get("market/sectors", {}, signal)), 10);
  fillIn(ranked, signal, async () => topCard((await overview).top), 10);
}

function indexCard(move, prices) {
  if (!move) return card("VN-Index", empty(t("market.no-index")));
  const bars = (prices?.bars ?? []).filter((bar) => bar.close !== null);
  const closes = bars.map((bar) => bar.close);
  const since = closes.length > 1 ? (closes.at(-1) / closes[0] - 1) * 100 : null;
  const label = t("market.index-chart", { sessions: bars.length, change: change(since) });
  return panel(
    "VN-Index",
    h("a", { href: link(["symbol", move.symbol]) }, t("market.chart")),
    h("p", { class: "big" }, h("span", {}, price(move.close, true)), moved(move.change_percent)),
    closes.length > 1 ? areaChart(closes, label, since >= 0) : null,
    closes.length > 1
      ? h("p", { class: "axis" }, h("span", {}, day(bars[0].time)), h("span", {}, change(since)), h("span", {}, day(bars.at(-1).time)))
      : null,
  );
}

function breadthCard(breadth) {
  const parts = [
    { count: breadth.advancers, kind: "up", label: t("breadth.up"), way: 1 },
    { count: breadth.unchanged, kind: "flat", label: t("breadth.flat"), way: 0 },
    { count: breadth.decliners, kind: "down", label: t("breadth.down"), way: -1 },
  ];
  const percent = (value) => (value ?? null) && `${number(value, 1)}%`;
  const more = [
    ["breadth.sma-50", percent(breadth.above_sma_50_percent)],
    ["breadth.sma-200", percent(breadth.above_sma_200_percent)],
    ["breadth.highs", breadth.new_highs],
    ["breadth.lows", breadth.new_lows],
  ].filter(([, value]) => value !== null && value !== undefined);
  return card(
    t("market.breadth"),
    stack(parts, t("market.breadth")),
    h("dl", { class: "figures two" }, more.map(([key, value]) => figure(t(key), typeof value === "number" ? number(value) : value))),
  );
}

function signalCard(market) {
  const way = { BUY: 1, HOLD: 0, SELL: -1 };
  const kind = { BUY: "up", HOLD: "flat", SELL: "down" };
  const parts = Object.keys(way).map((name) => ({
    count: market.signals[name] ?? 0,
    kind: kind[name],
    label: t(`signal.${name}`),
    way: way[name],
  }));
  const reasons = Object.entries(market.withheld ?? {}).map(([reason, count]) =>
    h("li", {}, h("span", {}, known(`withheld.${reason}`, reason)), h("b", {}, number(count))),
  );
  if (market.pending) reasons.push(h("li", {}, h("span", {}, t("market.pending")), h("b", {}, number(market.pending))));
  return panel(
    t("market.signals"),
    h("a", { href: link(["screen"]) }, t("market.all-signals")),
    stack(parts, t("market.signals")),
    reasons.length ? [h("h3", { class: "minor" }, t("market.withheld")), h("ul", { class: "pairs" }, reasons)] : null,
  );
}

/** How deep the colour of a tile is: 0 to 3. */
const heat = (percent) => STEPS.filter((step) => Math.abs(percent ?? 0) >= step).length;

function sectorCard({ sectors }) {
  if (!sectors.length) return card(t("market.sectors"), empty(t("market.no-sectors")));
  const sorted = [...sectors].sort((a, b) => (b.change_percent ?? -99) - (a.change_percent ?? -99));
  const tiles = sorted.map((one) => {
    const depth = heat(one.change_percent);
    const side = depth ? tone(one.change_percent) : "flat";
    const counts = t("market.tile", { up: number(one.advancers), down: number(one.decliners) });
    // Stocks without a known sector cannot be asked for.
    const href = one.sector ? link(["screen"], { sector: one.sector }) : null;
    return h(
      "li",
      {},
      h(
        href ? "a" : "div",
        { class: `tile ${side} heat-${depth}`, href },
        h("span", { class: "tile-name" }, sectorName(one.sector)),
        moved(one.change_percent),
        h("small", {}, counts),
      ),
    );
  });
  return panel(
    t("market.sectors"),
    t("market.sectors-note"),
    h("ul", { class: "tiles" }, tiles),
    h("details", { class: "more" }, h("summary", {}, t("table.show")), sectorTable(sorted)),
  );
}

function sectorTable(sectors) {
  const columns = [
    { label: t("col.sector"), cell: (one) => (one.sector ? h("a", { href: link(["screen"], { sector: one.sector }) }, sectorName(one.sector)) : sectorName(null)) },
    { label: t("col.change"), number: true, cell: (one) => moved(one.change_percent) },
    { label: t("col.stocks"), number: true, wide: true, cell: (one) => number(one.stocks) },
    { label: t("breadth.up"), number: true, wide: true, cell: (one) => number(one.advancers) },
    { label: t("breadth.down"), number: true, wide: true, cell: (one) => number(one.decliners) },
    { label: t("col.value"), number: true, wide: true, cell: (one) => compact(one.traded_value) },
    { label: t("signal.BUY"), number: true, cell: (one) => number(one.buy) },
    { label: t("signal.SELL"), number: true, cell: (one) => number(one.sell) },
  ];
  return table(t("market.sectors"), columns, sectors);
}

function topCard(top) {
  if (!top.length) return card(t("market.top"), empty(t("market.no-top")));
  const columns = [
    { label: t("col.symbol"), cell: (row) => symbolLink(row.symbol, nameOf(row)) },
    { label: t("col.close"), number: true, cell: (row) => price(row.close) },
    { label: t("col.signal"), cell: (row) => signalBadge(row.signal) },
    { label: t("col.confidence"), number: true, kind: "conf", cell: (row) => confidence(row.confidence, row.calibrated ?? true) },
  ];
  return panel(t("market.top"), h("a", { href: link(["screen"]) }, t("market.all-signals")), h("div", { class: "top-list" }, table(t("market.top"), columns, top)), caution(top));
}
