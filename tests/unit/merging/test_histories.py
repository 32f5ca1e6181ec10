"""The pages of a history."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from stock_ai.merging import HISTORY_LENGTH, from_milliseconds, history_members, history_page, milliseconds, newest
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

MILLISECOND = dt.timedelta(milliseconds=1)


def pages(members, limit):
    found, before = [], None
    for _ in range(len(members) + 1):
        page = history_page(members, limit, before)
        found.append(page.entries)
        if page.next is None:
            return found
        before = page.next
    raise AssertionError("the pages have no end")


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 7))
def test_pages_tell_every_entry_once_also_where_many_share_a_millisecond(offsets, limit):
    analyses = [ai_analysis("FPT", f"a{at}", NOW + step * MILLISECOND) for at, step in enumerate(offsets)]
    members = history_members(analyses)
    told = pages(members, limit)
    assert all(len(page) == limit for page in told[:-1])
    entries = [entry for page in told for entry in page]
    assert [time for time, _ in entries] == sorted((each.event_time for each in analyses), reverse=True)
    assert sorted(entry.analysis_id for _, entry in entries) == sorted(each.analysis_id for each in analyses)


def test_a_position_stays_when_entries_come_and_go():
    analyses = [ai_analysis("FPT", f"a{at}", NOW) for at in range(6)]
    members = history_members(analyses)
    whole = [entry.analysis_id for _, entry in history_page(members, 6, None).entries]
    first = history_page(members, 3, None)
    more = members | history_members([llm_analysis("FPT", "later", NOW + MILLISECOND)])
    gone = {member: score for member, score in more.items() if whole[2].encode() not in member}
    rest = history_page(gone, 6, first.next)
    assert [entry.analysis_id for _, entry in rest.entries] == whole[3:]
    assert rest.next is None


def test_only_the_newest_are_kept_and_an_entry_has_the_time_it_was_first_made():
    analyses = [ai_analysis("FPT", f"a{at}", NOW + at * MILLISECOND) for at in range(HISTORY_LENGTH + 1)]
    kept = newest(history_members([*analyses, ai_analysis("FPT", "a7", NOW + dt.timedelta(1))]))
    assert len(kept) == HISTORY_LENGTH
    assert set(kept.values()) == {milliseconds(each.event_time) for each in analyses[1:]}


def test_nothing_gives_an_empty_page():
    members = history_members([ai_analysis()])
    assert history_page({}, 5, None).entries == ()
    assert (history_page(members, 0, None).entries, history_page(members, 0, None).next) == ((), None)


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))
def test_milliseconds_go_there_and_back(instant):
    cut = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert from_milliseconds(milliseconds(instant)) == cut
