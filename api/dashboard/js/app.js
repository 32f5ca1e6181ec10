// The frame of the page: header, footer, and the view that the address names.

import { apiBase } from "./api.js";
import { retell, tell } from "./banner.js";
import { announce, h, put } from "./dom.js";
import { keep, language, LANGUAGES, preferred, t, use } from "./i18n.js";
import { icon } from "./icons.js";
import { link, place, refresh, start } from "./router.js";
import { searchBox } from "./search.js";
import { loading } from "./states.js";
import { remember } from "./store.js";

const NAVIGATION = ["market", "movers", "screen", "watchlist", "record", "quality"];
const VIEWS = {
  market: () => import("./views/market.js"),
  movers: () => import("./views/movers.js"),
  screen: () => import("./views/screen.js"),
  watchlist: () => import("./views/watchlist.js"),
  record: () => import("./views/record.js"),
  quality: () => import("./views/quality.js"),
  symbol: () => import("./views/symbol.js"),
};
const main = document.getElementById("main");
let first = true;

const darkNow = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

function frame() {
  document.getElementById("skip").textContent = t("skip");
  const links = NAVIGATION.map((name) =>
    h("a", { href: link([name]), "data-view": name }, icon(name), h("span", {}, t(`nav.${name}`))),
  );
  put(
    document.getElementById("top"),
    h("a", { class: "brand", href: link([]), "aria-label": "Stock AI" }, h("img", { src: "icon.svg", alt: "", width: 24, height: 24 }), h("span", {}, "Stock AI")),
    h("nav", { class: "main-nav", "aria-label": t("nav.label") }, links),
    searchBox(),
    h("div", { class: "switches" }, languageSwitch(), themeSwitch()),
  );
  const root = new URL(".", document.baseURI);
  put(
    document.getElementById("foot"),
    h("p", {}, t("foot.advice")),
    h(
      "p",
      {},
      h("a", { href: new URL("docs", root).href }, t("foot.api")),
      " · ",
      h("a", { href: new URL("health", apiBase()).href }, t("foot.health")),
      " · ",
      t("foot.charts"),
      " ",
      h("a", { href: "https://www.tradingview.com/", rel: "noopener noreferrer" }, "TradingView Lightweight Charts™"),
    ),
  );
  point();
}

function languageSwitch() {
  const other = language() === "vi" ? "en" : "vi";
  const change = async () => {
    await use(other);
    keep(other);
    frame();
    retell();
    refresh();
    document.getElementById("language").focus();
  };
  const code = other.toUpperCase();
  // The name holds what is seen, so that a voice can say it.
  const label = `${code} · ${LANGUAGES[other]}`;
  return h("button", { type: "button", id: "language", class: "switch", lang: other, "aria-label": label, title: label, onclick: change }, code);
}

function themeSwitch() {
  const button = h("button", { type: "button", id: "theme", class: "switch" });
  const show = () => {
    put(button, icon(darkNow() ? "sun" : "moon"));
    const label = t(darkNow() ? "theme.light" : "theme.dark");
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    const theme = darkNow() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
    show();
    // Charts take their colours when they are drawn.
    dispatchEvent(new Event("themechange"));
  });
  show();
  return button;
}

const viewName = () => place().segments[0] ?? "market";

function point() {
  for (const anchor of document.querySelectorAll(".main-nav a")) {
    if (anchor.dataset.view === viewName()) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

let shown = null;

async function show({ segments, query }, signal) {
  const name = viewName();
  const key = segments.slice(0, name === "symbol" ? 2 : 1).join("/");
  const arrived = key !== shown;
  shown = key;
  point();
  if (arrived) {
    tell(null);
    put(main, h("div", { class: "page" }, loading(8)));
    if (!first) scrollTo(0, 0);
  }
  const view = await (VIEWS[name] ?? (() => import("./views/missing.js")))();
  if (signal.aborted) return;
  const title = view.title(segments.slice(1));
  document.title = `${title} · Stock AI`;
  const heading = h("h1", { tabindex: "-1" }, title);
  const page = h("div", { class: `page view-${name}` });
  const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
  put(main, page);
  view.render(page, { heading, segments: segments.slice(1), query, signal, tell });
  if (arrived && !first) {
    heading.focus({ preventScroll: true });
    announce(title);
  } else if (focused) {
    // A filter that was changed keeps the focus in the page that is drawn anew.
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  first = false;
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  frame();
  dispatchEvent(new Event("themechange"));
});
await use(preferred());
frame();
start(show);
