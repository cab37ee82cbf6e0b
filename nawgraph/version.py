"""The version of the program, for modules that may not import the package itself."""

VERSION = "0.1.0"
