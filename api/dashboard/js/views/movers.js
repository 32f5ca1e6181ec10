// The stocks that moved or traded most.

import { get } from "../api.js";
import { h, put } from "../dom.js";
import { compact, times } from "../format.js";
import { t } from "../i18n.js";
import { go, link } from "../router.js";
import { empty, fillIn } from "../states.js";
import { table } from "../table.js";
import { asOf, choice, sectorName, stockColumns, tabs } from "../widgets.js";

const KINDS = ["gainers", "losers", "active", "unusual_volume"];
const MOST = 25;
export const EXCHANGES = ["HOSE", "HNX", "UPCOM"];

export const title = () => t("nav.movers");

export function render(page, { heading, segments, query, signal, tell }) {
  const by = KINDS.includes(segments[0]) ? segments[0] : KINDS[0];
  const exchange = query.get("exchange") ?? "";
  const items = KINDS.map((one) => ({
    label: t(`movers.${one}`),
    href: link(["movers", one], { exchange }),
    current: one === by,
  }));
  const options = [["", t("filter.all")], ...EXCHANGES.map((one) => [one, one])];
  const changed = (value) => go(link(["movers", by], { exchange: value }), true);
  const list = h("div", { class: "card flush" });
  const date = h("p", { class: "date" });
  const bar = h("div", { class: "toolbar" }, tabs(t("nav.movers"), items), choice("exchange", t("col.exchange"), exchange, options, changed));
  put(page, h("div", { class: "page-head" }, heading, date), bar, list);
  const make = async () => {
    const { movers, freshness } = await get("market/movers", { by, exchange, limit: MOST }, signal);
    tell(freshness);
    put(date, asOf(freshness.as_of));
    if (!movers.length) return empty(t("movers.none"));
    return table(`${t("nav.movers")}: ${t(`movers.${by}`)}. ${t("table.vnd")}`, columns(by), movers);
  };
  fillIn(list, signal, make, 14);
}

/** A narrow screen shows what the list is ranked by and leaves out the rest. */
function columns(by) {
  const [symbol, close, change, signal, confidence] = stockColumns();
  return [
    symbol,
    close,
    change,
    { label: t("col.value"), number: true, wide: by !== "active", cell: (row) => compact(row.traded_value) },
    { label: t("col.volume-ratio"), number: true, wide: by !== "unusual_volume", cell: (row) => times(row.volume_ratio) },
    signal,
    { ...confidence, wide: true },
    { label: t("col.sector"), wide: true, kind: "roomy", cell: (row) => sectorName(row.sector) },
    { label: t("col.exchange"), wide: true, kind: "roomy", cell: (row) => row.exchange ?? "–" },
  ];
}
