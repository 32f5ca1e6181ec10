// The newest value of every indicator, by family.

import { h } from "../dom.js";
import { number } from "../format.js";
import { known, t } from "../i18n.js";
import { empty } from "../states.js";
import { panel } from "../widgets.js";
import { catalogue, FAMILIES } from "./catalogue.js";

/** The indicators of an insight's analysis; null ones say why. */
export async function indicatorsPanel(insight) {
  const { ai } = insight;
  if (!ai) return panel(t("indicators.title"), null, empty(t("indicators.none")));
  const listed = await catalogue().catch(() => []);
  const about = new Map(listed.map((one) => [one.name, one]));
  const families = new Map();
  for (const name of Object.keys(ai.indicators)) {
    const family = about.get(name)?.family ?? "other";
    families.set(family, [...(families.get(family) ?? []), name]);
  }
  const order = [...FAMILIES, "other"].filter((family) => families.has(family));
  const line = (name) => {
    const value = ai.indicators[name];
    const reason = ai.nulls?.[name]?.reason;
    const words = value === null ? (reason ? known(`null.${reason}`, reason) : "–") : number(value, Math.abs(value) >= 1000 ? 0 : 2);
    return h("li", {}, h("span", {}, h("code", {}, name)), h("b", { class: value === null ? "muted" : null }, words));
  };
  return panel(
    t("indicators.title"),
    t(ai.adjusted ? "indicators.adjusted" : "indicators.raw"),
    order.map((family, n) =>
      h("details", { class: "more", open: n === 1 }, h("summary", {}, known(`family.${family}`, family), h("small", {}, number(families.get(family).length))), h("ul", { class: "pairs tight" }, families.get(family).map(line))),
    ),
  );
}
