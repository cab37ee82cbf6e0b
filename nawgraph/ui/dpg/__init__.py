"""The editor in Dear PyGui. Only modules of this package import it."""
