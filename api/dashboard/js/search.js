// The box in the header that finds a symbol: a combobox with a list (WAI-ARIA practices, "combobox").

import { get } from "./api.js";
import { announce, h, put } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { go, link } from "./router.js";
import { nameOf } from "./widgets.js";

const PAUSE_MS = 120;
const MOST = 8;

/** The search box; `/` puts the focus into it. */
export function searchBox() {
  let found = [];
  let at = -1;
  let timer = 0;
  let asked = 0;
  const list = h("ul", { id: "found", role: "listbox", "aria-label": t("search.results"), hidden: true });
  const input = h("input", {
    id: "search",
    type: "search",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 40,
    placeholder: t("search.placeholder"),
    "aria-label": t("search.label"),
    "aria-controls": "found",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
  });

  const close = () => {
    asked += 1;
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (symbol) => {
    input.value = "";
    close();
    go(link(["symbol", symbol]));
  };
  const point = (to) => {
    at = (to + found.length) % found.length;
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
    input.setAttribute("aria-activedescendant", `found-${at}`);
  };
  const show = (stocks) => {
    found = stocks;
    at = -1;
    const items = stocks.map((one, n) => {
      const words = [h("b", {}, one.symbol), h("span", {}, nameOf(one) ?? ""), h("i", {}, one.exchange ?? "")];
      const pick = (event) => (event.preventDefault(), choose(one.symbol));
      return h("li", { id: `found-${n}`, role: "option", "aria-selected": "false", onmousedown: pick }, words);
    });
    put(list, items);
    list.hidden = !stocks.length;
    input.setAttribute("aria-expanded", String(stocks.length > 0));
    input.removeAttribute("aria-activedescendant");
    announce(t("search.count", { count: stocks.length }));
  };
  const ask = async () => {
    const q = input.value.trim();
    const turn = (asked += 1);
    if (!q) return close();
    const answer = await get("stocks", { q, limit: MOST }).catch(() => ({ stocks: [] }));
    if (turn === asked) show(answer.stocks);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" && found.length && !list.hidden) point(at + 1);
    else if (event.key === "ArrowUp" && found.length && !list.hidden) point(at < 0 ? -1 : at - 1);
    else if (event.key === "Enter") choose(found[at]?.symbol ?? typed());
    else return;
    event.preventDefault();
  });
  const typed = () => {
    const text = input.value.trim().toUpperCase();
    return found.find((one) => one.symbol === text)?.symbol ?? (list.hidden ? text : (found[0]?.symbol ?? text));
  };
  input.addEventListener("blur", close);
  return h("div", { class: "search", role: "search" }, icon("search"), input, h("kbd", { "aria-hidden": "true" }, "/"), list);
}

addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById("search")?.focus();
});
