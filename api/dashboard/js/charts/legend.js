// The names of the lines of a chart in their colours.

import { h } from "../dom.js";

/** One entry for each overlay and each line of a pane, coloured in their order. */
export function legend(overlays, panes) {
  const names = [overlays, ...panes].filter((group) => group.length);
  return h(
    "div",
    { class: "key-lines" },
    names.map((group) => h("p", {}, group.map(({ name }, at) => h("span", { class: `series-${(at % 5) + 1}` }, name)))),
  );
}
