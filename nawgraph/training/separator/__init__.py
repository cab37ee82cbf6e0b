"""Training and evaluation of the house separator."""
