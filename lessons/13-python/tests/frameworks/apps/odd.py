"""Applications at the edge of PEP 3333, and beyond it. Each is at the path of its name."""

import io
import multiprocessing
import subprocess
import sys
import threading

PLAIN = [("Content-Type", "text/plain")]
closed = []


def app(environ, start_response):
    """Calls the one that is asked for."""
    return globals()[environ["PATH_INFO"].strip("/")](environ, start_response)


def fine(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"fine"]


def which_were_closed(environ, start_response):
    """Who was closed since somebody asked, in order."""
    start_response("200 OK", PLAIN)
    told = " ".join(closed).encode()
    closed.clear()
    return [told]


class Body:
    """A body that says when it is closed."""

    def __init__(self, name, pieces):
        self.name = name
        self.pieces = pieces

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        closed.append(self.name)


# The call of start_response


def twice(environ, start_response):
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return [b"twice"]


def twice_after_a_failure(environ, start_response):
    try:
        start_response("no status", PLAIN)
    except Exception:
        start_response("200 OK", PLAIN)
    return [b"twice"]


def replaced(environ, start_response):
    start_response("200 OK", [("X-Old", "1")])
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Service Unavailable", [("X-New", "1")], sys.exc_info())
    return [b"sorry"]


def replaced_in_the_body(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b""
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Service Unavailable", PLAIN, sys.exc_info())
    yield b"sorry"


def none_for_exc_info(environ, start_response):
    start_response("200 OK", PLAIN, None)
    return [b"none"]


def too_late(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"first"
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Service Unavailable", PLAIN, sys.exc_info())
    yield b"never sent"


def too_late_after_write(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"first")
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Service Unavailable", PLAIN, sys.exc_info())
    return [b"never sent"]


def never(environ, start_response):
    return [b"never"]


def never_and_empty(environ, start_response):
    return []


def in_the_first_iteration(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"late"


def after_an_empty_piece(environ, start_response):
    yield b""
    start_response("200 OK", PLAIN)
    yield b"later"


def after_the_first_piece(environ, start_response):
    yield b"too early"
    start_response("200 OK", PLAIN)


def by_keyword(environ, start_response):
    start_response(status="200 OK", headers=PLAIN)
    return [b"by keyword"]


def with_too_little(environ, start_response):
    start_response("200 OK")
    return [b"too little"]


def kept_for_later(environ, start_response):
    """The next one calls it, when its own request is long over."""
    kept.append(start_response)
    start_response("200 OK", PLAIN)
    return [b"kept"]


kept = []


def called_later(environ, start_response):
    start_response("200 OK", PLAIN)
    try:
        kept.pop()("200 OK", [("X-Not-Mine", "1")])
    except AssertionError:
        return [b"refused"]
    return [b"taken"]


# Statuses and headers


STATUSES = {
    "number": 200,
    "bytes": b"200 OK",
    "no-digits": "abc OK",
    "two-digits": "20 OK",
    "nothing": "",
    "line-end": "200 OK\r\nX-Injected: 1",
    "null": "200 O\0K",
    "euro": "200 \u20ac",
    "interim": "100 Continue",
    "teapot": "418 I'm a teapot",
    "latin-1": "200 \xe9t\xe9",
}


def status(environ, start_response):
    start_response(STATUSES[environ["QUERY_STRING"]], PLAIN)
    return [b"body"]


HEADERS = {
    "tuple": (("X-A", "1"),),
    "none": None,
    "pair-is-a-list": [["X-A", "1"]],
    "triple": [("X-A", "1", "2")],
    "value-is-a-number": [("X-A", 1)],
    "value-is-bytes": [("X-A", b"1")],
    "name-is-bytes": [(b"X-A", "1")],
    "line-end-in-a-value": [("X-A", "1\r\nX-Injected: 1")],
    "line-feed-in-a-value": [("X-A", "1\nX-Injected: 1")],
    "null-in-a-value": [("X-A", "1\0")],
    "line-end-in-a-name": [("X-A: 1\r\nX-Injected", "1")],
    "colon-in-a-name": [("X-A:", "1")],
    "space-in-a-name": [("X A", "1")],
    "empty-name": [("", "1")],
    "euro-in-a-value": [("X-A", "\u20ac")],
    "latin-1-in-a-value": [("X-A", "\xe9")],
    "connection": [("Connection", "keep-alive")],
    "transfer-encoding": [("Transfer-Encoding", "chunked")],
    "upgrade": [("Upgrade", "websocket")],
    "length-is-no-number": [("Content-Length", "many")],
    "length-is-negative": [("Content-Length", "-1")],
    "length-has-a-sign": [("Content-Length", "+4")],
    "length-is-a-number": [("Content-Length", 4)],
    "two-lengths": [("Content-Length", "4"), ("Content-Length", "5")],
    "own-date": [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")],
    "own-server": [("Server", "mine")],
    "two-cookies": [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    "empty-value": [("X-A", "")],
}


def headers(environ, start_response):
    start_response("200 OK", HEADERS[environ["QUERY_STRING"]])
    return [b"body"]


def headers_changed_behind_our_back(environ, start_response):
    headers = list(PLAIN)
    start_response("200 OK", headers)
    headers.append(("X-A", "1\r\nX-Injected: 1"))
    return [b"body"]


def str_of_ones_own(environ, start_response):
    class Text(str):
        pass

    start_response(Text("200 OK"), [(Text("X-A"), Text("1"))])
    return [b"body"]


# write


def write_and_body(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"one ")
    write(b"two ")
    return [b"three"]


def write_alone(environ, start_response):
    start_response("200 OK", PLAIN)(b"written")
    return []


def write_with_length(environ, start_response):
    write = start_response("200 OK", PLAIN + [("Content-Length", "7")])
    write(b"wri")
    write(b"tten")
    return []


def write_too_much(environ, start_response):
    write = start_response("200 OK", PLAIN + [("Content-Length", "3")])
    write(b"written")
    return []


def write_nothing(environ, start_response):
    """An empty string sends nothing, the head neither: it can still be replaced."""
    start_response("200 OK", PLAIN)(b"")
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Service Unavailable", PLAIN, sys.exc_info())
    return [b"sorry"]


def write_text(environ, start_response):
    start_response("200 OK", PLAIN)("text")
    return []


def write_and_fail(environ, start_response):
    start_response("200 OK", PLAIN)(b"first")
    raise ValueError("on purpose")


def write_to_head(environ, start_response):
    start_response("200 OK", PLAIN)(b"written")
    return [b"body"]


# Bodies


def nothing(environ, start_response):
    start_response("200 OK", PLAIN)
    return []


def one_empty_piece(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b""]


def several(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one ", b"two ", b"three"]


def several_in_a_tuple(environ, start_response):
    start_response("200 OK", PLAIN)
    return (b"one ", b"two")


def empty_between(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one", b"", b"two", b""]


def only_empty(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b""
    yield b""


def text(environ, start_response):
    start_response("200 OK", PLAIN)
    return ["text"]


def text_as_second(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"first", "text"]


def bytes_alone(environ, start_response):
    start_response("200 OK", PLAIN)
    return b"bytes"


def byte_array(environ, start_response):
    start_response("200 OK", PLAIN)
    return [bytearray(b"array")]


def none(environ, start_response):
    start_response("200 OK", PLAIN)


def number(environ, start_response):
    start_response("200 OK", PLAIN)
    return 5


def old_iteration(environ, start_response):
    class Old:
        def __getitem__(self, index):
            return [b"old ", b"way"][index]

    start_response("200 OK", PLAIN)
    return Old()


def sized(environ, start_response):
    class Sized(Body):
        def __len__(self):
            return len(self.pieces)

    start_response("200 OK", PLAIN)
    return Sized("sized", [b"sized"])


def many_pieces(environ, start_response):
    start_response("200 OK", PLAIN)
    return (b"x" for _ in range(10_000))


def large(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"x" * 5_000_000]


def bytes_of_ones_own(environ, start_response):
    class Data(bytes):
        pass

    start_response("200 OK", PLAIN)
    return [Data(b"my own")]


# Failures


def fails_at_once(environ, start_response):
    start_response("200 OK", PLAIN)
    return fail()


def fail():
    raise ValueError("on purpose")
    yield


def fails_midway(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"first"
    raise ValueError("on purpose")


def fails_midway_with_length(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "10")])
    yield b"first"
    raise ValueError("on purpose")


class Nameless(Exception):
    def __str__(self):
        raise ValueError("it cannot even be shown")


class Abrupt(BaseException):
    pass


FAILURES = {
    "exit": lambda: sys.exit(3),
    "keyboard-interrupt": KeyboardInterrupt,
    "generator-exit": GeneratorExit,
    "base": Abrupt,
    "stop-iteration": StopIteration,
    "memory": MemoryError,
    "nameless": Nameless,
    "surrogate": lambda: ValueError("\ud800"),
    "null": lambda: ValueError("a\0b\r\nc"),
}


def raises(environ, start_response):
    raise FAILURES[environ["QUERY_STRING"]]()


def raises_midway(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"first"
    raise FAILURES[environ["QUERY_STRING"]]()


def endless(environ, start_response):
    return endless(environ, start_response)


# close


def closes(environ, start_response):
    start_response("200 OK", PLAIN)
    return Body("closes", [b"one", b"two"])


def closes_after_a_failure(environ, start_response):
    start_response("200 OK", PLAIN)
    return Body("closes_after_a_failure", fail_later())


def fail_later():
    yield b"first"
    raise ValueError("on purpose")


def closes_without_a_start(environ, start_response):
    return Body("closes_without_a_start", [b"never"])


def closes_what_cannot_be_iterated(environ, start_response):
    start_response("200 OK", PLAIN)
    return Body("closes_what_cannot_be_iterated", None)


def closes_unread(environ, start_response):
    """More than a client takes that leaves."""
    start_response("200 OK", PLAIN)
    return Body("closes_unread", (b"x" * 65536 for _ in range(10_000)))


def close_fails(environ, start_response):
    class Failing(Body):
        def close(self):
            raise ValueError("on purpose")

    start_response("200 OK", PLAIN)
    return Failing("close_fails", [b"whole"])


# Lengths


def length(environ, start_response):
    """Says that it has so many bytes, and has eleven."""
    start_response("200 OK", PLAIN + [("Content-Length", environ["QUERY_STRING"])])
    return [b"hello ", b"world"]


def without_a_body(environ, start_response):
    """A status that has no body, and a body."""
    start_response(environ["QUERY_STRING"] + " Nothing", PLAIN)
    return [b"body"]


def without_a_body_but_pieces(environ, start_response):
    start_response(environ["QUERY_STRING"] + " Nothing", PLAIN)
    yield b"one"
    yield b"two"


# environ


def show(environ, start_response):
    """One variable, as Python shows it."""
    start_response("200 OK", PLAIN)
    return [repr(environ.get(environ["HTTP_X_SHOW"])).encode()]


def kind(environ, start_response):
    start_response("200 OK", PLAIN)
    strings = all(type(v) is str for k, v in environ.items() if not k.startswith("wsgi."))
    return [f"{type(environ) is dict} {strings}".encode()]


def spoils(environ, start_response):
    start_response("200 OK", PLAIN)
    before = "spoilt" in environ
    environ["spoilt"] = True
    environ["SERVER_NAME"] = "elsewhere"
    del environ["wsgi.version"]
    return [str(before).encode()]


def complains(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("half a line, ")
    errors.writelines(["and the rest: \u20ac\n", "unfinished"])
    errors.flush()
    start_response("200 OK", PLAIN)
    return [b"complained"]


# wsgi.input


def reads(environ, start_response):
    """Calls what the query says, until a marker: `read(3)|readline()`."""
    calls = environ["QUERY_STRING"].replace("%20", " ").split("|")
    read = environ["wsgi.input"]
    told = [repr(eval("read." + call, {"read": read})) for call in calls]
    start_response("200 OK", PLAIN)
    return [" ".join(told).encode()]


def iterates(environ, start_response):
    start_response("200 OK", PLAIN)
    return [repr(list(environ["wsgi.input"])).encode()]


def counts(environ, start_response):
    """How long the body is, by its length and by its bytes."""
    start_response("200 OK", PLAIN)
    size = len(environ["wsgi.input"].read())
    terminated = environ["wsgi.input_terminated"]
    return [f"{environ['CONTENT_LENGTH']} {size} {terminated}".encode()]


def returns_its_input(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.input"]


# wsgi.file_wrapper


class File(io.BytesIO):
    def close(self):
        closed.append("file")
        super().close()


def file(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](File(b"a whole file"))


def file_from_an_offset(environ, start_response):
    opened = File(b"a whole file")
    opened.seek(2)
    start_response("200 OK", PLAIN + [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](opened, 3)


def real_file(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(__file__, "rb"), 100)


def file_in_a_middleware(environ, start_response):
    start_response("200 OK", PLAIN)
    wrapped = environ["wsgi.file_wrapper"](File(b"a whole file"), 4)
    return (piece.upper() for piece in wrapped)


def file_that_only_reads(environ, start_response):
    class Reader:
        left = [b"only ", b"read", b""]

        def read(self, size):
            return self.left.pop(0)

    Reader.left = [b"only ", b"read", b""]
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](Reader())


# Applications that wait for a client, or for each other


go_on = threading.Semaphore(0)


def waits(environ, start_response):
    """Makes its second piece when somebody has asked for `/lets_it_go_on`."""
    start_response("200 OK", PLAIN)
    yield b"first"
    if go_on.acquire(timeout=60):
        yield b"second"


def lets_it_go_on(environ, start_response):
    go_on.release()
    return fine(environ, start_response)


def runs_a_program(environ, start_response):
    """The program asks who would end it, and is ended by a signal that the server ignores."""
    told = subprocess.run(["sh", "-c", "echo told; kill -TERM $$"], capture_output=True)
    start_response("200 OK", PLAIN)
    return [f"{told.stdout.decode().strip()} {told.returncode}".encode()]


def starts_a_thread(environ, start_response):
    told = []
    thread = threading.Thread(target=lambda: told.append(b"from a thread"))
    thread.start()
    thread.join()
    start_response("200 OK", PLAIN)
    return told


def square(number):
    return number * number


def starts_processes(environ, start_response):
    with multiprocessing.Pool(2) as pool:
        squares = pool.map(square, [1, 2, 3])
    start_response("200 OK", PLAIN)
    return [repr(squares).encode()]


def prints(environ, start_response):
    """What is printed is not sent to anybody."""
    print("printed")
    start_response("200 OK", PLAIN)
    return [b"not printed"]


made = 0


def makes_much(environ, start_response):
    """More than anybody keeps for a client that does not read."""
    start_response("200 OK", PLAIN)
    return much()


def much():
    global made
    for made in range(1, 10_001):
        yield b"x" * 65536


def how_many_were_made(environ, start_response):
    start_response("200 OK", PLAIN)
    return [str(made).encode()]
