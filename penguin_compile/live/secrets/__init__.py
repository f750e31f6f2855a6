"""Secrets that other programs keep: one file per scheme, loaded by `core/resolver.py`'s table."""
