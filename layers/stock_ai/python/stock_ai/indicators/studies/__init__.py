"""What each indicator is made of, a module per family. TA-Lib does the windows; here stand parameters and limits.

Where a formula divides by a range or a flow that is zero, TA-Lib answers 0, which would read as "deeply oversold". Such
a value is NaN here: on a window without movement or without trade there is nothing to say. Where a window was cleared
of large values, running sums leave a rest of rounding, so stillness is told by counting bars and not by comparing sums.
"""

TRADING_DAYS = 250
"""Sessions in a Vietnamese year, to annualise volatility."""
YEAR = 252
"""Sessions of the 52-week range, as commonly counted."""
