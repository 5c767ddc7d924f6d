"""The routes of the demo application, for any WSGI server."""

import time
from urllib.parse import parse_qsl


def body_of(environ):
    length = environ.get("CONTENT_LENGTH")
    if length:
        return environ["wsgi.input"].read(int(length))
    # In chunks: the server knows where they end.
    return environ["wsgi.input"].read() if "HTTP_TRANSFER_ENCODING" in environ else b""


def app(environ, start_response):
    def answer(status, body):
        fields = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response(status, fields)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def lines(count, pause):
        for number in range(count):
            yield b"line %d\n" % number
            time.sleep(pause)

    path = environ["PATH_INFO"]
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    pause = int(query.get("ms", 0)) / 1000
    if path == "/":
        return answer("200 OK", b"Hello, World!\n")
    if path == "/echo" and environ["REQUEST_METHOD"] == "POST":
        return answer("200 OK", body_of(environ))
    if path == "/environ":
        text = "".join(f"{key}: {value!r}\n" for key, value in environ.items())
        return answer("200 OK", text.encode())
    if path == "/sleep":
        time.sleep(pause)
        return answer("200 OK", b"slept\n")
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return lines(int(query.get("n", 1)), pause)
    if path == "/panic":
        raise RuntimeError("on purpose")
    return answer("404 Not Found", b"no such page\n")
