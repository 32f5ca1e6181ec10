"""Names of facts for those who read a text. What language models are sent keeps its English names."""

from __future__ import annotations

import re
from typing import Final

from functions.llm_analysis.facts import Fact, Value
from functions.llm_analysis.phrases import worded
from functions.llm_analysis.reasons import reason
from stock_ai.models.llm import Language

_SPEAKS: Final = {1: "Ủng hộ tín hiệu", -1: "Không ủng hộ tín hiệu"}
_NAMES: Final = {
    "close": "Giá đóng cửa gần nhất, theo giá giao dịch",
    "previous_close": "Giá đóng cửa phiên trước",
    "return_1": "Thay đổi giá đóng cửa so với phiên trước",
    "volume": "Số cổ phiếu giao dịch trong phiên",
    "adjusted": "Giá được điều chỉnh theo cổ tức và chia tách, quy về giá đóng cửa gần nhất",
    "signal": "Dự báo của mô hình cho 5 phiên tới so với thị trường",
    "confidence": "Xác suất đã hiệu chỉnh của tín hiệu",
    "probability.up": "Xác suất đã hiệu chỉnh: tốt hơn thị trường, vượt ngưỡng",
    "probability.neutral": "Xác suất đã hiệu chỉnh: trong ngưỡng",
    "probability.down": "Xác suất đã hiệu chỉnh: kém hơn thị trường, vượt ngưỡng",
    "band": "Ngưỡng: mức vượt trội trong 5 phiên mà từ đó biến động được tính",
    "model": "Mô hình",
    "model.trained_until": "Ngày cuối mà mô hình đã học",
    "model.proven": "Vượt tỷ lệ cơ sở trên các phiên chưa thấy, ngoài ngẫu nhiên",
    "withheld": "Vì sao không có tín hiệu",
    "withheld.detail": "Vì sao không có tín hiệu, bằng số liệu",
    "rsi_14": "RSI 14 phiên (0 đến 100)",
    "stochastic_k": "Stochastic %K (0 đến 100)",
    "macd_histogram": "MACD trên hoặc dưới đường tín hiệu",
    "adx_14": "ADX 14 phiên: độ mạnh của xu hướng (0 đến 100)",
    "mfi_14": "Chỉ số dòng tiền MFI 14 phiên (0 đến 100)",
    "bollinger_percent_b": "Vị trí giữa hai dải Bollinger (0 là dải dưới, 1 là dải trên)",
    "atr_percent": "Biên độ dao động trung bình ATR 14 phiên, theo giá đóng cửa",
    "volatility_20": "Độ biến động 20 phiên, tính theo năm",
    "volume_ratio_20": "Khối lượng so với trung bình 20 phiên",
    "traded_value_20": "Giá trị giao dịch trung bình 20 phiên",
    "position_52w": "Vị trí trong biên độ 52 tuần (0 là đáy, 100 là đỉnh)",
    "distance_high_52w": "Giá đóng cửa dưới đỉnh 52 tuần",
    "beta_60": "Beta so với VNINDEX, 60 phiên",
    "level.low_52w": "Đáy 52 tuần",
    "level.high_52w": "Đỉnh 52 tuần",
    "track.since": "Các tín hiệu gần đây của mã này bắt đầu từ",
    "track.scored": "Số tín hiệu gần đây của mã này đã được chấm",
    "track.hits": "Trong các tín hiệu gần đây, số tín hiệu đúng sau 5 phiên",
    "track.hit_rate": "Tỷ lệ đúng của các tín hiệu gần đây đã được chấm",
    "track.base_scored": "Số tín hiệu của mọi mã đã được chấm",
    "track.base": "Tỷ lệ đúng của các tín hiệu của mọi mã đã được chấm",
    "track.base_low": "Tỷ lệ đúng, mọi mã: cận dưới của khoảng 95 %",
    "track.base_high": "Tỷ lệ đúng, mọi mã: cận trên của khoảng 95 %",
    "track.base_confidence": "Độ tin cậy trung bình của các tín hiệu của mọi mã đã được chấm",
    "source": "Nguồn giá",
    "bars": "Số phiên trong lịch sử giá ngày",
    "quality.completeness": "Tỷ lệ phiên có dữ liệu",
    "quality.warning.price_limit": "Phiên bất thường gần đây: vượt biên độ",
    "quality.warning.tick": "Phiên bất thường gần đây: sai bước giá",
    "quality.warning.lot": "Phiên bất thường gần đây: sai lô",
    "quality.warning.jump": "Phiên bất thường gần đây: nhảy giá",
    "quality.warning.stale_repeat": "Phiên bất thường gần đây: dữ liệu lặp lại",
    "quality.warning.volume_spike": "Phiên bất thường gần đây: khối lượng đột biến",
    "quality.warning.zero_volume": "Phiên bất thường gần đây: không có khối lượng",
    "phase": "Sàn đang ở giai đoạn nào lúc này",
    "quality.sessions_behind": "Số phiên đã đóng cửa sau phiên cuối cùng có dữ liệu",
    "provisional": "Phiên chưa kết thúc: giá đóng cửa chưa phải cuối cùng",
    "simulated": "Dữ liệu là mô phỏng, không đến từ thị trường thật",
}
_FAMILIES: Final = (
    (re.compile(r"return_(\d+)"), "Thay đổi giá đóng cửa so với {} phiên trước"),
    (re.compile(r"excess_(\d+)"), "Thay đổi trong {} phiên trừ đi thay đổi của VNINDEX"),
    (re.compile(r"versus_sma_(\d+)"), "Giá đóng cửa trên hoặc dưới trung bình {} phiên"),
    (re.compile(r"level\.sma_(\d+)"), "Giá đóng cửa trung bình {} phiên"),
    (re.compile(r"level\.low_(\d+)"), "Mức thấp nhất {} phiên"),
    (re.compile(r"level\.high_(\d+)"), "Mức cao nhất {} phiên"),
)


def name(fact: Fact, language: Language) -> str:
    """The name of a fact in the language of a text; the English one where there is no other."""
    if language is Language.ENGLISH:
        return fact.name
    if fact.is_reason:
        return _SPEAKS[1 if fact.direction == 1 else -1]
    return worded(fact.id, _NAMES, _FAMILIES) or fact.name


def value(fact: Fact, language: Language) -> Value:
    """The value of a fact, of which a reason alone is prose and therefore in the language of the text."""
    if language is Language.ENGLISH or not fact.is_reason:
        return fact.value
    return reason(fact, language).text
