"""`RedisTexts` over a real server."""

import pytest
import redis

from local.embedded.valkey import ValkeyServer
from stock_ai.errors import RetryableError
from stock_ai.models import keys
from stock_ai.models.llm import Language, LlmAnalysis
from stock_ai.storage.answers import LATEST_SECONDS, Current, RedisTexts
from stock_ai.storage.insights import RedisInsightStore
from tests.fakes.messages import ai_analysis, llm_analysis


def test_a_text_is_kept_under_its_own_id_for_the_given_time(redis_client):
    texts = RedisTexts(redis_client, expire_seconds=100)
    text = llm_analysis(analysis_id="t1")
    assert texts.get("FPT", "t1") is None
    texts.put(text, latest=False)
    assert texts.get("FPT", "t1") == text
    assert texts.get("FPT", "t2") is None
    assert texts.get("VCB", "t1") is None
    assert 0 < redis_client.ttl(keys.llm_text("FPT", "t1")) <= 100
    assert texts.latest("FPT", text.language) is None


def test_the_latest_text_outlives_its_facts_by_language(redis_client):
    texts = RedisTexts(redis_client, expire_seconds=100)
    old = llm_analysis(analysis_id="t1", language=Language.ENGLISH)
    new = llm_analysis(analysis_id="t2", language=Language.ENGLISH)
    texts.put(old, latest=True)
    texts.put(new, latest=True)
    texts.put(llm_analysis(analysis_id="t3", language=Language.ENGLISH), latest=False)
    assert texts.latest("FPT", Language.ENGLISH) == new
    assert texts.latest("FPT", Language.VIETNAMESE) is None
    assert 100 < redis_client.ttl(keys.llm_latest("FPT", Language.ENGLISH)) <= LATEST_SECONDS


def test_the_current_text_comes_unread_with_its_insight_by_one_round_trip(redis_client):
    texts = RedisTexts(redis_client, expire_seconds=100)
    assert texts.current("FPT", "t1") == texts.current("FPT") == Current(None, None)
    RedisInsightStore(redis_client).apply([ai_analysis("FPT")])
    text = llm_analysis(analysis_id="t2")
    texts.put(text, latest=True)
    assert texts.current("FPT", "t1").text is None
    found = texts.current("FPT", "t2")
    assert found.insight == redis_client.get(keys.insight("FPT"))
    assert LlmAnalysis.model_validate_json(found.text) == text


def test_an_absent_server_is_told_as_retryable(tmp_path):
    with ValkeyServer(tmp_path) as server:
        client = redis.Redis.from_url(server.address, retry=None, socket_connect_timeout=1)
    texts = RedisTexts(client, expire_seconds=100)
    for call in (
        lambda: texts.get("FPT", "t1"),
        lambda: texts.latest("FPT", Language.ENGLISH),
        lambda: texts.current("FPT"),
        lambda: texts.put(llm_analysis(), latest=True),
    ):
        with pytest.raises(RetryableError):
            call()
