"""Spec, live and ledger compared; the plan, its guards, and its application."""
