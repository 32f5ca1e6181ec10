// What is known about the quality of one symbol's prices; asked for when it is opened.

import { getOrNull } from "../api.js";
import { h } from "../dom.js";
import { day, number, share } from "../format.js";
import { known, t } from "../i18n.js";
import { empty, fillIn } from "../states.js";
import { figure } from "../widgets.js";

/** A closed box that loads when it is opened. */
export function hintsPanel(symbol, signal) {
  const body = h("div", {});
  let asked = false;
  const open = (event) => {
    if (!event.target.open || asked) return;
    asked = true;
    fillIn(body, signal, async () => hints((await getOrNull("market/quality", { symbol }, signal))?.symbol), 4);
  };
  return h("details", { class: "card fold", ontoggle: open }, h("summary", {}, h("h2", {}, t("hints.title"))), body);
}

function hints(quality) {
  if (!quality) return empty(t("hints.none"));
  const warned = Object.entries({ ...quality.quarantined, ...quality.warnings });
  return [
    h(
      "dl",
      { class: "figures two" },
      figure(t("quality.completeness"), share(quality.completeness, 2), t("quality.sessions", { expected: number(quality.sessions_expected) })),
      figure(t("quality.gaps-one"), number(quality.gaps.length)),
    ),
    warned.length
      ? h("ul", { class: "pairs" }, warned.map(([name, count]) => h("li", {}, h("span", {}, known(`warning.${name}`, known(`reason.${name}`, name))), h("b", {}, number(count)))))
      : h("p", { class: "muted" }, t("quality.none-warned")),
    quality.corporate_actions?.length
      ? h("p", { class: "muted" }, t("hints.action", { date: day(quality.corporate_actions.at(-1).date), count: number(quality.corporate_actions.length) }))
      : null,
  ];
}
