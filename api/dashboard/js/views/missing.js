// An address that names no view.

import { put } from "../dom.js";
import { t } from "../i18n.js";
import { empty } from "../states.js";

export const title = () => t("missing.title");

export function render(page, { heading }) {
  put(page, heading, empty(t("missing.text")));
}
