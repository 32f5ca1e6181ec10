"""What was said and what came of it: issued signals, their outcomes and the tallies of both. No I/O."""
