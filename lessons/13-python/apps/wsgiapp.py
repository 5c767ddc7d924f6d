"""The smallest application: a callable, and the two things that it is given (PEP 3333)."""


# ANCHOR: app
def app(environ, start_response):
    """Says hello, whatever it is asked."""
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"Hello, World!\n"]
# ANCHOR_END: app
