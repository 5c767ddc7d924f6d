"""`wsgi`, as the tutorial's example for FastAPI spells it."""
