"""Requests that wait for each other: one alone is never answered."""

import threading

both = threading.Barrier(2, timeout=60)


def app(environ, start_response):
    """Answers when two are here."""
    both.wait()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"together"]
