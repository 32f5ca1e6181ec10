"""Fixed sentences in both languages. None holds a number: numbers come from facts only."""

from __future__ import annotations

import datetime as dt
from typing import Final

from functions.llm_analysis.facts import Fact, Value
from stock_ai.models import Language, Signal, WithheldReason

_EN, _VI = Language.ENGLISH, Language.VIETNAMESE
Text = dict[Language, str]

SIMULATED: Final[Text] = {
    _EN: "These data are simulated and do not come from a real market.",
    _VI: "Dữ liệu này là mô phỏng, không phải của thị trường thật.",
}
_ADVICE: Final[Text] = {_EN: "This is no investment advice.", _VI: "Đây không phải là khuyến nghị đầu tư."}
_AUTHOR: Final[dict[str, Text]] = {
    "template": {
        _EN: "This text was put together by rule from computed facts, without a language model.",
        _VI: "Văn bản này được ghép theo quy tắc từ các số liệu đã tính, không dùng mô hình ngôn ngữ.",
    },
    "anthropic": {
        _EN: "This text was written by a language model from computed facts and may contain mistakes.",
        _VI: "Văn bản này do mô hình ngôn ngữ viết từ các số liệu đã tính và có thể có sai sót.",
    },
}
UNUSABLE_ANSWER: Final[Text] = {
    _EN: "The language model's answer could not be used.",
    _VI: "Câu trả lời của mô hình ngôn ngữ không sử dụng được.",
}
CLOSED: Final[Text] = {_EN: "{symbol} closed at {close} on {date}.", _VI: "{symbol} đóng cửa ở {close} ngày {date}."}
RUNNING: Final[Text] = {
    _EN: "{symbol} stands at {close} on {date}; the session still runs.",
    _VI: "{symbol} đang ở {close} ngày {date}; phiên giao dịch chưa kết thúc.",
}
SIGNALLED: Final[dict[Signal, Text]] = {
    Signal.BUY: {
        _EN: "The model expects it to do better than the market (BUY), with a calibrated probability of {confidence}.",
        _VI: "Mô hình dự báo cổ phiếu tốt hơn thị trường (BUY), với xác suất đã hiệu chỉnh {confidence}.",
    },
    Signal.HOLD: {
        _EN: "The model expects it to move with the market (HOLD), with a calibrated probability of {confidence}.",
        _VI: "Mô hình dự báo cổ phiếu đi cùng thị trường (HOLD), với xác suất đã hiệu chỉnh {confidence}.",
    },
    Signal.SELL: {
        _EN: "The model expects it to do worse than the market (SELL), with a calibrated probability of {confidence}.",
        _VI: "Mô hình dự báo cổ phiếu kém hơn thị trường (SELL), với xác suất đã hiệu chỉnh {confidence}.",
    },
}
WITHHELD: Final[dict[WithheldReason, Text]] = {
    WithheldReason.NO_MODEL: {
        _EN: "There is no signal, because no model has been trained yet.",
        _VI: "Chưa có tín hiệu vì chưa có mô hình nào được huấn luyện.",
    },
    WithheldReason.INSUFFICIENT_HISTORY: {
        _EN: "There is no signal, because the history is too short ({bars}).",
        _VI: "Chưa có tín hiệu vì lịch sử giá còn quá ngắn ({bars}).",
    },
    WithheldReason.NEW_LISTING: {
        _EN: "There is no signal, because its history begins only lately ({bars}).",
        _VI: "Chưa có tín hiệu vì lịch sử giá của mã chỉ mới bắt đầu gần đây ({bars}).",
    },
    WithheldReason.HALTED: {
        _EN: "There is no signal, because it has not traded for several sessions.",
        _VI: "Không có tín hiệu vì mã đã không giao dịch trong nhiều phiên.",
    },
    WithheldReason.INDEX_NOT_MODELLED: {
        _EN: "There is no signal, because the model does not speak of indices.",
        _VI: "Không có tín hiệu vì mô hình không áp dụng cho chỉ số.",
    },
    WithheldReason.MODEL_NOT_APPLICABLE: {
        _EN: "There is no signal, because the model was not made for data of this kind.",
        _VI: "Không có tín hiệu vì mô hình không dành cho loại dữ liệu này.",
    },
    WithheldReason.MODEL_EXPIRED: {
        _EN: "There is no signal, because the model is too old to be relied on and awaits its successor.",
        _VI: "Không có tín hiệu vì mô hình đã quá cũ và đang chờ mô hình thay thế.",
    },
    WithheldReason.FEATURES_UNAVAILABLE: {
        _EN: "There is no signal, because something the model needs could not be computed.",
        _VI: "Không có tín hiệu vì không tính được một đại lượng mà mô hình cần.",
    },
}
REASON_VI: Final[dict[bool, str]] = {
    True: "Đặc trưng {feature} của mô hình ủng hộ tín hiệu này.",
    False: "Đặc trưng {feature} của mô hình không ủng hộ tín hiệu này.",
}
UNCERTAIN: Final[Text] = {
    _EN: "The signal is a probability and not a certainty: it will often be wrong.",
    _VI: "Tín hiệu là xác suất chứ không phải điều chắc chắn và sẽ thường xuyên sai.",
}
UNPROVEN: Final[Text] = {
    _EN: "On sessions it had not seen, this model was not provably better than the base rate.",
    _VI: "Trên các phiên chưa thấy, mô hình này chưa được chứng minh là tốt hơn tỷ lệ cơ sở.",
}
NO_SIGNAL_RISK: Final[Text] = {
    _EN: "Without a signal the indicators alone say little about the coming sessions.",
    _VI: "Khi không có tín hiệu, riêng các chỉ báo nói được rất ít về các phiên tới.",
}
_UNITS: Final[dict[str, Text]] = {
    "VND": {_EN: " VND", _VI: " đồng"},
    "points": {_EN: " points", _VI: " điểm"},
    "bars": {_EN: " daily bars", _VI: " phiên"},
    "%": {_EN: "%", _VI: "%"},
    "": {_EN: "", _VI: ""},
}


def disclaimer(provider: str, language: Language, simulated: bool) -> str:
    """Who wrote the text, that it is no advice, and that its data are simulated where they are."""
    parts = [_AUTHOR[provider][language], _ADVICE[language]]
    return " ".join([SIMULATED[language], *parts] if simulated else parts)


def author(provider: str, language: Language) -> str:
    """Who wrote the text."""
    return _AUTHOR[provider][language]


def show(fact: Fact, language: Language) -> str:
    """The value of a fact with its unit, written as the language writes numbers."""
    return _number(fact.value, language) + _UNITS[fact.unit][language]


def show_date(date: dt.date, language: Language) -> str:
    """A date as the language writes it: 2025-08-22, or 22/08/2025."""
    return date.strftime("%d/%m/%Y") if language is _VI else date.isoformat()


def _number(value: Value, language: Language) -> str:
    if isinstance(value, str):
        return value
    text = f"{value:,}"
    # Vietnamese groups by full stops and separates decimals by a comma.
    return text.translate(str.maketrans(",.", ".,")) if language is _VI else text
