// The API: where it is, how it is asked, and its problem documents as errors.

const FRESH_MS = 15_000;
const answers = new Map();

/** Where the API is: beside this page (under the stage of a gateway too), unless the page names another place. */
export function apiBase() {
  const named = document.querySelector('meta[name="api-base"]')?.content;
  return new URL(named || "api/v1/", document.baseURI);
}

/** A problem document (RFC 9457), or that there was no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(problem, retryAfter = null) {
    super(problem.detail ?? problem.title);
    this.status = problem.status ?? 0;
    this.kind = (problem.type ?? "").replace("urn:stock-ai:problem:", "");
    this.title = problem.title;
    this.requestId = problem.request_id ?? null;
    this.errors = problem.errors ?? [];
    this.suggestions = problem.suggestions ?? [];
    this.retryAfter = retryAfter;
  }

  /** Whether the data are still to be made. */
  get pending() {
    return this.kind === "analysis-pending";
  }
}

/** The address of a route, `query` without what is empty. */
export function address(path, query = {}) {
  const url = new URL(path, apiBase());
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/** The response, or an ApiError. */
export async function send(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ type: "unreachable", title: "unreachable", status: 0 });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const id = problem.request_id ?? response.headers.get("X-Request-Id");
  const told = { title: response.statusText, status: response.status, ...problem, request_id: id };
  throw new ApiError(told, Number(response.headers.get("Retry-After")) || null);
}

/** The answer of a route. One that is a few seconds old is not asked again; `signal` ends the waiting. */
export async function get(path, query = {}, signal = undefined) {
  const url = address(path, query).href;
  const kept = answers.get(url);
  if (kept && Date.now() - kept.at < FRESH_MS) return kept.answer;
  const answer = await (await send(url, { signal, headers: { Accept: "application/json" } })).json();
  answers.set(url, { at: Date.now(), answer });
  return answer;
}

/** The answer, or null where the API says 404. */
export async function getOrNull(path, query, signal) {
  try {
    return await get(path, query, signal);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** Forget what was answered, so that the next question is asked. */
export const forget = () => answers.clear();
