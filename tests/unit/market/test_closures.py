"""Closure files: what they may say, and how a mistake in one is told."""

import datetime as dt

import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.market.closures import Closures, packaged_closures, read_closures
from stock_ai.market.sessions import Exchange

FILE = """
certain_from: 2027-01-01
certain_until: 2027-12-31
closures:
  2027-01-01: New Year
closures_by_exchange:
  HOSE:
    2027-03-02: trading system down
extra_sessions:
  2027-01-09: makes up for a lost day
"""


def test_a_file_says_all_four_things():
    assert read_closures(FILE, "own.yaml") == Closures(
        certain_from=dt.date(2027, 1, 1),
        certain_until=dt.date(2027, 12, 31),
        everywhere={dt.date(2027, 1, 1): "New Year"},
        by_exchange={Exchange.HOSE: {dt.date(2027, 3, 2): "trading system down"}},
        extra_sessions={dt.date(2027, 1, 9): "makes up for a lost day"},
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "closures:\nextra_sessions: {}\nclosures_by_exchange:\n  HNX:\n"]
)
def test_a_file_may_say_nothing(text):
    read = read_closures(text, "own.yaml")
    assert not read.everywhere
    assert not read.extra_sessions
    assert not any(read.by_exchange.values())
    assert packaged_closures().extended(read).certain_until == packaged_closures().certain_until


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("closures:\n  2027-02-30: Tet\n", ["line 2", "closures", "'2027-02-30' is not a date"]),
        ("closures:\n  20270101: Tet\n", ["line 2", "'20270101' is not a date"]),
        ("closures:\n  2027-W01-1: Tet\n", ["'2027-W01-1' is not a date"]),
        ("closures:\n  01/01/2027: Tet\n", ["'01/01/2027' is not a date"]),
        ("extra_sessions:\n  soon: Tet\n", ["line 2", "extra_sessions", "'soon' is not a date"]),
        ("certain_until: next year\n", ["line 1", "certain_until", "'next year' is not a date"]),
        ("certain_until: [2027-01-01]\n", ["certain_until", "is not a date"]),
        ("certain_until:\n", ["certain_until", "'' is not a date"]),
        ("closures:\n  2027-01-02: Tet\n", ["line 2", "2027-01-02 is a Saturday"]),
        ("closures_by_exchange:\n  HNX:\n    2027-01-03: x\n", ["line 3", "closures_by_exchange.HNX", "a Sunday"]),
        ("closures:\n  2027-01-01: a\n  2027-01-01: b\n", ["line 3", "2027-01-01 is given twice"]),
        ("closures: {}\nclosures: {}\n", ["line 2", "closures is given twice"]),
        ("extra_sessions:\n  2027-01-09: a\n  2027-01-09: a\n", ["line 3", "2027-01-09 is given twice"]),
        ("closures:\n  2027-01-01: a\nextra_sessions:\n  2027-01-01: b\n", ["2027-01-01 is both", "extra_sessions"]),
        (
            "closures:\n  2027-01-01: a\nclosures_by_exchange:\n  HNX:\n    2027-01-01: b\n",
            ["2027-01-01 is both", "closures_by_exchange.HNX"],
        ),
        ("closures:\n  2027-01-01:\n", ["line 2", "2027-01-01 needs its reason"]),
        ("closures:\n  2027-01-01: ' '\n", ["2027-01-01 needs its reason"]),
        ("closures:\n  2027-01-01: [Tet]\n", ["2027-01-01 needs its reason"]),
        ("closures:\n  - 2027-01-01\n", ["line 2", "closures must be a mapping"]),
        ("- 2027-01-01\n", ["line 1", "the file must be a mapping"]),
        ("holidays:\n  2027-01-01: Tet\n", ["line 1", "unknown key 'holidays'"]),
        ("? [a, b]\n: c\n", ["line 1", "a key must be"]),
        ("closures_by_exchange:\n  NYSE:\n    2027-01-01: x\n", ["line 2", "'NYSE' is none of HOSE, HNX, UPCOM"]),
        ("certain_from: 2028-01-01\ncertain_until: 2027-01-01\n", ["certain_from 2028-01-01 is after certain_until"]),
        ("closures: {2027-01-01: Tet\n", ["not YAML", "line 2"]),
        ("!!python/object/apply:os.getcwd []\n", ["line 1", "the file must be a mapping"]),
    ],
)
def test_a_mistake_is_named_with_file_place_and_value(text, says):
    with pytest.raises(InvalidInputError) as error:
        read_closures(text, "own.yaml")
    message = str(error.value)
    assert message.startswith("own.yaml")
    assert "\n" not in message
    assert [part for part in says if part not in message] == []


def test_where_two_files_disagree_the_later_is_right():
    monday, tuesday = dt.date(2027, 1, 4), dt.date(2027, 1, 5)
    first = Closures(everywhere={monday: "a"}, by_exchange={Exchange.HNX: {monday: "b"}}, extra_sessions={tuesday: "c"})
    later = Closures(
        everywhere={tuesday: "d"}, by_exchange={Exchange.HOSE: {tuesday: "e"}}, extra_sessions={monday: "f"}
    )
    assert first.extended(later) == Closures(
        everywhere={tuesday: "d"},
        by_exchange={Exchange.HNX: {}, Exchange.HOSE: {tuesday: "e"}},
        extra_sessions={monday: "f"},
    )


def test_the_packaged_file_names_every_closure_of_twelve_years():
    closures = packaged_closures()
    assert (closures.certain_from, closures.certain_until) == (dt.date(2015, 1, 1), dt.date(2026, 12, 31))
    days = sorted(closures.everywhere)
    assert {day.year for day in days} == set(range(2015, 2027))
    assert list(closures.everywhere) == days
    assert [day for day in days if day.year == 2026] == [
        *(dt.date(2026, 1, day) for day in (1, 2)),
        *(dt.date(2026, 2, day) for day in (16, 17, 18, 19, 20)),
        *(dt.date(2026, 4, day) for day in (27, 30)),
        dt.date(2026, 5, 1),
        dt.date(2026, 8, 31),
        *(dt.date(2026, 9, day) for day in (1, 2)),
    ]
    # Days on which published calendar packages are wrong.
    assert {dt.date(2018, 12, 31), dt.date(2025, 5, 2)} <= set(days)
    assert dt.date(2025, 2, 3) not in closures.everywhere
