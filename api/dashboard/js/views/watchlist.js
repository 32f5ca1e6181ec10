// The symbols that the reader follows, kept in this browser.

import { get } from "../api.js";
import { announce, h, hidden, put } from "../dom.js";
import { price } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { follow } from "../live.js";
import { refresh } from "../router.js";
import { empty, fillIn } from "../states.js";
import { toggleWatched, watched } from "../store.js";
import { isIndex, isSymbol } from "../symbols.js";
import { table } from "../table.js";
import { asOf, below, confidence, moved, signalBadge, symbolLink } from "../widgets.js";

const USUAL = ["VNINDEX", "FPT", "ACB", "VNM", "CTG", "BID"];

export const title = () => t("nav.watchlist");

export function render(page, { heading, signal, tell }) {
  const list = h("div", { class: "card flush" });
  const date = h("p", { class: "date" });
  put(page, h("div", { class: "page-head" }, heading, date), addForm(), list);
  const symbols = watched();
  if (!symbols.length) {
    const add = USUAL.map((one) => h("button", { type: "button", class: "chip", onclick: () => change(one) }, `+ ${one}`));
    put(list, empty(t("watch.empty"), h("p", { class: "chips" }, add)));
    return;
  }
  const shown = new Map(symbols.map((symbol) => [symbol, null]));
  const make = async () => {
    const answer = await get("watchlist", { symbols: symbols.join(",") }, signal);
    for (const one of answer.insights) shown.set(one.symbol, one.event_time);
    tell(answer.freshness);
    put(date, asOf(answer.freshness.as_of));
    const insights = new Map(answer.insights.map((one) => [one.symbol, one]));
    const rows = symbols.map((symbol) => ({
      symbol,
      insight: insights.get(symbol),
      state: answer.unknown.includes(symbol) ? "watch.unknown" : "watch.pending",
    }));
    return table(`${t("nav.watchlist")}. ${t("table.vnd")}`, columns(), rows);
  };
  const fill = () => fillIn(list, signal, make, symbols.length);
  fill().then(() => follow(shown, signal, fill));
}

function change(symbol) {
  toggleWatched(symbol);
  refresh();
}

function addForm() {
  const input = h("input", { id: "add-symbol", maxlength: 12, autocomplete: "off", autocapitalize: "characters", spellcheck: "false", size: 12 });
  const add = (event) => {
    event.preventDefault();
    const symbol = input.value.trim().toUpperCase();
    if (isSymbol(symbol) && !watched().includes(symbol)) change(symbol);
    else {
      input.select();
      announce(t(watched().includes(symbol) ? "watch.on" : "watch.unknown"));
    }
  };
  return h(
    "form",
    { class: "toolbar", onsubmit: add },
    h("div", { class: "field" }, h("label", { for: "add-symbol" }, t("watch.add-label")), input),
    h("button", { class: "button", type: "submit" }, t("watch.add")),
  );
}

function columns() {
  return [
    { label: t("col.symbol"), cell: (row) => (row.state === "watch.unknown" && !row.insight ? h("b", {}, row.symbol) : symbolLink(row.symbol)) },
    { label: t("col.close"), number: true, cell: closing },
    { label: t("col.change"), number: true, wide: true, cell: ({ insight }) => moved(changeOf(insight)) },
    { label: t("col.signal"), cell: ({ insight }) => (insight ? signalBadge(insight.signal) : "") },
    { label: t("col.confidence"), number: true, kind: "conf", cell: ({ insight }) => confidence(insight?.confidence, insight?.calibrated) },
    { label: "RSI 14", number: true, wide: true, cell: ({ insight }) => rounded(insight?.ai?.indicators?.rsi_14) },
    { label: hidden(t("watch.remove")), kind: "end", cell: ({ symbol }) => remover(symbol) },
  ];
}

const changeOf = (insight) => insight?.ai?.indicators?.roc_1;

function closing({ insight, symbol, state }) {
  if (!insight) return h("span", { class: "muted" }, t(state));
  return [price(insight.close, isIndex(symbol)), below(moved(changeOf(insight)))];
}

const rounded = (value) => (value === null || value === undefined ? "–" : Math.round(value));

function remover(symbol) {
  const label = t("watch.remove-one", { symbol });
  return h("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick: () => change(symbol) }, icon("close"));
}
