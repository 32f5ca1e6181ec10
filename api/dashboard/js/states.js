// What a part of a page shows while it waits, when it has nothing, and when it has failed.

import { forget } from "./api.js";
import { announce, h, put } from "./dom.js";
import { known, language, t } from "./i18n.js";
import { icon } from "./icons.js";
import { link, refresh } from "./router.js";

/** Grey lines that keep the place of what is to come. */
export function loading(lines = 4) {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("span", { class: "sr" }, t("state.loading")),
    Array.from({ length: lines }, () => h("i", { class: "bone" })),
  );
}

/** There is nothing, and why. */
export function empty(text, ...more) {
  return h("div", { class: "state" }, h("p", {}, text), more);
}

/** An error as a reader can use it: what, why, what to do, and the name of the request for whoever runs this. */
export function failure(error) {
  const pending = error.pending;
  const own = known(`problem.${error.kind}`, null);
  const title = own ?? error.title ?? t("problem.unexpected");
  // The API gives its details in English: elsewhere they are for problems that the page has no words for.
  const detail = error.message !== title && (language() === "en" || own === null) ? error.message : null;
  const wait = error.retryAfter ? h("p", {}, t("state.retry-after", { seconds: error.retryAfter })) : null;
  return h(
    "div",
    { class: pending ? "state pending" : "state failed", role: pending ? "status" : "alert" },
    h("p", { class: "state-title" }, icon(pending ? "info" : "warning"), " ", title),
    detail ? h("p", { lang: language() === "en" ? null : "en", class: "detail" }, detail) : null,
    suggestions(error.suggestions ?? []),
    wait,
    error.requestId
      ? h("p", { class: "request" }, t("state.request-id"), " ", h("code", {}, error.requestId))
      : null,
    h("button", { type: "button", class: "button", onclick: again }, icon("refresh"), t("state.again")),
  );
}

function again() {
  forget();
  refresh();
}

function suggestions(symbols) {
  if (!symbols.length) return null;
  const links = symbols.map((one) => h("a", { class: "chip", href: link(["symbol", one]) }, one));
  return h("p", { class: "chips" }, h("span", {}, t("state.suggestions")), links);
}

/** Fills `node` with what `make` gives: first the loading state, then the parts, or the failure. */
export async function fillIn(node, signal, make, lines) {
  put(node, loading(lines));
  node.setAttribute("aria-busy", "true");
  try {
    const parts = await make();
    if (!signal.aborted) put(node, [parts]);
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    put(node, failure(error));
    announce(known(`problem.${error.kind}`, t("problem.unexpected")));
    if (!("status" in error)) console.error(error);
  } finally {
    node.removeAttribute("aria-busy");
  }
}
