// The past signals of a symbol and what came of them.

import { h } from "../dom.js";
import { change, day, number, price, share } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { empty } from "../states.js";
import { table } from "../table.js";
import { panel, signalBadge } from "../widgets.js";

const HORIZON = "5";
const SHOWN = 20;

/** The newest signals; `record` is null where none was ever issued. */
export function signalsPanel(record) {
  if (!record?.signals?.length) return panel(t("signals.title"), null, empty(t("signals.none")));
  const tally = record.overall.horizons[HORIZON];
  const rows = record.signals.slice(0, SHOWN);
  return panel(
    t("signals.title"),
    t("signals.count", { count: number(record.issued) }),
    h("p", { class: "muted" }, tally?.scored ? t("signals.rate", { rate: share(tally.hit_rate, 1), scored: number(tally.scored) }) : t("signals.unscored")),
    table(t("signals.caption"), columns(), rows),
  );
}

function columns() {
  return [
    { label: t("col.date"), kind: "date", cell: (one) => day(one.as_of) },
    { label: t("col.signal"), cell: (one) => signalBadge(one.signal) },
    { label: t("col.confidence"), number: true, wide: true, cell: (one) => share(one.confidence) },
    { label: t("col.close"), number: true, wide: true, cell: (one) => price(one.close) },
    { label: t("signals.excess"), number: true, cell: (one) => excess(one.outcomes?.[HORIZON]) },
    { label: t("signals.outcome"), cell: (one) => outcome(one.outcomes?.[HORIZON]) },
  ];
}

const excess = (one) => (typeof one?.excess === "number" ? change(one.excess * 100) : "–");

function outcome(one) {
  if (!one) return h("span", { class: "muted" }, t("signals.pending"));
  if (one.hit === null) return h("span", { class: "muted" }, t("signals.no-price"));
  return h("span", { class: one.hit ? "outcome hit" : "outcome miss" }, icon(one.hit ? "check" : "close"), t(one.hit ? "signals.hit" : "signals.miss"));
}
