// The price chart with its controls. What is chosen stands in the address, so that it can be sent to somebody.

import { get } from "../api.js";
import { palette } from "../charts/palette.js";
import { h, put } from "../dom.js";
import { change, compact, day, price } from "../format.js";
import { t } from "../i18n.js";
import { empty, failure } from "../states.js";
import { table } from "../table.js";
import { catalogue, describe, find, over } from "./catalogue.js";
import { loadDrawer } from "./drawer.js";
import { adder } from "./picker.js";

const RANGES = { "3m": 65, "6m": 130, "1y": 250, "3y": 750, "5y": 1250, all: 5000 };
const SESSIONS_OF = { "1D": 1, "1W": 5, "1M": 21 };
const USUAL = "sma_20,sma_50,rsi_14";
const MOST = 8;
const ROWS = 30;

/** Fills `place` with the chart of a symbol. */
export function chartPanel(place, { symbol, detail, query, record, signal }) {
  const chosen = {
    range: query.get("range") in RANGES ? query.get("range") : "6m",
    interval: query.get("interval") in SESSIONS_OF ? query.get("interval") : "1D",
    raw: query.get("prices") === "raw",
    names: (query.get("indicators") ?? USUAL).split(",").filter(Boolean).slice(0, MOST),
  };
  const canvas = h("div", { class: "chart" });
  const note = h("p", { class: "muted chart-note" });
  const rows = h("div", {});
  const ranges = h("div", { class: "segments", role: "group", "aria-label": t("chart.range") });
  const intervals = h("div", { class: "segments", role: "group", "aria-label": t("chart.interval") });
  const basis = h("div", { class: "segments", role: "group", "aria-label": t("chart.prices") });
  const picker = h("div", { class: "picker" });
  put(
    place,
    h(
      "section",
      { class: "card", "aria-labelledby": "chart-title" },
      h("h2", { id: "chart-title", class: "sr" }, t("chart.title")),
      h("div", { class: "chart-bar" }, ranges, intervals, basis),
      picker,
      canvas,
      note,
      h("details", { class: "more" }, h("summary", {}, t("table.show")), rows),
    ),
  );
  let drawn = null;
  let turn = 0;

  const keep = () => {
    const state = new URLSearchParams();
    if (chosen.range !== "6m") state.set("range", chosen.range);
    if (chosen.interval !== "1D") state.set("interval", chosen.interval);
    if (chosen.raw) state.set("prices", "raw");
    if (chosen.names.join(",") !== USUAL) state.set("indicators", chosen.names.join(","));
    const search = state.toString();
    history.replaceState(null, "", `#/symbol/${encodeURIComponent(symbol)}${search ? `?${search}` : ""}`);
  };
  const segments = (node, options, name) =>
    put(
      node,
      options.map(([value, words]) =>
        h("button", { type: "button", "aria-pressed": String(chosen[name] === value), onclick: (event) => set(name, value, event.target) }, words),
      ),
    );
  const set = (name, value, button) => {
    chosen[name] = value;
    for (const one of button.parentNode.children) one.setAttribute("aria-pressed", String(one === button));
    keep();
    show();
  };
  segments(ranges, Object.keys(RANGES).map((one) => [one, t(`range.${one}`)]), "range");
  segments(intervals, Object.keys(SESSIONS_OF).map((one) => [one, t(`interval.${one}`)]), "interval");
  segments(basis, [[false, t("chart.adjusted")], [true, t("chart.raw")]], "raw");

  const showPicker = async () => {
    const list = await catalogue().catch(() => []);
    if (signal.aborted) return;
    const chips = chosen.names.map((name) => {
      const label = t("chart.remove", { name });
      const indicator = find(list, name);
      const remove = () => pick(chosen.names.filter((one) => one !== name));
      return h("button", { type: "button", class: "chip", "aria-label": label, title: indicator ? describe(indicator) : label, onclick: remove }, name, h("span", { "aria-hidden": "true" }, " ×"));
    });
    put(picker, chips, chosen.names.length < MOST ? adder(list, chosen.names, (name) => pick([...chosen.names, name])) : null);
  };
  const pick = (names) => {
    chosen.names = [...new Set(names)].slice(0, MOST);
    keep();
    showPicker();
    show();
  };

  const show = async () => {
    const mine = (turn += 1);
    canvas.setAttribute("aria-busy", "true");
    try {
      const [model, drawer] = await Promise.all([read(symbol, detail, chosen, record, signal), loadDrawer()]);
      if (mine !== turn || signal.aborted) return;
      drawn?.destroy();
      drawn = null;
      if (!model.bars.length) return put(canvas, empty(t("chart.none")));
      put(canvas);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", inWords(symbol, model, detail.index));
      const draw = () => drawer.draw(canvas, { ...model, colours: palette(), price: (value) => price(value, detail.index) });
      drawn = draw();
      model.redraw = () => {
        drawn.destroy();
        put(canvas);
        drawn = draw();
      };
      current = model;
      put(note, t("chart.note"), drawer.plain ? ` ${t("chart.plain")}` : "", chosen.interval !== "1D" || chosen.raw ? ` ${t("chart.no-indicators")}` : "");
      put(rows, barTable(symbol, model.bars.slice(-ROWS).reverse(), detail.index));
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      canvas.removeAttribute("role");
      put(canvas, failure(error));
    } finally {
      if (mine === turn) canvas.removeAttribute("aria-busy");
    }
  };
  let current = null;
  const recolour = () => current?.redraw();
  addEventListener("themechange", recolour);
  signal.addEventListener("abort", () => {
    removeEventListener("themechange", recolour);
    drawn?.destroy();
  });
  showPicker();
  show();
}

/** What is to be drawn: {bars, overlays, panes, markers}. */
async function read(symbol, detail, chosen, record, signal) {
  const path = `stocks/${encodeURIComponent(symbol)}`;
  const limit = Math.ceil(RANGES[chosen.range] / SESSIONS_OF[chosen.interval]);
  const daily = chosen.interval === "1D";
  const wanted = daily && !chosen.raw && chosen.names.length;
  const [prices, history, list, past] = await Promise.all([
    get(`${path}/prices`, { interval: chosen.interval, adjusted: String(!chosen.raw), limit }, signal),
    wanted ? get(`${path}/indicators/history`, { names: chosen.names.join(","), limit }, signal) : null,
    catalogue().catch(() => []),
    daily ? record.catch(() => null) : null,
  ]);
  const bars = prices.bars.filter((bar) => bar.open !== null && bar.high !== null && bar.low !== null && bar.close !== null);
  const overlays = [];
  const panes = new Map();
  for (const [name, values] of Object.entries(history?.series ?? {})) {
    const points = history.dates.map((time, at) => ({ time, value: values[at] ?? undefined }));
    if (over(find(list, name))) overlays.push({ name, points });
    else {
      // Those of one study (macd, macd_signal, macd_histogram) share a pane.
      const study = name.split(/[_:]/)[0];
      panes.set(study, [...(panes.get(study) ?? []), { name, points, columns: name.endsWith("histogram") }]);
    }
  }
  return { bars, overlays, panes: [...panes.values()], markers: turns(past?.signals ?? [], bars) };
}

/** Where the signal became BUY or SELL, oldest first. */
function turns(signals, bars) {
  const first = bars[0]?.time ?? "";
  const days = new Set(bars.map((bar) => bar.time));
  const ordered = [...signals].sort((a, b) => (a.as_of < b.as_of ? -1 : 1));
  return ordered
    .filter((one, at) => one.signal !== "HOLD" && one.signal !== ordered[at - 1]?.signal)
    .filter((one) => one.as_of >= first && days.has(one.as_of))
    .map((one) => ({ time: one.as_of, rising: one.signal === "BUY", text: t(`signal.${one.signal}`) }));
}

function inWords(symbol, { bars, markers }, index) {
  const [first, last] = [bars[0], bars.at(-1)];
  return t("chart.words", {
    symbol,
    first: day(first.time),
    last: day(last.time),
    from: price(first.close, index),
    to: price(last.close, index),
    change: change((last.close / first.close - 1) * 100),
    high: price(Math.max(...bars.map((bar) => bar.high)), index),
    low: price(Math.min(...bars.map((bar) => bar.low)), index),
    signals: markers.length,
  });
}

function barTable(symbol, bars, index) {
  const figure = (name) => ({ label: t(`board.${name}`), number: true, cell: (bar) => price(bar[name], index) });
  const columns = [
    { label: t("col.date"), cell: (bar) => day(bar.time) },
    { ...figure("open"), wide: true },
    figure("high"),
    figure("low"),
    { label: t("col.close"), number: true, cell: (bar) => price(bar.close, index) },
    { label: t("board.volume"), number: true, wide: true, cell: (bar) => compact(bar.volume) },
  ];
  return table(t("chart.table", { symbol }), columns, bars);
}
