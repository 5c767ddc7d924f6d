"""Applications that keep or break the rules of PEP 3333, each at its path."""

import io
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from wsgiref.validate import validator

closed = []
remembered = threading.local()


def app(environ, start_response):
    name = environ["PATH_INFO"].strip("/").replace("-", "_")
    return globals()[name](environ, start_response)


def say(start_response, text, *headers):
    start_response("200 OK", [("Content-Type", "text/plain"), *headers])
    return [text.encode()]


class Body:
    """A body that notes when it is closed."""

    def __init__(self, name, pieces):
        self.name, self.pieces = name, pieces

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        closed.append(self.name)


def closed_bodies(environ, start_response):
    names = ",".join(sorted(closed))
    closed.clear()
    return say(start_response, names)


def whole(environ, start_response):
    start_response("200 OK", [])
    return Body("whole", [b"a", b"b"])


def broken(environ, start_response):
    def pieces():
        yield b"a"
        raise ValueError("in the middle")

    start_response("200 OK", [])
    return Body("broken", pieces())


def broken_at_once(environ, start_response):
    def pieces():
        raise ValueError("before the first piece")
        yield b""

    start_response("200 OK", [])
    return Body("broken_at_once", pieces())


def endless(environ, start_response):
    def pieces():
        while True:
            yield b"x" * 65536

    start_response("200 OK", [])
    return Body("endless", pieces())


def written(environ, start_response):
    write = start_response("200 OK", [])
    write(b"W1")
    write(b"")
    write(b"W2")
    return [b"R"]


def written_slowly(environ, start_response):
    write = start_response("200 OK", [])
    write(b"first")
    go.wait(30)
    write(b"second")
    return []


def written_much(environ, start_response):
    write = start_response("200 OK", [])
    for _ in range(50):
        write(b"x" * 1024 * 1024)
    return []


go = threading.Event()


def let_go(environ, start_response):
    go.set()
    return say(start_response, "gone")


def replaced(environ, start_response):
    start_response("200 OK", [("X-Old", "1")])
    try:
        raise ValueError("replaced")
    except ValueError:
        start_response("503 Replaced", [("X-New", "1")], sys.exc_info())
    return [b"replaced"]


def replaced_too_late(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("503 Replaced", [], sys.exc_info())
    yield b"never"


def begun_late(environ, start_response):
    yield b""
    start_response("200 OK", [("X-Late", "1")])
    yield b"late"


def begun_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def not_begun(environ, start_response):
    return [b"nothing"]


def exits(environ, start_response):
    sys.exit(3)


def interrupts(environ, start_response):
    raise KeyboardInterrupt


def text_body(environ, start_response):
    start_response("200 OK", [])
    return ["text"]


def no_body(environ, start_response):
    start_response("200 OK", [])


def number_status(environ, start_response):
    start_response(200, [])
    return []


def bytes_header(environ, start_response):
    start_response("200 OK", [(b"X-A", b"a")])
    return []


def list_header(environ, start_response):
    start_response("200 OK", [["X-A", "a"]])
    return []


def hop_by_hop(environ, start_response):
    start_response("200 OK", [("Connection", "close")])
    return []


def injected(environ, start_response):
    start_response("200 OK", [("X-A", "a\r\nX-B: b")])
    return []


def injected_status(environ, start_response):
    start_response("200 OK\r\nX-B: b", [])
    return []


def too_long(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"abcdef"]


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return [b"body"]


def part_of_a_file(environ, start_response):
    file = io.BytesIO(b"0123456789")
    file.seek(2)
    start_response("200 OK", [("Content-Length", "3")])
    return environ["wsgi.file_wrapper"](file)


def read_all_ways(environ, start_response):
    body = environ["wsgi.input"]
    read = [body.read(3), body.readline(), body.readline(2), body.readlines(), body.read()]
    return say(start_response, repr((read, environ["CONTENT_LENGTH"])))


def kind_of_input(environ, start_response):
    return say(start_response, type(environ["wsgi.input"]).__name__)


def headers(environ, start_response):
    names = ["HTTP_COOKIE", "HTTP_X_A", "HTTP_X_B", "HTTP_CONTENT_TYPE", "CONTENT_TYPE"]
    return say(start_response, repr([environ.get(name) for name in names]))


def cookies(environ, start_response):
    return say(start_response, "", ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


def complains(environ, start_response):
    print("a complaint \u20ac", file=environ["wsgi.errors"])
    return say(start_response, "")


def remembers(environ, start_response):
    remembered.count = getattr(remembered, "count", 0) + 1
    return say(start_response, f"{threading.get_ident()} {remembered.count}")


def is_threaded(environ, start_response):
    return say(start_response, repr(environ["wsgi.multithread"]))


def subprocesses(environ, start_response):
    said = subprocess.run(["echo", "hello"], capture_output=True, check=True)
    return say(start_response, said.stdout.decode())


def forks(environ, start_response):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put(os.getpid()))
    child.start()
    other = queue.get(timeout=30)
    child.join(30)
    return say(start_response, str(other != os.getpid()))


def spawns(environ, start_response):
    """Children that begin anew, and import what they need."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return say(start_response, repr(pool.map(abs, [-1, 2, -3])))


def ends_a_child(environ, start_response):
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    child.terminate()
    child.join(30)
    return say(start_response, str(child.exitcode))


def computes_for_ever(environ, start_response):
    began.set()
    while True:
        pass


began = threading.Event()


def has_begun(environ, start_response):
    return say(start_response, str(began.wait(30)))


def sleeps(environ, start_response):
    print("asleep", file=environ["wsgi.errors"])
    time.sleep(0.7)
    return say(start_response, "slept")


def good(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"good"]


valid = validator(good)
not_callable = "a string"


def make():
    return good


MEGABYTE = b"x" * (1024 * 1024)
LARGE = []


def large(environ, start_response, status="200 OK", headers=()):
    """One object of fifty megabytes, the same for everybody."""
    if not LARGE:
        LARGE.append(MEGABYTE * 50)
    start_response(status, list(headers))
    return [LARGE[0]]


def large_and_announced(environ, start_response):
    return large(environ, start_response, headers=[("content-length", str(len(MEGABYTE) * 50))])


def large_and_not_modified(environ, start_response):
    return large(environ, start_response, "304 Not Modified")


def large_in_pieces(environ, start_response):
    start_response("200 OK", [])
    return (MEGABYTE for _ in range(50))


def large_and_written(environ, start_response):
    """The same, for a client that has to take it before this returns."""
    start_response("200 OK", [])(MEGABYTE * 50)
    return []


def stops_here(environ, start_response):
    told = "before"
    breakpoint()
    return say(start_response, told)
