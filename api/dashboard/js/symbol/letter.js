// A written explanation with what it rests on.

import { h } from "../dom.js";
import { ago, day, dollars, instant, number, price, share } from "../format.js";
import { known, t } from "../i18n.js";
import { icon } from "../icons.js";
import { table } from "../table.js";
import { signalBadge } from "../widgets.js";

const DATE = /^\d{4}-\d\d-\d\d$/;

/** The text, its levels, its sources, and who has written it, when, for how much. */
export function letter(text) {
  const age = text.age_seconds ?? (Date.now() - new Date(text.event_time)) / 1000;
  const template = text.provider === "template";
  return h(
    "div",
    { class: "letter" },
    text.served === "stale" ? h("p", { class: "notice stale" }, icon("warning"), h("span", {}, t("explain.stale"))) : null,
    h("p", { class: "stance" }, signalBadge(text.stance), h("span", { class: "muted" }, t("explain.stance", { sure: known(`sure.${text.stance_confidence}`, text.stance_confidence), horizon: known(`horizon.${text.horizon}`, text.horizon) }))),
    h("div", { class: "prose", lang: text.language }, h("p", { class: "summary" }, text.summary), points("explain.drivers", text.drivers), points("explain.risks", text.risks)),
    text.levels?.length ? levels(text.levels) : null,
    text.cited?.length ? sources(text) : null,
    h(
      "dl",
      { class: "credits" },
      credit("explain.author", template ? t("explain.template") : `${text.provider} · ${text.model}`),
      credit("explain.written", h("time", { datetime: text.event_time, title: instant(text.event_time) }, ago(age))),
      credit("explain.facts", day(text.as_of)),
      credit("explain.cost", text.usage?.cost_usd ? dollars(text.usage.cost_usd) : t("explain.free")),
      text.grounding?.claims ? credit("explain.checked", checked(text.grounding)) : null,
      text.served ? credit("explain.served", known(`served.${text.served}`, text.served)) : null,
    ),
    h("p", { class: "disclaimer", lang: text.language }, text.disclaimer),
  );
}

const checked = ({ claims, faults, removed }) =>
  t("explain.claims", { claims: number(claims), share: share((claims - faults) / claims), removed: number(removed?.length ?? 0) });

const credit = (key, value) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value));

/** A list in the language of the text, below a heading in that of the page. */
function points(key, items) {
  if (!items?.length) return null;
  return [h("h3", { class: "minor", lang: document.documentElement.lang }, t(key)), h("ul", {}, items.map((one) => h("li", {}, one)))];
}

function levels(list) {
  return h(
    "ul",
    { class: "chips levels", "aria-label": t("explain.levels") },
    list.map((one) => h("li", { class: "chip" }, `${t(`level.${one.kind}`)} `, h("b", {}, price(one.price, !Number.isInteger(Number(one.price)))))),
  );
}

/** The facts of the text; their names are in its language. */
function sources({ cited, language }) {
  const columns = [
    { label: t("explain.fact"), cell: (one) => h("span", { lang: language }, one.name) },
    { label: t("explain.value"), number: true, cell: (one) => valueOf(one, language) },
    { label: t("col.date"), number: true, wide: true, cell: (one) => day(one.date) },
  ];
  return h(
    "details",
    { class: "more" },
    h("summary", {}, t("explain.sources"), h("small", {}, number(cited.length))),
    table(t("explain.sources"), columns, cited),
  );
}

/** A number with its unit, a date, or a word: of a code in the language of the page, else in that of the text. */
function valueOf({ id, value, unit }, language) {
  if (typeof value === "number") return unit ? `${number(value, 2)}${unit === "%" ? "" : "\u00a0"}${known(`unit.${unit}`, unit)}` : number(value, 2);
  if (DATE.test(value)) return day(value);
  // `signal` and `withheld` are ids of facts and families of words.
  const words = known(`${id}.${value}`, known(`word.${value.replaceAll(" ", "_")}`, null));
  return words ?? h("span", { lang: language }, value);
}
