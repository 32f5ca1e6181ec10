// What this browser remembers. Where storage is refused, it lasts as long as the page.

import { isSymbol } from "./symbols.js";

const PREFIX = "stock-ai.";
const MOST_WATCHED = 100;
const memory = new Map();

/** The remembered value, else `fallback`. */
export function recall(name, fallback = null) {
  try {
    return localStorage.getItem(PREFIX + name) ?? memory.get(name) ?? fallback;
  } catch {
    return memory.get(name) ?? fallback;
  }
}

/** Remember a string. */
export function remember(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Full or refused: the memory of the page has it.
  }
}

/** The watched symbols, in the order in which they were added. */
export function watched() {
  try {
    const list = JSON.parse(recall("watchlist", "[]"));
    return Array.isArray(list) ? list.filter(isSymbol).slice(0, MOST_WATCHED) : [];
  } catch {
    return [];
  }
}

/** Adds a symbol to the watchlist or takes it off; returns whether it is on now. */
export function toggleWatched(symbol) {
  const list = watched();
  const on = !list.includes(symbol);
  remember("watchlist", JSON.stringify(on ? [...list, symbol].slice(-MOST_WATCHED) : list.filter((one) => one !== symbol)));
  return on;
}

/** Whether prices are shown in the colours of Vietnamese boards: purple, cyan and yellow beside green and red. */
export const boardColours = () => recall("board", "off") === "on";
