// One symbol: price, chart, insight, explanation, past signals, indicators.

import { get, getOrNull } from "../api.js";
import { h, put } from "../dom.js";
import { follow } from "../live.js";
import { refresh } from "../router.js";
import { failure, fillIn } from "../states.js";
import { chartPanel } from "../symbol/chart-panel.js";
import { explanationPanel } from "../symbol/explanation.js";
import { hintsPanel } from "../symbol/hints.js";
import { indicatorsPanel } from "../symbol/indicators.js";
import { insightPanel } from "../symbol/insight.js";
import { boardPanel } from "../symbol/board.js";
import { signalsPanel } from "../symbol/signals.js";
import { nameOf, sectorName, star } from "../widgets.js";

export const title = ([symbol = ""]) => symbol.toUpperCase();

export async function render(page, { heading, segments, query, signal, tell }) {
  const symbol = (segments[0] ?? "").toUpperCase();
  const path = encodeURIComponent(symbol);
  const about = h("p", { class: "about" });
  const head = h("div", { class: "page-head symbol-head" }, heading, about, star(symbol));
  const board = h("div", { class: "board-place" });
  const chart = h("div", { class: "chart-place" });
  const insight = h("div", { class: "insight-place" });
  const explanation = h("div", {});
  const signals = h("div", {});
  const indicators = h("div", {});
  const hints = h("div", {});
  put(
    page,
    head,
    board,
    h(
      "div",
      { class: "desk" },
      h("div", { class: "stackdown" }, chart, explanation, signals),
      h("div", { class: "stackdown" }, insight, hints, indicators),
    ),
  );

  const asked = get(`stocks/${path}`, {}, signal);
  // Nothing else is asked of a symbol that there is not.
  const record = asked.then(() => getOrNull(`track-record/${path}`, { limit: 250 }, signal));
  const analysis = asked.then(() => get(`analysis/${path}/insight`, {}, signal));
  const market = asked.then(() => getOrNull("track-record", {}, signal));
  for (const promise of [record, analysis, market]) promise.catch(() => {});

  fillIn(board, signal, async () => boardPanel(await asked, await getOrNull(`stocks/${path}/prices`, { limit: 2 }, signal)), 3);
  let detail;
  try {
    detail = await asked;
  } catch (error) {
    if (!signal.aborted) put(page, heading, failure(error));
    return;
  }
  if (signal.aborted) return;
  tell(detail.freshness);
  const facts = [nameOf(detail), detail.exchange, detail.sector && sectorName(detail.sector)].filter(Boolean);
  put(about, facts.map((one, n) => h("span", { class: n ? "chip" : "company" }, one)));
  if (detail.name) document.title = `${symbol} · ${nameOf(detail)} · Stock AI`;

  chartPanel(chart, { symbol, detail, query, record, signal });
  fillIn(insight, signal, async () => insightPanel(await analysis, await market), 9);
  explanationPanel(explanation, { symbol, analysis, signal });
  fillIn(signals, signal, async () => signalsPanel(await record), 6);
  fillIn(indicators, signal, async () => indicatorsPanel(await analysis), 6);
  put(hints, hintsPanel(symbol, signal));
  const shown = (insight) => follow(new Map([[symbol, insight?.event_time ?? null]]), signal, refresh);
  analysis.then(shown, () => shown(null));
}
