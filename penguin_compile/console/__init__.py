"""Beside a running app: the standard's admin API and the settings page (`penguin-compile serve`).

Over `sync/` and `report/`, which it shows, and `promotion.py`, whose diff it shows. Only
`cli/serve.py` imports it, when it is called: FastAPI reads the annotations of its functions, so
its modules import it at their head.
"""
