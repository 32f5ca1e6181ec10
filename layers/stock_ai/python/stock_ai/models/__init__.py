"""The messages between services, with topic names and Redis keys. No I/O.

Import them from their own modules: a function starts with those that it handles.
"""
