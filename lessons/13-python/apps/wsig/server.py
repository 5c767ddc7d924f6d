"""`wsgi.server`, as the tutorial's example for FastAPI spells it."""

# ANCHOR: server
from wsgi.server import WSGIServer

__all__ = ["WSGIServer"]
# ANCHOR_END: server
