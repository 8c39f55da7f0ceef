"""Fuzzers: random inputs against the product's own surface, seeded, for minutes or hours."""
