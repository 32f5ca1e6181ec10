"""Fixed sentences in both languages, and how values are written. Numbers come from facts only."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final

from functions.llm_analysis.facts import Fact
from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.llm import Language

_EN, _VI = Language.ENGLISH, Language.VIETNAMESE
Text = dict[Language, str]
Families = Sequence[tuple[re.Pattern[str], str]]
"""Patterns of names that differ by a number, each with words that have a place for it."""

SIMULATED: Final[Text] = {
    _EN: "These data are simulated and do not come from a real market.",
    _VI: "Dữ liệu này là mô phỏng, không phải của thị trường thật.",
}
_ADVICE: Final[Text] = {_EN: "This is no investment advice.", _VI: "Đây không phải là khuyến nghị đầu tư."}
_BY_RULE: Final[Text] = {
    _EN: "This text was put together by rule from computed facts, without a language model.",
    _VI: "Văn bản này được ghép theo quy tắc từ các số liệu đã tính, không dùng mô hình ngôn ngữ.",
}
_BY_MODEL: Final[Text] = {
    _EN: "This text was written by a language model from computed facts and may contain mistakes.",
    _VI: "Văn bản này do mô hình ngôn ngữ viết từ các số liệu đã tính và có thể có sai sót.",
}
CLOSED: Final[Text] = {
    _EN: "{symbol} closed at {close} on {date}{move}.",
    _VI: "{symbol} đóng cửa ở mức {close} ngày {date}{move}.",
}
RUNNING: Final[Text] = {
    _EN: "The session of {date} still runs, with {symbol} at {close}{move}.",
    _VI: "Phiên ngày {date} chưa kết thúc, {symbol} đang ở mức {close}{move}.",
}
MOVES: Final[dict[int, Text]] = {
    1: {_EN: ", up {move} on the session before", _VI: ", tăng {move} so với phiên trước"},
    0: {_EN: ", unchanged from the session before", _VI: ", không đổi so với phiên trước"},
    -1: {_EN: ", down {move} on the session before", _VI: ", giảm {move} so với phiên trước"},
}
TRENDS: Final[dict[int, Text]] = {
    1: {_EN: "Over 20 sessions it has gained {change}", _VI: "Trong 20 phiên, giá đã tăng {change}"},
    0: {_EN: "Over 20 sessions it has not moved", _VI: "Trong 20 phiên, giá không thay đổi"},
    -1: {_EN: "Over 20 sessions it has lost {change}", _VI: "Trong 20 phiên, giá đã giảm {change}"},
}
COMPARED: Final[dict[int, Text]] = {
    1: {_EN: ", doing better than VNINDEX by {excess}", _VI: ", tốt hơn VNINDEX {excess}"},
    0: {_EN: ", in line with VNINDEX", _VI: ", tương đương VNINDEX"},
    -1: {_EN: ", doing worse than VNINDEX by {excess}", _VI: ", kém hơn VNINDEX {excess}"},
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
UNCERTAIN: Final[Text] = {
    _EN: "The signal is a probability and not a certainty: it will often be wrong.",
    _VI: "Tín hiệu là xác suất chứ không phải điều chắc chắn và sẽ thường xuyên sai.",
}
UNPROVEN: Final[Text] = {
    _EN: "On sessions it had not seen, this model has not been proven to foresee more than the base rate does.",
    _VI: "Trên các phiên chưa thấy, mô hình này chưa được chứng minh là dự báo hơn được tỷ lệ cơ sở.",
}
NO_SIGNAL_RISK: Final[Text] = {
    _EN: "Without a signal the indicators alone say little about the coming sessions.",
    _VI: "Khi không có tín hiệu, riêng các chỉ báo nói được rất ít về các phiên tới.",
}
ODD_BARS: Final[Text] = {
    _EN: "Some of the newest bars look odd, so that figures made from them may be wrong.",
    _VI: "Một số phiên gần đây có dữ liệu bất thường, các số liệu tính từ đó có thể sai.",
}
NOT_ADJUSTED: Final[Text] = {
    _EN: "Prices are not adjusted for dividends and splits, which may distort changes and averages.",
    _VI: "Giá chưa được điều chỉnh theo cổ tức và chia tách, nên các mức thay đổi và trung bình có thể bị lệch.",
}
_UNITS: Final[dict[str, Text]] = {
    "VND": {_EN: " VND", _VI: " đồng"},
    "points": {_EN: " points", _VI: " điểm"},
    "shares": {_EN: " shares", _VI: " cổ phiếu"},
    "bars": {_EN: " daily bars", _VI: " phiên"},
    "sessions": {_EN: " sessions", _VI: " phiên"},
    "x": {_EN: " times", _VI: " lần"},
    "%": {_EN: "%", _VI: "%"},
    "": {_EN: "", _VI: ""},
}


def disclaimer(provider: str, language: Language, simulated: bool) -> str:
    """Who wrote the text, that it is no advice, and that its data are simulated where they are."""
    author = _BY_RULE if provider == "template" else _BY_MODEL
    parts = [author[language], _ADVICE[language]]
    return " ".join([SIMULATED[language], *parts] if simulated else parts)


def show(fact: Fact, language: Language) -> str:
    """The value of a fact with its unit and without its sign, which is for words to say: 99,000 VND, 99.000 đồng."""
    if isinstance(fact.value, str):
        return fact.value
    text = f"{abs(fact.value):,}"
    # Vietnamese groups by full stops and separates decimals by a comma.
    written = text.translate(str.maketrans(",.", ".,")) if language is _VI else text
    return written + _UNITS[fact.unit][language]


def show_date(date: dt.date, language: Language) -> str:
    """A date as the language writes it: 2025-08-22, or 22/08/2025."""
    return date.strftime("%d/%m/%Y") if language is _VI else date.isoformat()


def worded(name: str, words: Mapping[str, str], families: Families) -> str | None:
    """The words of a name: its own, else those of the first family it is of; None where there are none."""
    if name in words:
        return words[name]
    for pattern, text in families:
        if found := pattern.fullmatch(name):
            return text.format(*found.groups())
    return None
