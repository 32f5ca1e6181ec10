// The indicators that the API knows, asked for once.

import { get } from "../api.js";
import { known } from "../i18n.js";

export const FAMILIES = ["overlay", "momentum", "trend", "volatility", "volume", "relative", "candle"];
let asked = null;

/** Every indicator: {name, family, unit, description, warm_up, parameters}. */
export function catalogue() {
  asked ??= get("indicators").then(({ indicators }) => indicators);
  asked.catch(() => {
    asked = null;
  });
  return asked;
}

/** What an indicator is, in the language of the page where it has words for it. */
export const describe = (indicator) => known(`indicator.${indicator.name}`, indicator.description);

/** The indicator that a name as in the address (`rsi_14`, `macd:12:26:9`) or of a series is of. */
export const find = (list, name) =>
  list.find((one) => one.name === name) ?? list.find((one) => one.name === name.split(":")[0]);

/** Whether it is drawn over the price, and not in a pane of its own. */
export const over = (indicator) => indicator?.family === "overlay" && indicator.unit === "price";
