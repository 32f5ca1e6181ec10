"""Features, labels, training and the models that come of it. No I/O: where models are kept is a port in `manager`."""
