// The track record: every signal ever issued, and how often they came true.

import { get } from "../api.js";
import { reliabilityChart } from "../charts/reliability.js";
import { h, put } from "../dom.js";
import { change, day, month, number, share } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { link } from "../router.js";
import { fillIn } from "../states.js";
import { table } from "../table.js";
import { card, figure, signalBadge, tabs } from "../widgets.js";

const HORIZONS = ["1", "5", "20"];

export const title = () => t("nav.record");

export function render(page, { heading, query, signal, tell }) {
  const asked = query.get("sessions");
  const horizon = HORIZONS.includes(asked) ? asked : "5";
  const items = HORIZONS.map((one) => ({
    label: t(one === "1" ? "record.after-one" : "record.after", { sessions: one }),
    href: link(["record"], { sessions: one }),
    current: one === horizon,
  }));
  const body = h("div", { class: "stackdown" });
  const date = h("p", { class: "date" });
  put(page, h("div", { class: "page-head" }, heading, date), h("p", { class: "lead" }, t("record.lead")), tabs(t("record.horizon"), items), body);
  const make = async () => {
    const record = await get("track-record", {}, signal);
    tell(record.freshness);
    put(date, t("record.span", { first: day(record.first), last: day(record.last) }));
    return parts(record, horizon);
  };
  fillIn(body, signal, make, 14);
}

const at = (tallies, horizon) => tallies.horizons[horizon];

function parts(record, horizon) {
  const overall = at(record.overall, horizon);
  const groups = record.by_confidence.map((one) => ({ ...one, tally: at(one, horizon) })).filter((one) => one.tally.signals);
  return [
    h("dl", { class: "figures card" }, overallFigures(overall, at(record.late, horizon))),
    h(
      "div",
      { class: "duo even" },
      card(t("record.reliability"), h("p", { class: "muted" }, t("record.reliability-note")), reliability(groups, horizon)),
      h(
        "div",
        { class: "stackdown" },
        card(t("record.by-signal"), signalTable(record.by_signal, horizon)),
        card(t("record.by-model"), modelTable(record.by_model, horizon)),
        card(t("record.by-month"), monthTable([...record.by_month].reverse(), horizon)),
      ),
    ),
    h("ul", { class: "disclaimers" }, disclaimers(record).map((text) => h("li", {}, text))),
  ];
}

/** The disclaimers of the API, which are English, in the language of the page. */
const disclaimers = ({ by_model: models, simulated }) => [
  ...(simulated ? [t("record.simulated")] : []),
  ...models.filter((one) => !one.proven_skill).map((one) => t("record.doubt", { model: `${one.name} ${one.version}` })),
  t("record.reading"),
];

function overallFigures(tally, late) {
  const interval = tally.hit_rate_interval;
  return [
    figure(t("record.hit-rate"), share(tally.hit_rate, 1), interval ? t("record.interval", { low: share(interval[0], 1), high: share(interval[1], 1) }) : t("record.no-interval")),
    figure(t("record.mean-confidence"), share(tally.mean_confidence, 1), t("record.mean-confidence-note")),
    figure(t("record.direction"), share(tally.direction_hit_rate, 1), t("record.direction-note")),
    figure(t("record.excess"), percent(tally.mean_excess), t("record.excess-note")),
    figure(t("record.scored"), number(tally.scored), t("record.pending", { pending: number(tally.pending), sessions: number(tally.sessions) })),
    late.signals ? figure(t("record.late"), number(late.signals), t("record.late-note")) : null,
  ];
}

const percent = (ratio) => change(ratio === null ? null : ratio * 100);

function reliability(groups, horizon) {
  const scored = groups.filter((one) => one.tally.scored);
  const columns = [
    { label: t("col.confidence"), cell: (one) => t("record.bucket", { low: share(one.at_least), high: share(one.below) }) },
    { label: t("record.said"), number: true, cell: (one) => share(one.tally.mean_confidence, 1) },
    { label: t("record.happened"), number: true, cell: (one) => share(one.tally.hit_rate, 1) },
    { label: t("record.interval-95"), number: true, wide: true, cell: (one) => span(one.tally.hit_rate_interval) },
    { label: t("record.scored"), number: true, cell: (one) => number(one.tally.scored) },
  ];
  return [
    scored.length ? reliabilityChart(scored) : null,
    table(t("record.reliability-table", { sessions: horizon }), columns, groups),
  ];
}

const span = (interval) => (interval ? `${share(interval[0], 1)} – ${share(interval[1], 1)}` : "–");

const rates = (horizon) => [
  { label: t("record.scored"), number: true, cell: (one) => number(at(one, horizon).scored) },
  { label: t("record.hit-rate"), number: true, cell: (one) => share(at(one, horizon).hit_rate, 1) },
  { label: t("record.said"), number: true, wide: true, cell: (one) => share(at(one, horizon).mean_confidence, 1) },
  { label: t("record.excess"), number: true, cell: (one) => percent(at(one, horizon).mean_excess) },
];

function signalTable(rows, horizon) {
  return table(t("record.by-signal"), [{ label: t("col.signal"), cell: (one) => signalBadge(one.signal) }, ...rates(horizon)], rows);
}

function modelTable(rows, horizon) {
  const name = {
    label: t("record.model"),
    cell: (one) => [
      h("span", { class: "stacked-name" }, h("b", {}, one.name), h("small", { class: "muted" }, one.version)),
      h("small", { class: one.proven_skill ? "skill proven" : "skill" }, icon(one.proven_skill ? "check" : "warning"), t(one.proven_skill ? "skill.proven" : "skill.unproven")),
    ],
  };
  return table(t("record.by-model"), [name, ...rates(horizon)], rows);
}

function monthTable(rows, horizon) {
  return table(t("record.by-month"), [{ label: t("record.month"), cell: (one) => month(one.month) }, ...rates(horizon)], rows);
}
