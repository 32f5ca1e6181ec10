// Asks the main routes through the types that were made from the OpenAPI document. What does not fit does not compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: process.env["STOCK_AI_URL"] ?? "" });
const path = { symbol: "FPT" };
const problems: string[] = [];

function told<T extends { error?: components["schemas"]["Problem"] | undefined; response: Response }>(answer: T): T {
  if (answer.error !== undefined) problems.push(`${answer.response.url}: ${answer.error.detail}`);
  return answer;
}

const stocks = told(await api.GET("/api/v1/stocks", { params: { query: { q: "FP", exchange: "HOSE", limit: 1 } } }));
const total: number | undefined = stocks.data?.total;
const cursor: string | null | undefined = stocks.data?.next_cursor;
const stock = told(await api.GET("/api/v1/stocks/{symbol}", { params: { path } }));
const close: number | null | undefined = stock.data?.close;

const prices = told(
  await api.GET("/api/v1/stocks/{symbol}/prices", { params: { path, query: { interval: "1D", adjusted: true } } }),
);
const closes: (number | null)[] | undefined = prices.data?.bars.map((bar) => bar.close);

const indicators = told(await api.GET("/api/v1/stocks/{symbol}/indicators", { params: { path } }));
const rsi: number | null | undefined = indicators.data?.indicators["rsi_14"];
const history = told(
  await api.GET("/api/v1/stocks/{symbol}/indicators/history", {
    params: { path, query: { names: "sma_20,rsi:14", limit: 5 } },
  }),
);
const series: (number | null)[] | undefined = history.data?.series["sma_20"];
const catalogue = told(await api.GET("/api/v1/indicators"));
const units: string[] | undefined = catalogue.data?.indicators.map((one) => `${one.name} ${one.unit}`);

const insight = told(await api.GET("/api/v1/analysis/{symbol}/insight", { params: { path } }));
const signal: components["schemas"]["Signal"] | null | undefined = insight.data?.signal;
const sources: string[] | undefined = insight.data?.parts.map((part) => part.source);
const past = told(await api.GET("/api/v1/analysis/{symbol}/history", { params: { path, query: { limit: 2 } } }));
const batch = told(await api.POST("/api/v1/analysis/insights", { body: { symbols: ["FPT", "ZZZ"] } }));
const unknown: string[] | undefined = batch.data?.unknown;
const watched = told(await api.GET("/api/v1/watchlist", { params: { query: { symbols: "FPT,ACB" } } }));

const screen = told(
  await api.GET("/api/v1/signals", { params: { query: { signal: "BUY", min_confidence: 0.4, sort: "-confidence" } } }),
);
const first = screen.data?.signals[0];
const movers = told(await api.GET("/api/v1/market/movers", { params: { query: { by: "gainers", limit: 3 } } }));
const change: number | null | undefined = movers.data?.movers[0]?.change_percent;
const sectors = told(await api.GET("/api/v1/market/sectors"));
const breadth = told(await api.GET("/api/v1/market/breadth"));
const overview = told(await api.GET("/api/v1/market/overview"));
const record = told(await api.GET("/api/v1/track-record"));
const health = await api.GET("/api/v1/health");
const up: "up" | "degraded" | "down" | undefined = health.data?.status;

const read = [total, cursor, close, closes, rsi, series, units, signal, sources, unknown, first, change, up];
const asked = [past, watched, sectors, breadth, overview, record];
if (read.some((value) => value === undefined) || asked.some((answer) => answer.data?.freshness === undefined)) {
  problems.push(`not read: ${JSON.stringify(read)}`);
}
console.log(JSON.stringify({ problems }));
