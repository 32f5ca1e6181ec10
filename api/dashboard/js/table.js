// Tables: a caption, column headers, the first cell of a row as its header.

import { h } from "./dom.js";

/**
 * A table of `rows`. A column is {label, cell(row), number?, wide?, sort?}: `wide` ones go on a narrow screen, `sort`
 * is {href, state} of a column that the API can sort by. `quiet` hides the caption from sight.
 */
export function table(caption, columns, rows, { quiet = true, row: rowAttributes = () => ({}) } = {}) {
  return h(
    "table",
    {},
    h("caption", { class: quiet ? "sr" : null }, caption),
    h("thead", {}, h("tr", {}, columns.map(header))),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          rowAttributes(row),
          columns.map((column, at) =>
            h(at ? "td" : "th", { class: shape(column), scope: at ? null : "row" }, column.cell(row)),
          ),
        ),
      ),
    ),
  );
}

function shape({ number, wide, kind }) {
  return [number && "num", wide && "wide", kind].filter(Boolean).join(" ") || null;
}

function header(column) {
  const { sort, label } = column;
  const order = sort?.state ? (sort.state === "descending" ? "▼" : "▲") : "";
  return h(
    "th",
    { scope: "col", class: shape(column), "aria-sort": sort?.state ?? null },
    sort ? h("a", { href: sort.href }, label, h("span", { class: "order", "aria-hidden": "true" }, order)) : label,
  );
}
