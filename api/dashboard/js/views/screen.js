// All signals, filtered and sorted by the API, a page at a time.

import { get, getOrNull } from "../api.js";
import { h, put } from "../dom.js";
import { compact, number, times } from "../format.js";
import { t } from "../i18n.js";
import { go, link } from "../router.js";
import { empty, fillIn } from "../states.js";
import { table } from "../table.js";
import { asOf, caution, choice, sectorName, stockColumns } from "../widgets.js";
import { EXCHANGES } from "./movers.js";

const PAGE = 50;
const FILTERS = ["signal", "min_confidence", "exchange", "sector", "min_traded_value", "sort"];
const SORTS = ["-confidence", "confidence", "-change", "-traded_value", "symbol"];
const CONFIDENCES = ["0.4", "0.5", "0.6", "0.7"];
const VALUES = ["1000000000", "10000000000", "50000000000"];

export const title = () => t("nav.screen");

export function render(page, { heading, query, signal, tell }) {
  const asked = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const cursor = query.get("cursor") ?? "";
  const with_ = (changes) => link(["screen"], { ...asked, ...changes });
  const set = (name) => (value) => go(with_({ [name]: value }), true);
  const all = ["", t("filter.all")];
  const sectors = h("div", { class: "contents" });
  const count = h("p", { class: "date", role: "status" });
  const list = h("div", { class: "card flush" });
  const showSectors = (names) =>
    put(sectors, choice("sector", t("col.sector"), asked.sector, [all, ...names.map((one) => [one, sectorName(one)])], set("sector")));

  const filters = h(
    "div",
    { class: "toolbar filters", role: "group", "aria-label": t("filter.label") },
    choice("signal", t("col.signal"), asked.signal, [all, ...["BUY", "HOLD", "SELL"].map((one) => [one, t(`signal.${one}`)])], set("signal")),
    choice("min_confidence", t("filter.confidence"), asked.min_confidence, [all, ...CONFIDENCES.map((one) => [one, `≥ ${number(one * 100)}%`])], set("min_confidence")),
    choice("exchange", t("col.exchange"), asked.exchange, [all, ...EXCHANGES.map((one) => [one, one])], set("exchange")),
    sectors,
    choice("min_traded_value", t("filter.value"), asked.min_traded_value, [all, ...VALUES.map((one) => [one, `≥ ${compact(Number(one))}`])], set("min_traded_value")),
    choice("sort", t("filter.sort"), asked.sort || SORTS[0], SORTS.map((one) => [one, t(`sort.${one}`)]), set("sort")),
    h("a", { class: "button", href: link(["screen"]) }, t("filter.reset")),
  );
  showSectors(asked.sector ? [asked.sector] : []);
  put(page, h("div", { class: "page-head" }, heading, count), filters, list);
  getOrNull("market/sectors", {}, signal).then(
    (answer) => answer && !signal.aborted && showSectors(answer.sectors.map((one) => one.sector).filter(Boolean).sort()),
    () => {},
  );

  const make = async () => {
    const answer = await get("signals", { ...asked, cursor, limit: PAGE }, signal);
    tell(answer.freshness);
    put(count, `${t("screen.count", { count: number(answer.total) })} · ${asOf(answer.freshness.as_of)}`);
    if (!answer.signals.length) return empty(t("screen.none"), h("a", { class: "button", href: link(["screen"]) }, t("filter.reset")));
    return [
      table(`${t("nav.screen")}. ${t("table.vnd")}`, columns(asked.sort || SORTS[0], with_), answer.signals),
      caution(answer.signals),
      pages(answer.next_cursor, cursor, with_),
    ];
  };
  fillIn(list, signal, make, 14);
}

function pages(next, cursor, with_) {
  if (!next && !cursor) return null;
  return h(
    "nav",
    { class: "pages", "aria-label": t("pages.label") },
    cursor ? h("a", { class: "button", href: with_({}) }, t("pages.first")) : null,
    next ? h("a", { class: "button", href: with_({ cursor: next }), rel: "next" }, t("pages.next")) : null,
  );
}

/** Columns; a header sorts where the API can. */
function columns(sort, with_) {
  const [symbol, close, change, signal, confidence] = stockColumns();
  const by = (value, order, other = value) => ({
    href: with_({ sort: sort === value ? other : value }),
    state: sort === value ? order : sort === other ? "ascending" : null,
  });
  return [
    { ...symbol, sort: by("symbol", "ascending") },
    close,
    { ...change, sort: by("-change", "descending") },
    signal,
    { ...confidence, sort: by("-confidence", "descending", "confidence") },
    { label: t("col.value"), number: true, wide: true, sort: by("-traded_value", "descending"), cell: (row) => compact(row.traded_value) },
    { label: t("col.volume-ratio"), number: true, wide: true, cell: (row) => times(row.volume_ratio) },
    { label: t("col.sector"), wide: true, kind: "roomy", cell: (row) => sectorName(row.sector) },
    { label: t("col.exchange"), wide: true, kind: "roomy", cell: (row) => row.exchange ?? "–" },
  ];
}
