"""Data, training and evaluation of the house codec."""
