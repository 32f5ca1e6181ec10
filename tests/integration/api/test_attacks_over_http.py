"""What a client may send that no HTTP library would: bytes on a socket, against the server of a local run."""

from __future__ import annotations

import socket

import pytest

from api.app import create_app
from api.terms import HttpTerms
from tests.fakes.api_services import make_analysis, memory_services
from tests.integration.api.serving import serving

BODY_BYTES = 4_000


@pytest.fixture(scope="module")
def port():
    services = memory_services()
    services.insights.apply([make_analysis()])
    with serving(create_app(services, HttpTerms(body_bytes=BODY_BYTES, keep_seconds=1.0))) as url:
        yield int(url.rpartition(":")[2])


def sent(port, *parts):
    """What comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = b""
        try:
            while more := connection.recv(65_536):
                got += more
        except ConnectionResetError:
            pass
        return got


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer else 0


def get(path, *headers):
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: a", b"Connection: close", *headers, b"", b""])


def works(port):
    return status(sent(port, get(b"/api/v1/analysis/FPT/insight"))) == 200


@pytest.mark.parametrize(
    "path",
    [
        b"/../../etc/passwd",
        b"/js/../../app.py",
        b"/js/..%2f..%2fapp.py",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/static/..\\..\\app.py",
        b"/js/app.js\x00.css",
        b"/js/app.js%00.css",
        b"/api/v1/analysis/..%2f..%2finsight",
        b"/api/v1/analysis/FPT%0d%0aX-Evil:1/insight",
        b"/api/v1/analysis/$ne/insight",
        b"/api/v1/analysis/\xef\xbc\xa6\xef\xbc\xb0\xef\xbc\xb4/insight",
        b"/api/v1/stocks?symbol[$gt]=",
        b"/api/v1/stocks?q=a&q=b",
    ],
)
def test_a_path_is_refused(port, path):
    answer = sent(port, get(path))
    assert 400 <= status(answer) < 500
    assert b"root:" not in answer
    assert b"import " not in answer
    assert b"\r\nx-evil" not in answer.lower()
    assert works(port)


@pytest.mark.parametrize(
    "headers",
    [
        [b"X-A: a" * 2_000_000],
        [b"X-%d: %s" % (n, b"a" * 1_000) for n in range(2_000)],
        [b"X-Request-Id: a\r\n Set-Cookie: b=1"],
        [b"X-A\x00: b"],
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: -1"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: gibberish"],
    ],
    ids=["twelve megabytes", "two thousand", "folded", "null byte", "two lengths", "negative", "smuggled", "unknown"],
)
def test_headers_do_not_stop_the_server(port, headers):
    answer = sent(port, get(b"/api/v1/analysis/FPT/insight", *headers))
    assert status(answer) in (0, 200, 400, 431), answer[:200]
    assert b"\r\nset-cookie" not in answer.lower()
    assert works(port)


def test_headers_of_a_length_that_the_server_reads_are_refused_by_name(port):
    answer = sent(port, get(b"/api/v1/analysis/FPT/insight", b"X-A: " + b"a" * 20_000))
    assert status(answer) == 431
    assert b"urn:stock-ai:problem:headers-too-large" in answer


def test_a_body_in_chunks_is_read_no_further_than_it_may_be(port):
    """The client would go on for ever."""
    head = (
        b"POST /api/v1/analysis/insights HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"%x\r\n%s\r\n" % (1_000, b" " * 1_000)
    answer = sent(port, head, *[chunk] * 100)
    assert status(answer) == 413
    assert b"urn:stock-ai:problem:request-too-large" in answer
    assert works(port)


def test_a_length_that_is_too_large_is_refused_before_the_body(port):
    head = (
        b"POST /api/v1/analysis/insights HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n"
    )
    assert status(sent(port, head)) == 413
    assert works(port)


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"DELETE", b"PROPFIND", b"G\x00T", b"get"])
def test_a_method_is_refused(port, method):
    answer = sent(port, get(b"/api/v1/stocks").replace(b"GET", method, 1))
    assert status(answer) in (400, 404, 405, 501)
    assert works(port)
