// New insights as they come: server-sent events where the API streams, else a question now and then.

import { address, forget } from "./api.js";

const POLL_MS = 60_000;

/**
 * Calls `changed` when there is a newer insight of a symbol, until `signal` is aborted. `shown` is by symbol the event
 * time of the insight on the page, or null.
 */
export function follow(shown, signal, changed) {
  if (signal.aborted) return;
  let timer = 0;
  const renew = () => {
    forget();
    changed();
  };
  const source = new EventSource(address("stream", { symbols: [...shown.keys()].join(",") }));
  source.addEventListener("insight", ({ data }) => {
    const { symbol, event_time: time } = JSON.parse(data);
    const before = shown.get(symbol);
    if (before && Date.parse(time) <= Date.parse(before)) return;
    shown.set(symbol, time);
    renew();
  });
  source.addEventListener("error", () => {
    // The browser reconnects by itself, save where the API has refused: then it cannot stream.
    if (source.readyState !== EventSource.CLOSED || signal.aborted || timer) return;
    timer = setInterval(() => document.visibilityState === "visible" && renew(), POLL_MS);
  });
  signal.addEventListener("abort", () => {
    source.close();
    clearInterval(timer);
  });
}
