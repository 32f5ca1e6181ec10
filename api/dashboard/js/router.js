// The view that the part of the address after # names: #/symbol/FPT?range=1y

const listeners = [];
let controller = new AbortController();
let queued = false;

/** Path segments and query of the current address. */
export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const segments = path.split("/").filter(Boolean).map(decoded);
  return { segments, query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a view. */
export function link(segments, query = {}) {
  const used = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(used).toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** Go to a view; `replace` leaves no step behind for the back button. */
export function go(hash, replace = false) {
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, "", hash);
    refresh();
  }
}

/** Show the current view anew. */
export function refresh() {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  for (const listener of listeners) listener(place(), signal);
}

/** Call `listener(place, signal)` now and at every change; the signal is aborted when the view is left. */
export function start(listener) {
  listeners.push(listener);
  addEventListener("hashchange", () => {
    // The skip link names no view.
    if (location.hash !== "" && !location.hash.startsWith("#/")) return;
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      queued = false;
      refresh();
    });
  });
  refresh();
}
