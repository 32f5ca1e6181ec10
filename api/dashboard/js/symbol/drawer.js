// Which of the two drawers there is: the vendored library, else our own plain SVG.

let loaded = null;

/** {draw(node, model), plain}; the same for the whole visit. */
export function loadDrawer() {
  loaded ??= import("../charts/lightweight.js").catch(() => import("../charts/plain.js"));
  return loaded;
}
