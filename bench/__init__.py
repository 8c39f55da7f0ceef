"""Measurements: how fast the SCIM server is, beside servers that we did not write. See ``bench/README.md``."""
