"""A planted failure: what becomes of a thread that Python gets to know anew for each call."""

# ANCHOR: app
import threading

from lesson13 import call_elsewhere

CALLS = 2000


def app(environ, start_response):
    """Counts in a `threading.local`, as Django keeps its database connections."""
    for_life, each_time = measure(True), measure(False)
    text = (
        f"attached for life:       opened {for_life[0]} connection for {CALLS} calls\n"
        f"attached for each call:  opened {each_time[0]} connections for {CALLS} calls\n"
    )
    dearer = each_time[1] / for_life[1]
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Dearer", f"{dearer:.1f}")])
    return [text.encode()]


def measure(is_for_life):
    remembered = threading.local()
    opened = []

    def use_the_connection():
        if not hasattr(remembered, "connection"):
            remembered.connection = "open"
            opened.append(1)

    seconds = call_elsewhere(use_the_connection, CALLS, is_for_life)
    return len(opened), seconds
# ANCHOR_END: app
