"""The small server of lesson 2 in Python: bytes become a request, and nobody may take for ever."""

import re
import socket
import sys
import time
from email.utils import formatdate

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(rb"(%s) ([!-~]+) HTTP/([0-9])\.([0-9])" % TOKEN)
FIELD = re.compile(rb"(%s):[ \t]*([^\x00-\x08\n-\x1f\x7f]*?)[ \t]*" % TOKEN)
HOST = re.compile(rb"[0-9A-Za-z._:\[\]-]*")
LENGTH = re.compile(rb"[0-9]{1,18}")


def status_of(head):
    first, *lines = head.split(b"\r\n")
    line, fields = LINE.fullmatch(first), [FIELD.fullmatch(line) for line in lines]
    if not line or not all(fields):
        return "400 Bad Request"
    if line[3] != b"1":
        return "505 HTTP Version Not Supported"
    if len(fields) > 100:
        return "431 Head Too Large"
    hosts, lengths, codings = (
        [field[2] for field in fields if field[1].lower() == name]
        for name in (b"host", b"content-length", b"transfer-encoding")
    )
    if len(hosts) > 1 or (not hosts and line[4] != b"0") or not all(map(HOST.fullmatch, hosts)):
        return "400 Bad Request"
    if len(lengths) > 1 or (lengths and codings) or not all(map(LENGTH.fullmatch, lengths)):
        return "400 Bad Request"
    if codings or line[1] == b"CONNECT":
        return "501 Not Implemented"
    return "200 OK"


def answer(status, is_head):
    body = "Hello, World!" if status == "200 OK" else status
    head = (
        f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return (head if is_head else head + body).encode()


def read_more(client, until):
    client.settimeout(max(until - time.monotonic(), 0.001))  # what is left, not a new one
    return client.recv(4096)


def serve(client):
    received, until = b"", time.monotonic() + 10
    while b"\r\n\r\n" not in received and len(received) < 16 * 1024:
        piece = read_more(client, until)
        if not piece:
            return  # it left before the empty line
        received = (received + piece).lstrip(b"\r\n")
    head, end, _ = received.partition(b"\r\n\r\n")
    status = status_of(head) if end else "431 Head Too Large"
    client.sendall(answer(status, head.startswith(b"HEAD ")))
    client.shutdown(socket.SHUT_WR)
    until = time.monotonic() + 2
    while read_more(client, until):
        pass  # read, and forget


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888
listener = socket.create_server(("127.0.0.1", port))
print(f"small02 listening on http://127.0.0.1:{port}", flush=True)
while True:
    try:
        client, _ = listener.accept()
    except OSError:
        time.sleep(0.1)  # until a descriptor is free
        continue
    try:
        serve(client)
    except OSError:
        pass  # an error belongs to its client
    client.close()
