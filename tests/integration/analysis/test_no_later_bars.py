"""What is said after a session of the real market, once later bars are known."""

import datetime as dt

import numpy as np
import pytest

from functions.ai_analysis.opinions import choose
from stock_ai.indicators import compute
from stock_ai.ml.dataset import stocks
from stock_ai.ml.features import MIN_BARS, FeatureBuilder
from stock_ai.ml.model import SIGNALS
from stock_ai.ml.training import train
from tests.fakes.analysing import run
from tests.fakes.panels import cut, real_panel


def test_no_signal_knows_later_bars(shared_data):
    """What is said after a session is what the features of that session give once later bars are known."""
    panel = real_panel(shared_data, 20)
    model = train(panel, 7, dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC)).model
    chosen = stocks(panel)
    builder = FeatureBuilder()
    for bars in chosen:
        prices = bars.adjusted_prices()
        builder.add(bars, prices, compute(bars, prices))
    rows = builder.build()
    compared = 0
    for date in max(panel, key=len).dates[[-30, -3]]:
        _, found = run(cut(panel, date), model)
        (day,) = np.nonzero((rows.dates == date) & (rows.bar >= MIN_BARS - 1) & np.isfinite(rows.values).all(axis=1))
        said = model.predict(rows.values[day], rows.dates[day].astype(np.int64))
        for place, position in enumerate(rows.symbol[day]):
            analysis = found.get(chosen[position].symbol)
            if analysis and analysis.signal and analysis.as_of == date.item():
                expected = dict(zip(SIGNALS, said[place], strict=True))
                assert analysis.probabilities == pytest.approx(expected, abs=1e-6)
                assert analysis.signal is choose(analysis.probabilities, model.card.threshold)
                compared += 1
    assert compared > 20
