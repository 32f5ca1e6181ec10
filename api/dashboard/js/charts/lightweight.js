// Candlesticks by TradingView's Lightweight Charts, which the package step puts into vendor/.

import {
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
} from "../../vendor/lightweight-charts.js";
import { number } from "../format.js";
import { language } from "../i18n.js";
import { legend } from "./legend.js";

export const plain = false;
const PANE_STRETCH = 0.34;
/** So many markers have room for their words, on a chart that is no narrower. */
const MOST_WORDS = 12;
const NARROW = 600;

/** Draws a model {bars, overlays, panes, markers, colours, price} into `node`. */
export function draw(node, { bars, overlays, panes, markers, colours, price }) {
  const chart = createChart(node, {
    autoSize: true,
    layout: {
      // The logo needs a style element, which our content policy forbids; the footer names the library instead.
      attributionLogo: false,
      background: { color: "transparent" },
      textColor: colours.muted,
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      panes: { separatorColor: colours.line, enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderColor: colours.line, rightOffset: 2 },
    crosshair: { mode: 0 },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { locale: language() === "vi" ? "vi-VN" : "en-GB" },
  });
  const format = { type: "custom", formatter: price, minMove: 0.01 };
  const candles = chart.addSeries(CandlestickSeries, {
    upColor: colours.up,
    downColor: colours.down,
    wickUpColor: colours.up,
    wickDownColor: colours.down,
    borderVisible: false,
    priceFormat: format,
  });
  candles.setData(bars.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })));
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });

  const volume = chart.addSeries(HistogramSeries, {
    priceScaleId: "volume",
    priceFormat: { type: "volume" },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  const shade = (bar) => `${bar.close >= bar.open ? colours.up : colours.down}59`;
  volume.setData(bars.map((bar) => ({ time: bar.time, value: bar.volume ?? 0, color: shade(bar) })));
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });

  const line = (points, colour, pane, options = {}) => {
    const quiet = { lineWidth: 1, priceLineVisible: false, lastValueVisible: pane > 0, crosshairMarkerVisible: false };
    chart.addSeries(LineSeries, { color: colour, ...quiet, ...options }, pane).setData(points);
  };
  overlays.forEach(({ points }, at) => line(points, colours.series[at % colours.series.length], 0, { priceFormat: format }));
  const plainly = { type: "custom", formatter: (value) => number(value, 1), minMove: 0.01 };
  panes.forEach((members, n) => {
    members.forEach(({ points, columns }, at) => {
      const colour = colours.series[at % colours.series.length];
      if (!columns) return line(points, colour, n + 1, { priceFormat: plainly });
      const options = { priceFormat: plainly, priceLineVisible: false, lastValueVisible: false };
      const tinted = points.map((one) => ({ ...one, color: `${one.value >= 0 ? colours.up : colours.down}99` }));
      chart.addSeries(HistogramSeries, options, n + 1).setData(tinted);
    });
    chart.panes()[n + 1].setStretchFactor(PANE_STRETCH);
  });
  createSeriesMarkers(
    candles,
    markers.map(({ time, rising, text }) => ({
      time,
      position: rising ? "belowBar" : "aboveBar",
      shape: rising ? "arrowUp" : "arrowDown",
      color: rising ? colours.up : colours.down,
      text: markers.length > MOST_WORDS || node.clientWidth < NARROW ? "" : text,
    })),
  );
  chart.timeScale().fitContent();
  const key = legend(overlays, panes);
  node.append(key);
  return {
    destroy() {
      chart.remove();
      key.remove();
    },
  };
}
