"""Generators of training documents, one module per kind of ability."""
