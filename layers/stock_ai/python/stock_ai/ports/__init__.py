"""The ports: what a service needs from outside, as protocols. Adapters are in `sources`, `storage` and `streaming`.

Import them from their own modules: each knows the messages of its theme, and a function starts with those it handles.
"""
