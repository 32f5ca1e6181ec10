// The last session as a Vietnamese price board shows it.

import { h } from "../dom.js";
import { compact, day, fullPrice, NONE, price } from "../format.js";
import { t } from "../i18n.js";
import { boardColours, remember } from "../store.js";
import { limits } from "./limits.js";
import { moved } from "../widgets.js";

/** The close, its change, and the other figures of the last session. */
export function boardPanel(detail, prices) {
  const [before, last] = (prices?.bars ?? []).length > 1 ? prices.bars : [null, prices?.bars?.[0] ?? null];
  const index = detail.index;
  const reference = before && last ? referenceOf(before, last, index) : null;
  const change = detail.change_percent ?? (reference && last?.close ? (last.close / reference - 1) * 100 : null);
  const edges = index || !reference ? null : limits(reference, detail.exchange);
  const shade = (value) => (boardColours() && !index ? shadeOf(value, reference, edges) : null);
  const cell = (name, value) => pair(name, price(value, index), shade(value));
  const section = h("section", { class: "board card", "aria-label": t("board.label") });
  const redraw = () => {
    section.replaceWith(boardPanel(detail, prices));
    document.getElementById("board-colours").focus();
  };
  section.append(
    h(
      "div",
      { class: "board-main" },
      h("p", { class: "big" }, h("span", { class: shade(detail.close) }, fullPrice(detail.close, index)), tag(shade(detail.close)), moved(change)),
      h("p", { class: "muted" }, t(last?.provisional ? "board.now" : "board.close", { date: day(detail.last) })),
    ),
    h(
      "dl",
      { class: "quotes" },
      index ? null : [cell(t("board.reference"), reference), edges ? [cell(t("board.ceiling"), edges.ceiling), cell(t("board.floor"), edges.floor)] : null],
      last ? [cell(t("board.open"), last.open), cell(t("board.high"), last.high), cell(t("board.low"), last.low)] : null,
      pair(t("board.volume"), last ? compact(last.volume) : NONE),
    ),
    index ? "" : colourSwitch(redraw),
  );
  return section;
}

/** The word for a colour that says more than up or down. */
function tag(shade) {
  const name = /^px-(.*)/.exec(shade ?? "")?.[1];
  return name ? h("small", { class: `tag ${shade}` }, t(`board.${name}`)) : null;
}

function pair(name, words, shade = null) {
  return h("div", {}, h("dt", {}, name), h("dd", { class: shade }, words));
}

/** The close before, on the terms of the last session: a dividend or split between the two lowers it. */
function referenceOf(before, last, index) {
  if (!before.close) return null;
  const known = before.adjusted_close && last.adjusted_close && last.close;
  const factor = known ? before.adjusted_close / before.close / (last.adjusted_close / last.close) : 1;
  // Rounding of adjusted prices is no corporate action.
  return index || Math.abs(factor - 1) < 0.002 ? before.close : Math.round((before.close * factor) / 10) * 10;
}

function shadeOf(value, reference, edges) {
  if (!value || !reference) return null;
  if (edges && value >= edges.ceiling) return "px-ceiling";
  if (edges && value <= edges.floor) return "px-floor";
  if (value === reference) return "px-reference";
  return value > reference ? "up" : "down";
}

function colourSwitch(changed) {
  const set = (event) => {
    remember("board", event.target.checked ? "on" : "off");
    changed();
  };
  return h(
    "label",
    { class: "tick" },
    h("input", { type: "checkbox", id: "board-colours", checked: boardColours(), onchange: set }),
    h("span", {}, t("board.colours")),
    h("span", { class: "key" }, h("i", { class: "px-ceiling" }, t("board.ceiling")), h("i", { class: "px-reference" }, t("board.reference")), h("i", { class: "px-floor" }, t("board.floor"))),
  );
}
