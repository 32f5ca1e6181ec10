"""The facts of a symbol by theme. Each module adds rows to a `Table` and leaves out what is not known."""
