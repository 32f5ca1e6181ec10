// The explanation in words: the kept one at once, a new one streamed where the API can, else polled for.

import { address, ApiError, send } from "../api.js";
import { h, put } from "../dom.js";
import { known, language, t } from "../i18n.js";
import { icon } from "../icons.js";
import { failure, loading } from "../states.js";
import { panel } from "../widgets.js";
import { events } from "./events.js";
import { letter } from "./letter.js";

const POLL_SECONDS = 2;
const LONGEST_MS = 120_000;
/** What a `failed` event calls an error, as a problem document has it; any other is one of a service that is away. */
const PROBLEMS = { BudgetSpentError: "llm-budget-spent", LlmMisconfiguredError: "llm-misconfigured", InvalidInputError: "invalid-request" };
/** Set once the API has said that it cannot stream, so that it is not asked again in this visit. */
let polls = false;

/** Fills `place`; `analysis` is the promise of the insight. */
export function explanationPanel(place, { symbol, analysis, signal }) {
  const body = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "button", class: "button primary", onclick: () => write() });
  put(place, panel(t("explain.title"), button, body));
  const label = (key) => put(button, icon("spark"), t(key));
  label("explain.ask");

  const show = (text) => {
    put(body, letter(text));
    label("explain.again");
  };
  const write = async () => {
    button.disabled = true;
    body.setAttribute("aria-busy", "true");
    try {
      show(await obtain(symbol, body, signal));
    } catch (error) {
      if (!signal.aborted && error.name !== "AbortError") put(body, failure(error));
    } finally {
      button.disabled = false;
      body.removeAttribute("aria-busy");
    }
  };

  put(body, loading(3));
  analysis.then(
    ({ llm }) => {
      if (signal.aborted || button.disabled) return;
      if (llm?.language === language()) show(llm);
      else put(body, h("p", { class: "muted" }, t("explain.invite")));
    },
    (error) => {
      if (signal.aborted) return;
      button.disabled = true;
      put(body, h("p", { class: "muted" }, t(error.pending ? "explain.pending" : "explain.not-now")));
    },
  );
}

async function obtain(symbol, body, signal) {
  const path = `analysis/${encodeURIComponent(symbol)}/llm`;
  if (!polls) {
    try {
      return await streamed(path, body, signal);
    } catch (error) {
      if (error.kind !== "streaming-unavailable") throw error;
      polls = true;
    }
  }
  return polled(path, body, signal);
}

async function streamed(path, body, signal) {
  const url = address(`${path}/stream`, { language: language() });
  const response = await send(url, { signal, headers: { Accept: "text/event-stream" } });
  const phase = h("p", { class: "phase" }, t("phase.facts"));
  const text = h("div", { class: "prose" });
  put(body, phase, text);
  let place = null;
  for await (const { event, data } of events(response)) {
    if (event === "phase") put(phase, known(`phase.${data.phase}`, data.phase));
    if (event === "sentence") {
      if (place !== data.at) text.append(h("p", {}));
      place = data.at;
      text.lastChild.append(`${data.text} `);
    }
    if (event === "done") return { ...data.analysis, served: data.served };
    if (event === "failed") throw broken(data);
  }
  throw cut();
}

/** A `failed` event as the error that a POST would have had. */
const broken = ({ kind, message, retry_after: wait }) =>
  new ApiError({ type: PROBLEMS[kind] ?? "temporarily-unavailable", status: 503, detail: message }, wait ?? null);

const cut = () => new ApiError({ type: "cut", title: t("explain.cut"), status: 503 });

async function polled(path, body, signal) {
  put(body, h("p", { class: "phase" }, t("phase.writing")));
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  let response = await send(address(path), { method: "POST", headers, body: JSON.stringify({ language: language() }), signal });
  const end = Date.now() + LONGEST_MS;
  while (response.status === 202) {
    if (Date.now() > end) throw cut();
    const { location } = await response.json();
    await pause((Number(response.headers.get("Retry-After")) || POLL_SECONDS) * 1000, signal);
    response = await send(new URL(location, address("")), { signal });
  }
  return response.json();
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("left", "AbortError"));
    });
  });
}
