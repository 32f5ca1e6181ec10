"""What is to go is told."""

from __future__ import annotations

import datetime as dt

from api.deprecations import Deprecated


def test_the_headers_say_since_when_until_when_and_what_instead():
    going = Deprecated(
        dt.datetime(2026, 11, 25, tzinfo=dt.UTC),
        dt.datetime(2027, 5, 25, 7, tzinfo=dt.timezone(dt.timedelta(hours=7))),
        "/docs/api.md#cursors",
    )
    assert going.headers() == {
        "Deprecation": "@1795564800",
        "Sunset": "Tue, 25 May 2027 00:00:00 GMT",
        "Link": '</docs/api.md#cursors>; rel="deprecation"; type="text/html"',
    }
