// Icons: 16 x 16 outlines in the colour of the text, hidden from screen readers.

import { s } from "./dom.js";

const PATHS = {
  market: "M2 13.5h12M3.5 11V7M8 11V3M12.5 11V5.5",
  movers: "M2 12l4-4.5 3 2.5L14 4M10 4h4v4",
  screen: "M2 3.5h12L9.5 8.5V13l-3-1.5v-3z",
  watchlist: "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
  record: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5M8 5.2a2.8 2.8 0 1 0 2.8 2.8M8 8l5.5-5.5",
  quality: "M8 1.8l5 2v3.7c0 3.2-2.1 5.6-5 6.7-2.9-1.1-5-3.5-5-6.7V3.8zM5.7 8l1.7 1.7 3-3.2",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4L14 14",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3.1 3.1l1 1M11.9 11.9l1 1M12.9 3.1l-1 1M4.1 11.9l-1 1",
  moon: "M13 9.8A5.7 5.7 0 0 1 6.2 3 5.7 5.7 0 1 0 13 9.8z",
  warning: "M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.4v.6",
  info: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 7.2v4M8 4.6v.7",
  check: "M3 8.5l3.2 3.2L13 4.8",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  refresh: "M13.2 8A5.2 5.2 0 1 1 11.5 4.2M11.8 1.5v3h-3",
  spark: "M8 1.5l1.6 4.4L14 7.5l-4.4 1.6L8 13.5 6.4 9.1 2 7.5l4.4-1.6z",
};

/** An outline icon; `solid` fills it. */
export function icon(name, solid = false) {
  return s(
    "svg",
    { class: solid ? "icon solid" : "icon", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    s("path", { d: PATHS[name] }),
  );
}

/** A small solid mark that says up, down or flat without colour. */
export function mark(direction) {
  const d = direction > 0 ? "M5 1.5L9 8.5H1z" : direction < 0 ? "M5 8.5L1 1.5h8z" : "M1.5 4h7v2h-7z";
  return s("svg", { class: "mark", viewBox: "0 0 10 10", width: 8, height: 8, "aria-hidden": "true" }, s("path", { d }));
}
