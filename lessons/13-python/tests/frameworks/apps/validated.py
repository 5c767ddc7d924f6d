"""`validated:flaskapp` is `flaskapp:app` with Python's validator of WSGI around it."""

import importlib
from wsgiref.validate import validator


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    return validator(importlib.import_module(name).app)
