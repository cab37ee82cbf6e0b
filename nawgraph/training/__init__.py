"""Training data, training loops and evaluation of the house models. Only the command line imports it."""
