// The line below the header that says when data are simulated, old or of a session still under way.

import { h, put } from "./dom.js";
import { day } from "./format.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

let last = null;

/** Show what the `freshness` block of the view's main answer calls for. */
export function tell(freshness) {
  last = freshness;
  const lines = [];
  if (freshness?.simulated) lines.push(["simulated", t("banner.simulated")]);
  if (freshness?.sessions_behind > 0) {
    const values = { sessions: freshness.sessions_behind, date: day(freshness.as_of) };
    lines.push(["stale", t(freshness.sessions_behind === 1 ? "banner.stale-one" : "banner.stale", values)]);
  }
  if (freshness?.provisional) lines.push(["provisional", t("banner.provisional", { date: day(freshness.as_of) })]);
  if (freshness?.degraded?.length) lines.push(["stale", t("banner.degraded")]);
  show(lines);
}

/** The same again, in the language of now. */
export const retell = () => tell(last);

function show(lines) {
  put(
    document.getElementById("banner"),
    lines.map(([kind, text]) =>
      h("p", { class: `notice ${kind}` }, icon(kind === "provisional" ? "info" : "warning"), h("span", {}, text)),
    ),
  );
}
