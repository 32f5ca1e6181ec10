"""Bodies as short as the client can read them."""

from __future__ import annotations

import gzip

import brotli
import pytest

from api.app import create_app
from api.compression import coding_of, is_compressible
from api.terms import HttpTerms
from tests.fakes.http_client import Client
from tests.unit.api.test_api_handler import CONTEXT, proxy_event

LONG = "/api/v1/analysis/FPT/insight"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *;q=0", None),
        ("*", "br"),
        ("*;q=0.1, gzip;q=0.5", "gzip"),
        ("GZIP;Q=1", "gzip"),
        ("gzip;q=nonsense", None),
        ("deflate", None),
        ("identity", None),
        ("", None),
        ("gzip," * 200, None),
    ],
)
def test_the_best_that_is_accepted(accepted, coding):
    assert coding_of(accepted.encode()) == coding


def test_text_is_compressible_and_a_stream_is_not():
    for kind in ("application/json", "text/css; charset=utf-8", "image/svg+xml", "application/problem+json"):
        assert is_compressible(kind)
    for kind in ("text/event-stream; charset=utf-8", "image/png", "font/woff2", ""):
        assert not is_compressible(kind)


@pytest.fixture(params=[0.0, 1.0], ids=["made each time", "kept"])
def client(services, request):
    client = Client(create_app(services, HttpTerms(keep_seconds=request.param)))
    client.headers["Accept-Encoding"] = "identity"
    return client


def raw(client, path, **headers):
    """Headers, and the body as it came."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(("coding", "undo"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_long_body_is_sent_short_under_a_tag_of_its_own(client, coding, undo):
    plain = client.get(LONG)
    assert len(plain.content) > 1_024
    for _ in range(2):
        answer, body = raw(client, LONG, **{"Accept-Encoding": coding})
        assert (answer.headers["content-encoding"], answer.headers["content-length"]) == (coding, str(len(body)))
        assert len(body) < len(plain.content) / 2
        assert undo(body) == plain.content
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.headers["etag"] == f'{plain.headers["etag"][:-1]}-{coding}"'
        again, nothing = raw(client, LONG, **{"Accept-Encoding": coding, "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, nothing, again.headers["etag"]) == (304, b"", answer.headers["etag"])
        assert "content-encoding" not in again.headers
        assert "Accept-Encoding" in again.headers["vary"]
    other, _ = raw(client, LONG, **{"Accept-Encoding": coding, "If-None-Match": plain.headers["etag"]})
    assert other.status_code == 200


def test_who_accepts_nothing_gets_it_as_it_is(client):
    raw(client, LONG, **{"Accept-Encoding": "br"})
    plain, body = raw(client, LONG)
    assert "content-encoding" not in plain.headers
    assert body.startswith(b"{")
    assert "Accept-Encoding" in plain.headers["vary"]


def test_a_short_body_stays_as_it_is(client):
    answer, body = raw(client, "/", **{"Accept-Encoding": "br"})
    assert "content-encoding" not in answer.headers
    assert body.startswith(b"{")


def test_head_says_how_long_the_short_body_would_be(client):
    _, body = raw(client, LONG, **{"Accept-Encoding": "br"})
    head = client.head(LONG, headers={"Accept-Encoding": "br"})
    assert (head.headers["content-encoding"], head.headers["content-length"]) == ("br", str(len(body)))


def test_a_gateway_is_given_text_and_compresses_itself(services):
    from mangum import Mangum

    event = proxy_event(LONG, headers={"Accept-Encoding": "gzip, br"})
    answer = Mangum(create_app(services), lifespan="off")(event, CONTEXT)
    assert (answer["isBase64Encoded"], answer["body"][0]) == (False, "{")
    assert "content-encoding" not in answer["headers"]
    assert "Accept-Encoding" in answer["headers"]["vary"]
