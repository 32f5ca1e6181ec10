"""The shared library of Stock AI, laid out as an AWS Lambda layer unpacks it."""
