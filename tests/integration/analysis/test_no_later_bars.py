"""What is said after a session of the real market, once later bars are known."""

import datetime as dt

import numpy as np
import pytest

from functions.ai_analysis.opinions import choose
from stock_ai.indicators import compute
from stock_ai.ml.dataset import stocks
from stock_ai.ml.features import FeatureBuilder
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
        for position, bars in enumerate(chosen):
            row = np.flatnonzero((rows.symbol == position) & (rows.dates == date))
            analysis = found.get(bars.symbol)
            if len(row) and analysis and analysis.signal and analysis.as_of == date.item():
                expected = dict(zip(SIGNALS, model.predict(rows.values[row])[0], strict=True))
                assert analysis.probabilities == pytest.approx(expected, abs=1e-6)
                assert analysis.signal is choose(analysis.probabilities, model.card.threshold)
                compared += 1
    assert compared > 20
