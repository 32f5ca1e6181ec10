// The choice of one more indicator, and of its parameters where it has some.

import { h, put } from "../dom.js";
import { known, t } from "../i18n.js";
import { describe, FAMILIES } from "./catalogue.js";

/** A list of the indicators by family; `add` gets `rsi_14`, or `rsi:21` where parameters were asked for. */
export function adder(list, names, add) {
  const groups = FAMILIES.map((family) => [family, list.filter((one) => one.family === family && !names.includes(one.name))]);
  const options = groups
    .filter(([, members]) => members.length)
    .map(([family, members]) =>
      h("optgroup", { label: known(`family.${family}`, family) }, members.map((one) => h("option", { value: one.name, title: describe(one) }, one.name))),
    );
  const asked = h("span", { class: "contents" });
  const changed = ({ target }) => {
    const indicator = list.find((one) => one.name === target.value);
    if (indicator?.parameters?.length) put(asked, parameters(indicator, add)).querySelector("input").focus();
    else if (indicator) add(indicator.name);
    else put(asked);
  };
  const select = h("select", { id: "add-indicator", "aria-label": t("chart.add"), onchange: changed }, h("option", { value: "" }, `+ ${t("chart.add")}`), options);
  return [select, asked];
}

function parameters(indicator, add) {
  const inputs = indicator.parameters.map(({ name, default: usual, min, max }) =>
    h("label", { class: "parameter" }, h("span", {}, known(`parameter.${name}`, name)), h("input", { type: "number", value: usual, min, max, step: "any", required: true })),
  );
  const submit = (event) => {
    event.preventDefault();
    const values = [...event.target.querySelectorAll("input")].map((one) => one.value);
    add([indicator.name, ...values].join(":"));
  };
  return h("form", { class: "parameters", "aria-label": indicator.name, onsubmit: submit }, inputs, h("button", { type: "submit", class: "button" }, t("watch.add")));
}
