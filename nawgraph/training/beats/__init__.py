"""Training and evaluation of the house beat tracker."""
