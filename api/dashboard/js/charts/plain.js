// Candlesticks as plain SVG, for an installation without the vendored library.

import { h, s } from "../dom.js";
import { day } from "../format.js";
import { legend } from "./legend.js";

export const plain = true;
const WIDE = 900;
const PRICE_HIGH = 300;
const VOLUME_HIGH = 60;
const PANE_HIGH = 90;
const RIGHT = 64;
const MOST = 250;

/** Draws the newest bars of a model {bars, overlays, panes, markers, price} into `node`. */
export function draw(node, model) {
  const bars = model.bars.slice(-MOST);
  const step = (WIDE - RIGHT) / bars.length;
  const at = new Map(bars.map((bar, n) => [bar.time, (n + 0.5) * step]));
  const lines = model.overlays.map(({ points }) => points.filter((one) => at.has(one.time) && one.value !== undefined));
  const scale = scaleOf([...bars.flatMap((bar) => [bar.high, bar.low]), ...lines.flat().map((one) => one.value)], PRICE_HIGH);
  const total = PRICE_HIGH + VOLUME_HIGH + model.panes.length * PANE_HIGH;
  const svg = s(
    "svg",
    { class: "plain", viewBox: `0 0 ${WIDE} ${total + 20}`, "aria-hidden": "true" },
    grid(scale, model.price),
    candles(bars, step, scale),
    lines.map((points, n) => polyline(points, at, scale, n)),
    volumes(bars, step),
    model.markers.filter((one) => at.has(one.time)).map((one) => marker(one, bars, at, scale)),
    model.panes.map((members, n) => pane(members, at, PRICE_HIGH + VOLUME_HIGH + n * PANE_HIGH)),
    s("text", { x: 0, y: total + 14 }, day(bars[0].time)),
    s("text", { x: WIDE - RIGHT, y: total + 14, "text-anchor": "end" }, day(bars.at(-1).time)),
  );
  const place = h("div", {}, svg, legend(model.overlays, model.panes));
  node.append(place);
  return { destroy: () => place.remove() };
}

/** Maps values to heights from `top`, with a margin. */
function scaleOf(values, high, top = 0) {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const y = (value) => top + 10 + (1 - (value - low) / span) * (high - 20);
  return { y, low, span };
}

function grid({ y, low, span }, words) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = low + part * span;
    return [
      s("line", { class: "grid", x1: 0, x2: WIDE - RIGHT, y1: y(value), y2: y(value) }),
      s("text", { x: WIDE - RIGHT + 6, y: y(value) + 4 }, words(Number.isInteger(low) ? Math.round(value) : value)),
    ];
  });
}

function candles(bars, step, { y }) {
  const width = Math.max(1, step * 0.64);
  return bars.map((bar, n) => {
    const x = (n + 0.5) * step;
    const [top, bottom] = [Math.max(bar.open, bar.close), Math.min(bar.open, bar.close)];
    return s(
      "g",
      { class: bar.close >= bar.open ? "up" : "down" },
      s("line", { x1: x, x2: x, y1: y(bar.high), y2: y(bar.low) }),
      s("rect", { x: x - width / 2, width, y: y(top), height: Math.max(1, y(bottom) - y(top)) }),
    );
  });
}

function volumes(bars, step) {
  const most = Math.max(1, ...bars.map((bar) => bar.volume ?? 0));
  return bars.map((bar, n) => {
    const height = ((bar.volume ?? 0) / most) * (VOLUME_HIGH - 8);
    const shape = { x: n * step, width: Math.max(1, step * 0.64), y: PRICE_HIGH + VOLUME_HIGH - height, height };
    return s("rect", { class: bar.close >= bar.open ? "volume up" : "volume down", ...shape });
  });
}

function polyline(points, at, { y }, n) {
  const d = points.map((one) => `${at.get(one.time).toFixed(1)},${y(one.value).toFixed(1)}`).join("L");
  return d ? s("path", { class: `series series-${(n % 5) + 1}`, d: `M${d}` }) : null;
}

function marker({ time, rising }, bars, at, { y }) {
  const bar = bars.find((one) => one.time === time);
  const x = at.get(time);
  const edge = rising ? y(bar.low) + 6 : y(bar.high) - 6;
  const far = edge + (rising ? 9 : -9);
  return s("path", { class: rising ? "turn up" : "turn down", d: `M${x},${edge}L${x - 5},${far}L${x + 5},${far}Z` });
}

function pane(members, at, top) {
  const known = members.map(({ points }) => points.filter((one) => at.has(one.time) && one.value !== undefined));
  const values = known.flat().map((one) => one.value);
  if (!values.length) return null;
  const scale = scaleOf(values, PANE_HIGH, top);
  return [
    s("line", { class: "grid", x1: 0, x2: WIDE, y1: top, y2: top }),
    known.map((points, n) => polyline(points, at, scale, n)),
    [scale.low, scale.low + scale.span].map((value) => s("text", { x: WIDE - RIGHT + 6, y: scale.y(value) + 4 }, value.toFixed(1))),
  ];
}
