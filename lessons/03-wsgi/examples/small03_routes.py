"""The demo application, for a small WSGI server: the routes that the checker asks for."""

import json
import os
import threading
import time
from urllib.parse import parse_qs

TEXT = ("Content-Type", "text/plain; charset=utf-8")


def application(environ, start_response):
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    number = lambda name, default: int(query.get(name, [default])[0])
    if path == "/":
        start_response("200 OK", [TEXT, ("Content-Length", "13")])
        return [b"Hello, World!"]
    if path == "/environ":
        start_response("200 OK", [TEXT])
        return [f"{name} = {value}\n".encode() for name, value in sorted(environ.items())]
    if path == "/sleep":
        return sleep(number("ms", 500), start_response)
    if path == "/echo" and environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [body]
    if path == "/echo":
        start_response("405 Method Not Allowed", [TEXT, ("Allow", "POST")])
        return [b"405 Method Not Allowed: POST something\n"]
    if path == "/stream":
        start_response("200 OK", [TEXT])
        return stream(number("n", 5), number("ms", 200))
    if path == "/panic":
        start_response("200 OK", [TEXT])
        raise RuntimeError("this application always fails")
    start_response("404 Not Found", [TEXT])
    return [b"404 Not Found\n"]


def sleep(milliseconds, start_response):
    started = time.time()
    time.sleep(milliseconds / 1000)
    slept = {
        "pid": os.getpid(),
        "thread": threading.current_thread().name,
        "started_ms": started * 1000,
        "finished_ms": time.time() * 1000,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(slept).encode()]


def stream(count, milliseconds):
    for line in range(1, count + 1):
        if line > 1:
            time.sleep(milliseconds / 1000)
        yield f"line {line} of {count}\n".encode()
