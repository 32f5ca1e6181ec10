#!/bin/sh
# A tour of the Stock AI API with curl. STOCK_AI_URL names the API; `stock-ai up` prints it.
set -eu
url=${STOCK_AI_URL:-http://127.0.0.1:8000}
api=$url/api/v1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# header NAME FILE: the value of a header among those that curl has written to a file.
header() { sed -n "s/^$1: *//Ip" "$2" | tr -d '\r'; }
# text NAME: the value of a text field of a JSON answer on standard input.
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

echo "# One page of the symbols, then the page after it"
symbols() { tr '{,' '\n\n' | sed -n 's/^"symbol":"\(.*\)"$/\1/p' | paste -s -d ' ' -; }
curl -sS --fail "$api/stocks?limit=5" > "$work/page"
symbols < "$work/page"
cursor=$(text next_cursor < "$work/page")
curl -sS --fail --get "$api/stocks" -d limit=5 --data-urlencode "cursor=$cursor" | symbols

echo "# An insight; with its ETag, asking again costs no body until it has changed"
curl -sS --fail --compressed -D "$work/headers" -o "$work/insight" "$api/analysis/FPT/insight"
tag=$(header etag "$work/headers")
echo "cache-control: $(header cache-control "$work/headers")"
curl -sS --compressed -o /dev/null -w 'asked again: %{http_code}\n' -H "If-None-Match: $tag" "$api/analysis/FPT/insight"

echo "# A text about a symbol; 202 says where to ask for it, and after how many seconds"
ask() { curl -sS -D "$work/headers" -o "$work/text" -w '%{http_code}' "$@"; }
code=$(ask -X POST -H 'Content-Type: application/json' -d '{"language": "en"}' "$api/analysis/FPT/llm")
while [ "$code" = 202 ]; do
  sleep "$(header retry-after "$work/headers")"
  code=$(ask "$url$(header location "$work/headers")")
done
echo "$code: $(text summary < "$work/text")"

echo "# The same, told while it is written"
curl -sS --no-buffer --max-time 60 "$api/analysis/FPT/llm/stream" | grep '^event:' || echo "not streamed here"

echo "# A problem says what is wrong, and where"
curl -sS "$api/stocks/FPT/prices?limit=0" | text type
curl -sS -D "$work/headers" -o "$work/problem" "$api/stocks/ZZZ"
echo "$(header content-type "$work/headers") $(text type < "$work/problem"), request $(header x-request-id "$work/headers")"
