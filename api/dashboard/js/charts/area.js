// A line over time with its area, as SVG: for a glance, not for reading values off.

import { h, s } from "../dom.js";

const WIDE = 600;
const HIGH = 120;

/** `values` (numbers, oldest first) as a line; `label` says in words what it shows. */
export function areaChart(values, label, rising) {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const point = (value, at) => {
    const x = (at / Math.max(1, values.length - 1)) * WIDE;
    const y = 4 + (1 - (value - low) / span) * (HIGH - 8);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const line = values.map(point).join("L");
  return h(
    "div",
    { class: `area ${rising ? "up" : "down"}` },
    s(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      s("path", { class: "shade", d: `M${line}L${WIDE},${HIGH}L0,${HIGH}Z` }),
      s("path", { class: "line", d: `M${line}` }),
    ),
  );
}
