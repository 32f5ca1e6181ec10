// Daily price limits. A first day of trading and a return from a halt have wider ones, which this does not know.

const BAND = { HOSE: 0.07, HNX: 0.1, UPCOM: 0.15 };

/** The step of a price: on HOSE by the price, elsewhere 100 VND. */
function tick(value, exchange) {
  if (exchange !== "HOSE") return 100;
  return value < 10_000 ? 10 : value < 50_000 ? 50 : 100;
}

/** Ceiling and floor of a session by its reference price; null where the exchange is unknown. */
export function limits(reference, exchange) {
  const band = BAND[exchange];
  if (!band) return null;
  const above = reference * (1 + band);
  const below = reference * (1 - band);
  // A hair more, since 0.07 has no exact binary form.
  const ceiling = Math.floor(above / tick(above, exchange) + 1e-6) * tick(above, exchange);
  const floor = Math.ceil(below / tick(below, exchange) - 1e-6) * tick(below, exchange);
  return { ceiling, floor };
}
