// New insights as they come: server-sent events where the API streams, else a question now and then.

import { address, forget } from "./api.js";

const POLL_MS = 60_000;

/** Calls `changed` when one of `symbols` has a new insight, until `signal` is aborted. */
export function follow(symbols, signal, changed) {
  if (signal.aborted) return;
  let timer = 0;
  const renew = () => {
    forget();
    changed();
  };
  const poll = () => {
    timer = setInterval(() => document.visibilityState === "visible" && renew(), POLL_MS);
  };
  const source = new EventSource(address("stream", { symbols: symbols.join(",") }));
  source.addEventListener("insight", renew);
  source.addEventListener("error", () => {
    // The browser reconnects by itself, save where the API has refused: then it cannot stream.
    if (source.readyState === EventSource.CLOSED && !signal.aborted && !timer) poll();
  });
  signal.addEventListener("abort", () => {
    source.close();
    clearInterval(timer);
  });
}
