// A reliability chart: what was said against what happened (a calibrated forecast lies on the diagonal).

import { h, s } from "../dom.js";
import { share } from "../format.js";
import { t } from "../i18n.js";

const SIDE = 260;
const LEFT = 44;
const BELOW = 34;
const RADIUS = [3, 9];

/** Points of buckets with `tally.mean_confidence`, `tally.hit_rate`, its interval and `tally.scored`. */
export function reliabilityChart(groups) {
  const ends = groups.flatMap(({ tally }) => [tally.mean_confidence, tally.hit_rate, ...(tally.hit_rate_interval ?? [])]);
  const low = Math.max(0, Math.floor((Math.min(...ends) - 0.02) * 10) / 10);
  const high = Math.min(1, Math.ceil((Math.max(...ends) + 0.02) * 10) / 10);
  const most = Math.max(...groups.map(({ tally }) => tally.scored));
  const x = (value) => LEFT + ((value - low) / (high - low)) * SIDE;
  const y = (value) => 6 + (1 - (value - low) / (high - low)) * SIDE;
  const ticks = [];
  for (let value = low; value <= high + 1e-9; value += 0.1) ticks.push(value);
  const grid = ticks.map((value) => [
    s("line", { class: "grid", x1: LEFT, x2: LEFT + SIDE, y1: y(value), y2: y(value) }),
    s("line", { class: "grid", y1: 6, y2: 6 + SIDE, x1: x(value), x2: x(value) }),
    s("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, share(value)),
    s("text", { x: x(value), y: SIDE + 22, "text-anchor": "middle" }, share(value)),
  ]);
  const points = groups.map(({ tally }) => {
    const interval = tally.hit_rate_interval;
    const at = x(tally.mean_confidence);
    const size = RADIUS[0] + (RADIUS[1] - RADIUS[0]) * Math.sqrt(tally.scored / most);
    return [
      interval ? s("line", { class: "whisker", x1: at, x2: at, y1: y(interval[0]), y2: y(interval[1]) }) : null,
      s("circle", { class: "dot", cx: at, cy: y(tally.hit_rate), r: size }),
    ];
  });
  const words = groups.map(({ tally }) => `${share(tally.mean_confidence)} → ${share(tally.hit_rate)}`).join(", ");
  return h(
    "figure",
    { class: "reliability" },
    s(
      "svg",
      { viewBox: `0 0 ${LEFT + SIDE + 12} ${SIDE + BELOW + 14}`, role: "img", "aria-label": `${t("record.reliability")}: ${words}` },
      grid,
      s("line", { class: "diagonal", x1: x(low), y1: y(low), x2: x(high), y2: y(high) }),
      points,
      s("text", { class: "axis-name", x: LEFT + SIDE / 2, y: SIDE + BELOW + 8, "text-anchor": "middle" }, t("record.said")),
    ),
    h("figcaption", {}, t("record.chart-note")),
  );
}
