"""The hard rules on the whole market as it was published, against the same rules stated over columns."""

import numpy as np
import pyarrow.parquet

from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice
from stock_ai.quality.rules import Reason, hard_faults
from tests.fakes.messages import NOW

GOOD_EVERY = 50


def test_the_dirt_of_the_real_market_is_found_row_by_row(shared_data):
    table = pyarrow.parquet.read_table(shared_data / "vn_market_500.parquet")
    open_, high, low, close = prices = [table[name].to_numpy() for name in ("open", "high", "low", "close")]
    non_positive = np.any([~(price > 0) for price in prices], axis=0)
    low_above = ~non_positive & (low > np.minimum(open_, close))
    high_below = ~non_positive & (high < np.maximum(open_, close))
    assert non_positive.sum() == 402

    wrong = non_positive | low_above | high_below
    good = np.flatnonzero(~wrong)[::GOOD_EVERY]
    for row in np.concatenate([np.flatnonzero(wrong), good]):
        bar = StockPrice.model_construct(
            symbol="FPT",
            interval=Interval.DAY,
            time=NOW.date(),
            open=open_[row],
            high=high[row],
            low=low[row],
            close=close[row],
            volume=0,
        )
        expected = {
            Reason.NON_POSITIVE_PRICE: non_positive[row],
            Reason.LOW_ABOVE_BODY: low_above[row],
            Reason.HIGH_BELOW_BODY: high_below[row],
        }
        assert set(hard_faults(bar, NOW)) == {reason for reason, broken in expected.items() if broken}
