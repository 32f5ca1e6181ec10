// A typed client of the Stock AI API. Types come from the OpenAPI document: `npm run types && npm run build && npm start`.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];
type Stock = components["schemas"]["StockItem"];
type Text = components["schemas"]["LlmAnswer"];

const baseUrl = process.env["STOCK_AI_URL"] ?? "http://127.0.0.1:8000";
const api = createClient<paths>({ baseUrl });
const PREFIX = "urn:stock-ai:problem:";
const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Asks again where the API says when: a limit (429) or a store that is away (503). */
async function patiently<T extends { response: Response }>(ask: () => Promise<T>, tries = 3): Promise<T> {
  for (let left = tries; ; left -= 1) {
    const answer = await ask();
    const wait = answer.response.headers.get("retry-after");
    if (left <= 1 || wait === null || ![429, 503].includes(answer.response.status)) return answer;
    await sleep(Number(wait));
  }
}

/** All symbols, page by page. */
async function* stocks(): AsyncGenerator<Stock> {
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 5 } : { limit: 5, cursor };
    const { data, error } = await patiently(() => api.GET("/api/v1/stocks", { params: { query } }));
    if (error) throw new Error(error.detail);
    yield* data.stocks;
    cursor = data.next_cursor;
  } while (cursor !== null);
}

/** An insight, and whether it was still the one we had: then nothing but its headers was sent. */
async function insight(symbol: string, known?: string) {
  const header = known === undefined ? {} : { "If-None-Match": known };
  const asked = await patiently(() =>
    api.GET("/api/v1/analysis/{symbol}/insight", { params: { path: { symbol }, header } }),
  );
  return { ...asked, etag: asked.response.headers.get("etag") ?? undefined, same: asked.response.status === 304 };
}

/** A text about a symbol. It may take a while to write: 202 names where to ask for it. */
async function explanation(symbol: string): Promise<Text> {
  const path = { symbol };
  let { data, error, response } = await patiently(() =>
    api.POST("/api/v1/analysis/{symbol}/llm", { params: { path }, body: { language: "en" } }),
  );
  while (response.status === 202) {
    await sleep(Number(response.headers.get("retry-after") ?? 1));
    const text_id = response.headers.get("location")?.split("/").at(-1) ?? "";
    ({ data, error, response } = await patiently(() =>
      api.GET("/api/v1/analysis/{symbol}/llm/{text_id}", { params: { path: { symbol, text_id } } }),
    ));
  }
  if (error || data === undefined || !("summary" in data)) throw new Error(error?.detail ?? "no text");
  return data;
}

/** Server-sent events of a path, each with its name and data. */
async function* events(path: string): AsyncGenerator<{ event: string; data: unknown }> {
  const response = await fetch(`${baseUrl}${path}`, { headers: { accept: "text/event-stream" } });
  if (!response.ok || response.body === null) throw new Error(((await response.json()) as Problem).detail);
  let text = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) {
    const blocks = (text + part).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      const event = fields.get("event");
      if (event !== undefined) yield { event, data: JSON.parse(fields.get("data") ?? "null") };
    }
  }
}

let count = 0;
let first: Stock | undefined;
for await (const stock of stocks()) {
  count += 1;
  first ??= stock;
}
console.log(`${count} symbols, first ${first?.symbol}, as of ${first?.freshness.as_of}`);

const fresh = await insight("FPT");
if (fresh.data === undefined) throw new Error(fresh.error?.detail);
console.log(`FPT: ${fresh.data.signal} with confidence ${fresh.data.confidence}`);
console.log(`asked again: ${(await insight("FPT", fresh.etag)).same ? "nothing has changed" : "it has changed"}`);

const bars = await api.GET("/api/v1/stocks/{symbol}/prices", {
  params: { path: { symbol: "FPT" }, query: { interval: "1W", limit: 2 } },
});
console.log(`weekly closes: ${bars.data?.bars.map((bar) => bar.close).join(", ")}`);

console.log(`explained: ${(await explanation("FPT")).summary}`);
try {
  for await (const { event } of events("/api/v1/analysis/FPT/llm/stream")) console.log(`event: ${event}`);
} catch (error) {
  console.log(`not streamed: ${error}`); // Behind API Gateway nothing can be.
}

const { error: problem } = await api.GET("/api/v1/stocks/{symbol}", { params: { path: { symbol: "ZZZ" } } });
switch (problem?.type) {
  case `${PREFIX}unknown-symbol`:
    console.log(`not known: ${problem.detail}`);
    break;
  case `${PREFIX}invalid-request`:
    console.log(`refused: ${problem.errors?.map((fault) => fault.field).join(", ")}`);
    break;
  default:
    throw new Error(problem?.detail ?? "a problem was expected");
}
