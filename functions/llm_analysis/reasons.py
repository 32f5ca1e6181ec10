"""The model's reasons as sentences: features in the words of investors."""

from __future__ import annotations

import re
from typing import Final

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.facts import Fact
from functions.llm_analysis.phrases import worded
from stock_ai.models.llm import Language

_EN, _VI = Language.ENGLISH, Language.VIETNAMESE
_PREFIX: Final = "reason."

# As `stock_ai.ml.model` writes a reason: "return over 5 sessions is 0.012, above its usual 0.003: speaks for BUY".
_REASON: Final = re.compile(
    r"(?P<what>.+?) is \S+, (?P<side>above|below) its usual \S+: speaks (?:for|against) (?P<signal>BUY|HOLD|SELL)\.?"
)
_ENGLISH: Final = {
    1: "{what} is on the {side} side, which speaks for {signal}.",
    -1: "{what} is on the {side} side, which speaks against {signal}.",
}
_VIETNAMESE: Final = {
    1: "{what} đang ở mức {side}, ủng hộ tín hiệu {signal}.",
    -1: "{what} đang ở mức {side}, không ủng hộ tín hiệu {signal}.",
}
_UNREADABLE: Final = {
    1: "Yếu tố {feature} của mô hình ủng hộ tín hiệu này.",
    -1: "Yếu tố {feature} của mô hình không ủng hộ tín hiệu này.",
}
_SIDES: Final[dict[str, dict[Language, str]]] = {
    "above": {_EN: "high", _VI: "cao"},
    "below": {_EN: "low", _VI: "thấp"},
}
"""Against the median of the stocks that the model has learned from."""

_ENGLISH_NAMES: Final = {
    "distance_kijun": "distance from the Kijun line",
    "distance_senkou_b": "distance from the Senkou B line",
    "breadth_50": "market breadth by the 50-session average",
}
"""Where investors have a name for what the reason describes."""
_NAMES: Final = {
    "return_1": "mức thay đổi giá của phiên gần nhất",
    "return_250_to_20": "mức thay đổi giá dài hạn không tính 20 phiên gần nhất",
    "gap": "khoảng trống giá lúc mở cửa",
    "close_location": "vị trí giá đóng cửa trong biên độ phiên",
    "traded_value_20": "giá trị giao dịch 20 phiên",
    "volume_trend": "khối lượng 5 phiên so với 60 phiên",
    "volume_ratio_20": "khối lượng so với trung bình 20 phiên",
    "distance_sar": "khoảng cách tới Parabolic SAR",
    "distance_supertrend": "khoảng cách tới Supertrend",
    "distance_kijun": "khoảng cách tới đường Kijun",
    "distance_senkou_b": "khoảng cách tới đường Senkou B",
    "distance_high_52w": "khoảng cách tới đỉnh 52 tuần",
    "distance_low_52w": "khoảng cách tới đáy 52 tuần",
    "position_52w": "vị trí trong biên độ 52 tuần",
    "bollinger_percent_b": "vị trí giữa hai dải Bollinger",
    "bollinger_width": "độ rộng dải Bollinger",
    "natr_14": "biên độ dao động trung bình ATR",
    "true_range": "biên độ dao động của phiên",
    "ppo": "MACD theo phần trăm giá",
    "macd_histogram": "biểu đồ MACD",
    "ultimate_oscillator": "chỉ báo Ultimate Oscillator",
    "trend_slope_20": "độ dốc xu hướng 20 phiên",
    "trend_r2_20": "độ rõ của xu hướng 20 phiên",
    "mfi_14": "chỉ số dòng tiền MFI",
    "cmf_20": "dòng tiền Chaikin",
    "market_return_5": "mức thay đổi của thị trường trong 5 phiên",
    "market_return_20": "mức thay đổi của thị trường trong 20 phiên",
    "market_volatility_20": "độ biến động của thị trường 20 phiên",
    "breadth_50": "độ rộng thị trường theo trung bình 50 phiên",
}
_FAMILIES: Final = (
    (re.compile(r"return_(\d+)"), "mức thay đổi giá trong {} phiên"),
    (re.compile(r"overnight_(\d+)"), "thay đổi giá ngoài giờ giao dịch trong {} phiên"),
    (re.compile(r"within_sessions_(\d+)"), "thay đổi giá trong giờ giao dịch của {} phiên"),
    (re.compile(r"largest_return_(\d+)"), "mức thay đổi giá lớn nhất trong {} phiên"),
    (re.compile(r"smallest_return_(\d+)"), "mức thay đổi giá nhỏ nhất trong {} phiên"),
    (re.compile(r"steadiness_(\d+)"), "độ đều của thay đổi giá trong {} phiên"),
    (re.compile(r"skewness_(\d+)"), "độ lệch của thay đổi giá trong {} phiên"),
    (re.compile(r"illiquidity_(\d+)"), "độ kém thanh khoản trong {} phiên"),
    (re.compile(r"distance_sma_(\d+)"), "khoảng cách tới trung bình {} phiên"),
    (re.compile(r"distance_vwap_(\d+)"), "khoảng cách tới giá bình quân theo khối lượng {} phiên"),
    (re.compile(r"(?:volatility|parkinson)_(\d+)"), "độ biến động {} phiên"),
    (re.compile(r"rsi_(\d+)"), "chỉ số sức mạnh tương đối RSI {} phiên"),
    (re.compile(r"stochastic.*"), "chỉ báo Stochastic"),
    (re.compile(r"cci_.*"), "chỉ báo CCI"),
    (re.compile(r"trix_.*"), "chỉ báo TRIX"),
    (re.compile(r"aroon_.*"), "chỉ báo Aroon"),
)


def reason(fact: Fact, language: Language) -> Statement:
    """The sentence of a fact `reason.{feature}`; one whose text is not as expected is given as it is, or by name."""
    direction = 1 if fact.direction == 1 else -1
    feature, text = fact.id.removeprefix(_PREFIX), str(fact.value)
    found = _REASON.fullmatch(text)
    if language is _EN:
        sentence = f"{_capital(text).rstrip('.')}."
        if found:
            what = _capital(_ENGLISH_NAMES.get(feature) or found["what"].removesuffix(" (log)"))
            sentence = _ENGLISH[direction].format(what=what, side=_SIDES[found["side"]][_EN], signal=found["signal"])
        return Statement(text=sentence, facts=[fact.id])
    words = _vietnamese(feature)
    if not found or words is None:
        return Statement(text=_UNREADABLE[direction].format(feature=words or feature), facts=[fact.id])
    sentence = _VIETNAMESE[direction].format(
        what=_capital(words), side=_SIDES[found["side"]][_VI], signal=found["signal"]
    )
    return Statement(text=sentence, facts=[fact.id])


def _vietnamese(feature: str) -> str | None:
    if feature.startswith("rank_"):
        ranked = _vietnamese(feature.removeprefix("rank_"))
        return ranked and f"thứ hạng toàn thị trường về {ranked}"
    return worded(feature, _NAMES, _FAMILIES)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
