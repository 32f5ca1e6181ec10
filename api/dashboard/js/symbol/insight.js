// The insight: signal, confidence and what it is worth, its parts and reasons.

import { h } from "../dom.js";
import { day, number, share, significant } from "../format.js";
import { known, t } from "../i18n.js";
import { icon } from "../icons.js";
import { asOf, bar, inEnglish, panel, signalBadge, stack } from "../widgets.js";

const HORIZON = "5";
const KIND = { BUY: ["up", 1], HOLD: ["flat", 0], SELL: ["down", -1] };

/** The card of the current insight; `record` is that of the whole market, or null. */
export function insightPanel(insight, record) {
  const { ai } = insight;
  return panel(
    t("insight.title"),
    asOf(insight.as_of),
    insight.signal ? verdict(insight) : withheld(insight.withheld, ai?.bars),
    insight.signal ? worth(insight, record) : null,
    agreement(insight.agreement),
    insight.parts?.length ? [h("h3", { class: "minor" }, t("insight.parts")), partList(insight.parts)] : null,
    ai?.reasons?.length ? [h("h3", { class: "minor" }, t("insight.reasons")), reasonList(ai.reasons, insight.signal)] : null,
  );
}

function verdict(insight) {
  const chances = insight.ai?.probabilities;
  return h(
    "div",
    { class: "verdict" },
    h("p", { class: "verdict-line" }, signalBadge(insight.signal), h("b", {}, share(insight.confidence)), h("span", {}, t(calibrated(insight) ? "insight.probability" : "insight.score"))),
    h("p", { class: "muted" }, t("insight.meaning")),
    chances ? stack(Object.keys(KIND).map((name) => chance(name, chances[name])), t("insight.probabilities")) : null,
  );
}

/** One of the three as a piece of the bar. */
const chance = (name, value) => ({
  count: value,
  words: share(value),
  kind: KIND[name][0],
  way: KIND[name][1],
  label: t(`signal.${name}`),
});

const calibrated = (insight) => insight.calibrated ?? true;

function withheld(reason, bars) {
  if (!reason) return h("p", { class: "muted" }, t("signal.none"));
  return h(
    "div",
    { class: "verdict" },
    h("p", { class: "verdict-line" }, signalBadge(null), h("span", {}, known(`withheld.${reason.reason}`, reason.reason))),
    h("p", { class: "muted" }, known(`withheld-why.${reason.reason}`, inEnglish(reason.detail), { bars: number(bars) })),
  );
}

/** What the confidence is worth: calibrated or not, how such confidences came out, whether the model has shown skill. */
function worth(insight, record) {
  const model = insight.ai?.model;
  const skill = insight.proven_skill ?? model?.proven_skill ?? null;
  const lines = [[calibrated(insight), t(standing(insight))]];
  lines.push([null, bucketSentence(insight.confidence, record)]);
  if (skill !== null) lines.push([skill, t(skill ? "worth.proven" : "worth.unproven", { model: model?.name ?? "" })]);
  return h(
    "ul",
    { class: "worth", "aria-label": t("worth.label") },
    lines.map(([good, text]) => h("li", { class: good === false ? "doubt" : null }, icon(good === null ? "record" : good ? "check" : "warning"), h("span", {}, text))),
  );
}

function standing(insight) {
  if (calibrated(insight)) return "worth.calibrated";
  return insight.agreement === "agree" || insight.agreement === "conflict" ? "worth.moved" : "worth.raw";
}

function bucketSentence(confidence, record) {
  const bucket = record?.by_confidence?.find((one) => confidence >= one.at_least && (confidence < one.below || one.below >= 1));
  const tally = bucket?.horizons?.[HORIZON];
  if (!tally?.scored) return t("worth.no-record");
  const values = {
    count: number(tally.scored),
    low: share(bucket.at_least),
    high: share(bucket.below),
    rate: share(tally.hit_rate, 1),
  };
  const interval = tally.hit_rate_interval;
  if (!interval) return t("worth.bucket", values);
  return t("worth.bucket-interval", { ...values, from: share(interval[0], 1), to: share(interval[1], 1) });
}

function agreement(kind) {
  if (kind !== "agree" && kind !== "conflict") return null;
  const good = kind === "agree";
  return h("p", { class: good ? "accord" : "accord doubt" }, icon(good ? "check" : "warning"), h("span", {}, t(`agreement.${kind}`)));
}

function partList(parts) {
  return h(
    "ul",
    { class: "parts" },
    parts.map((part) =>
      h(
        "li",
        { class: part.used ? null : "unused" },
        h("p", {}, h("b", {}, t(`part.${part.source}`)), part.view ? signalBadge(part.view) : h("span", { class: "badge none" }, t("signal.none")), part.confidence === null ? null : share(part.confidence)),
        h(
          "p",
          { class: "muted" },
          [
            part.used ? t("part.weight", { weight: share(part.weight, 1) }) : t("part.unused"),
            typeof part.reliability === "number" ? t("part.reliability", { value: number(part.reliability, 2) }) : null,
            part.as_of ? day(part.as_of) : null,
            part.age_sessions ? t("part.age", { sessions: number(part.age_sessions) }) : null,
          ]
            .filter(Boolean)
            .join(" · "),
        ),
        part.reason ? h("p", { class: "muted" }, known(`part-reason.${part.reason}`, part.reason)) : null,
      ),
    ),
  );
}

function reasonList(reasons, signal) {
  const most = Math.max(...reasons.map((one) => Math.abs(one.weight)));
  return h(
    "ul",
    { class: "reasons" },
    reasons.map((one) =>
      h(
        "li",
        { class: one.weight >= 0 ? "for" : "against" },
        h("span", { class: "reason-head" }, h("code", {}, one.feature), h("span", {}, significant(one.value))),
        bar(Math.abs(one.weight) / most, one.weight >= 0 ? "weight for" : "weight against"),
        h("span", { class: "side" }, t(one.weight >= 0 ? "reason.for" : "reason.against")),
        h("p", {}, reasonSentence(one, signal) ?? inEnglish(one.text)),
      ),
    ),
  );
}

/** A reason in the language of the page; null where the page has no name for it, or what is usual is not told. */
function reasonSentence({ feature, value, usual, weight }, signal) {
  const name = known(`feature.${feature}`, null);
  if (name === null || typeof usual !== "number" || !signal) return null;
  const side = value > usual ? "above" : "below";
  const sentence = t(`reason.${side}-${weight >= 0 ? "for" : "against"}`, {
    feature: name,
    value: significant(value),
    usual: significant(usual),
    signal: t(`signal.${signal}`),
  });
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
