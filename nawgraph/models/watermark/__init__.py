"""Watermarks in sound: networks that write and read them."""
