"""How a dependency that is slow, busy or away is met: pacing, deadlines and repeated attempts."""
