// The colours of a chart, from the stylesheet, so that both themes have one source.

const NAMES = ["ink", "muted", "line", "up", "down", "accent", "series-1", "series-2", "series-3", "series-4", "series-5"];

/** Colours by name, as the theme of this moment has them. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...colours, series: NAMES.filter((name) => name.startsWith("series")).map((name) => colours[name]) };
}
