"""How good a model is: walk-forward, measures with intervals, a backtest, and the report of all of it."""
