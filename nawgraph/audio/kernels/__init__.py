"""Hot loops in numba. Import these modules inside functions only: numba takes a second to load."""
