"""A small market: thirty stocks, an index, and a stock that was listed lately."""

import dataclasses

import numpy as np
import pytest

from stock_ai.indicators import Panel
from tests.fakes.analysing import RankModel
from tests.fakes.panels import random_bars, random_panel, tail

COUNT = 350


@pytest.fixture(scope="session")
def panel():
    index = dataclasses.replace(random_bars("VNINDEX", COUNT), volume=np.full(COUNT, np.nan))
    index.close[-1] = 1645.47
    return Panel.of([*random_panel(30, COUNT), index, tail(random_bars("NEW", COUNT), 96)])


@pytest.fixture
def model():
    return RankModel()
