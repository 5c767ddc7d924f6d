"""The demo of lesson 3, in Python: the same routes, and the same answers."""

# ANCHOR: imports
import json
import math
import os
import threading
import time
from urllib.parse import parse_qs

TEXT = ("Content-Type", "text/plain; charset=utf-8")
# ANCHOR_END: imports


# ANCHOR: app
class BadRequest(Exception):
    """What a client is told that has got its query wrong."""


def app(environ, start_response):
    """All the applications below, each at its path."""
    route = ROUTES.get(environ["PATH_INFO"], not_found)
    try:
        return route(environ, start_response)
    except BadRequest as why:
        return answer(start_response, "400 Bad Request", f"400 Bad Request: {why}\n")


def answer(start_response, status, text, *headers):
    body = text.encode()
    start_response(status, [TEXT, ("Content-Length", str(len(body))), *headers])
    return [body]


def hello(environ, start_response):
    """`/`: says hello."""
    start_response("200 OK", [TEXT])
    return [b"Hello, World!"]


def not_found(environ, start_response):
    return answer(start_response, "404 Not Found", "404 Not Found\n")
# ANCHOR_END: app


# ANCHOR: environ
def show_environ(environ, start_response):
    """`/environ`: shows what an application is told."""
    lines = (f"{name} = {value!r}\n" for name, value in sorted(environ.items()))
    return answer(start_response, "200 OK", "Hello world!\n\n" + "".join(lines))
# ANCHOR_END: environ


# ANCHOR: sleep
def sleep(environ, start_response):
    """`/sleep?ms=500`: takes its time, then tells who slept and when."""
    milliseconds = get_milliseconds(environ, 500)
    started = time.time()
    time.sleep(milliseconds / 1000)
    slept = {
        "pid": os.getpid(),
        "thread": threading.current_thread().name,
        "started_ms": started * 1000,
        "finished_ms": time.time() * 1000,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(slept).encode() + b"\n"]
# ANCHOR_END: sleep


# ANCHOR: echo
def echo(environ, start_response):
    """`POST /echo`: sends the body back."""
    if environ["REQUEST_METHOD"] != "POST":
        text = "405 Method Not Allowed: POST something\n"
        return answer(start_response, "405 Method Not Allowed", text, ("Allow", "POST"))
    content_type = environ.get("CONTENT_TYPE", "")
    if not content_type.isprintable() or not content_type:
        content_type = "application/octet-stream"
    start_response("200 OK", [("Content-Type", content_type)])
    return [environ["wsgi.input"].read()]
# ANCHOR_END: echo


# ANCHOR: stream
def stream(environ, start_response):
    """`/stream?n=5&ms=200`: lines, each made only when the one before it is on its way."""
    count = get_number(environ, "n", 5)
    seconds = get_milliseconds(environ, 200) / 1000
    start_response("200 OK", [TEXT])
    return lines(count, seconds)


def lines(count, seconds):
    for line in range(1, count + 1):
        if line > 1:
            time.sleep(seconds)
        yield f"line {line} of {count}\n".encode()


def panic(environ, start_response):
    """`/panic`: begins a good answer, and then does what no application should."""
    start_response("200 OK", [TEXT])
    raise RuntimeError("this application always fails")
# ANCHOR_END: stream


# ANCHOR: kinds
def primes(environ, start_response):
    """`/primes?n=20000`: computes, and lets go of nothing meanwhile."""
    below = get_number(environ, "n", 20_000)
    if below > 1_000_000:
        raise BadRequest("n is at most 1000000")
    count = sum(map(is_prime, range(2, below)))
    return answer(start_response, "200 OK", f"{count} primes below {below}\n")


def is_prime(number):
    divisors = range(2, math.isqrt(number) + 1)
    return all(number % divisor for divisor in divisors)


def html(environ, start_response):
    """`/html`: the second of lesson 4's three kinds of answers."""
    return page(environ, start_response, "text/html; charset=utf-8", "<h1>Hello, World!</h1>")


def show_json(environ, start_response):
    """`/json`: the third."""
    text = json.dumps({"message": "Hello, World!"})
    return page(environ, start_response, "application/json", text)


def page(environ, start_response, content_type, text):
    """A page that can be looked at, and nothing else."""
    allow = ("Allow", "GET, HEAD, OPTIONS")
    if environ["REQUEST_METHOD"] == "OPTIONS":
        start_response("204 No Content", [allow])
        return []
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        text = "405 Method Not Allowed\n"
        return answer(start_response, "405 Method Not Allowed", text, allow)
    start_response("200 OK", [("Content-Type", content_type)])
    return [text.encode()]
# ANCHOR_END: kinds


# ANCHOR: query
def get_milliseconds(environ, default):
    """The `ms` of the query, up to a minute."""
    milliseconds = get_number(environ, "ms", default)
    if milliseconds > 60_000:
        raise BadRequest("ms is at most 60000")
    return milliseconds


def get_number(environ, name, default):
    """A number in the query, such as 5 in `n=5&ms=200`."""
    given = parse_qs(environ["QUERY_STRING"], keep_blank_values=True).get(name)
    if given is None:
        return default
    if not (given[0].isascii() and given[0].isdigit()):
        raise BadRequest(f"{name} is a whole number")
    return int(given[0])
# ANCHOR_END: query


# ANCHOR: routes
ROUTES = {
    "": hello,
    "/": hello,
    "/environ": show_environ,
    "/sleep": sleep,
    "/echo": echo,
    "/stream": stream,
    "/panic": panic,
    "/primes": primes,
    "/html": html,
    "/json": show_json,
}
# ANCHOR_END: routes
