"""The small server of lesson 3 in Python: it serves any WSGI application (PEP 3333).

    python3 small03.py 8888                    the routes of small03_routes.py
    python3 small03.py 8888 flask_hello:app    any other, by module and name
"""

import importlib
import io
import re
import socket
import sys
import time
import traceback
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(rb"(%s) ([!-~]+) HTTP/([0-9])\.([0-9])" % TOKEN)
FIELD = re.compile(rb"(%s):[ \t]*([^\x00-\x08\n-\x1f\x7f]*?)[ \t]*" % TOKEN)
HOST = re.compile(rb"[0-9A-Za-z._:\[\]-]*")
LENGTH = re.compile(rb"[0-9]{1,18}")


class Refused(Exception):
    """A request that never reaches the application; its text is the status."""


def environ_of(head, port):
    first, *lines = head.split(b"\r\n")
    line, fields = LINE.fullmatch(first), [FIELD.fullmatch(line) for line in lines]
    if not line or not all(fields):
        raise Refused("400 Bad Request")
    if line[3] != b"1":
        raise Refused("505 HTTP Version Not Supported")
    if len(fields) > 100:
        raise Refused("431 Head Too Large")
    hosts, lengths, codings = (
        [field[2] for field in fields if field[1].lower() == name]
        for name in (b"host", b"content-length", b"transfer-encoding")
    )
    if len(hosts) > 1 or (not hosts and line[4] != b"0") or not all(map(HOST.fullmatch, hosts)):
        raise Refused("400 Bad Request")
    if len(lengths) > 1 or (lengths and codings) or not all(map(LENGTH.fullmatch, lengths)):
        raise Refused("400 Bad Request")
    if codings or line[1] == b"CONNECT":
        raise Refused("501 Not Implemented")
    path, _, query = re.sub(rb"^\w+://[^/]*", b"", line[2]).partition(b"?")  # a whole URL
    environ = {
        "REQUEST_METHOD": line[1].decode(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path or b"/").decode("latin-1"),
        "QUERY_STRING": query.decode(),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/1.{line[4].decode()}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (field.groups() for field in fields if b"_" not in field[1]):
        name = name.decode().upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        value = value.decode("latin-1")
        environ[name] = f"{environ[name]}, {value}" if name in environ else value
    return environ


class Answer:
    """What start_response and write put together, and what has left already."""

    def __init__(self, client, is_head):
        self.client, self.is_head, self.head, self.has_left = client, is_head, None, False

    def start_response(self, status, headers, exc_info=None):
        if exc_info and self.has_left:
            raise exc_info[1]
        assert exc_info or not self.head, "start_response was called twice"
        fields = [("Date", formatdate(usegmt=True)), ("Connection", "close"), *headers]
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields), "", ""]
        self.head = "\r\n".join(lines).encode("latin-1")
        return self.write

    def write(self, piece):
        assert self.head, "write was called before start_response"
        head, self.has_left = b"" if self.has_left else self.head, True
        self.client.sendall(head + (b"" if self.is_head else piece))


def run(application, environ, client):
    answer = Answer(client, environ["REQUEST_METHOD"] == "HEAD")
    try:
        body = application(environ, answer.start_response)
        try:
            for piece in filter(None, body):  # the head leaves with the first piece
                answer.write(piece)
            if not answer.has_left:
                answer.write(b"")
        finally:
            getattr(body, "close", lambda: None)()
    except OSError:
        raise  # the client has left
    except Exception:
        traceback.print_exc()
        if not answer.has_left:
            refuse("500 Internal Server Error", client, answer.is_head)


def refuse(status, client, is_head):
    head = (
        f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(status)}\r\nConnection: close\r\n\r\n"
    )
    client.sendall((head if is_head else head + status).encode())


class Body(io.RawIOBase):
    """The body of a request: exactly as long as Content-Length says."""

    def __init__(self, begun, length, client):
        self.begun, self.left, self.client = begun, length, client

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), self.left)
        piece = self.begun[:size] or (self.client.recv(size) if size else b"")
        self.begun = self.begun[size:]
        self.left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


def read_more(client, until):
    client.settimeout(max(until - time.monotonic(), 0.001))  # what is left, not a new one
    return client.recv(4096)


def serve(application, client, port):
    received, until = b"", time.monotonic() + 10
    while b"\r\n\r\n" not in received and len(received) < 16 * 1024:
        piece = read_more(client, until)
        if not piece:
            return  # it left before the empty line
        received = (received + piece).lstrip(b"\r\n")
    head, end, begun = received.partition(b"\r\n\r\n")
    client.settimeout(10)
    try:
        if not end:
            raise Refused("431 Head Too Large")
        environ = environ_of(head, port)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BufferedReader(Body(begun, length, client))
        run(application, environ, client)
    except Refused as refused:
        refuse(str(refused), client, head.startswith(b"HEAD "))
    client.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 2
    while read_more(client, until):
        pass  # read, and forget


def main(port=8888, name="small03_routes:application"):
    module, _, attribute = name.partition(":")
    application = getattr(importlib.import_module(module), attribute or "application")
    listener = socket.create_server(("127.0.0.1", int(port)))
    print(f"small03 listening on http://127.0.0.1:{port}", flush=True)
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            time.sleep(0.1)  # until a descriptor is free
            continue
        try:
            serve(application, client, port)
        except OSError:
            pass  # an error belongs to its client
        client.close()


main(*sys.argv[1:])
