"""Sits at a terminal: starts the server there, asks for a page that stops, and types.

    python3 terminal.py COMMAND…

What the client got and the server's exit code are printed; what the terminal showed goes to stderr.
"""

import os
import pty
import re
import signal
import socket
import sys


def read_until(terminal, shown, pattern):
    """Reads what the terminal shows up to something; the end of it all is an error."""
    while not (found := re.search(pattern, shown)):
        more = os.read(terminal, 1000)
        sys.stderr.buffer.write(more)
        shown += more
    return shown[found.end():], found


def give_up(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, give_up)
signal.alarm(60)
process, terminal = pty.fork()
if process == 0:
    os.execv(sys.argv[1], sys.argv[1:])
try:
    shown, found = read_until(terminal, b"", rb"http://127\.0\.0\.1:(\d+)\s")
    client = socket.create_connection(("127.0.0.1", int(found[1])))
    client.sendall(b"GET /stops-here HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    shown, _ = read_until(terminal, shown, rb"\(Pdb\) ")
    os.write(terminal, b"told = 'changed by hand'\n")
    shown, _ = read_until(terminal, shown, rb"\(Pdb\) ")
    os.write(terminal, b"c\n")
    answer = b""
    while piece := client.recv(1000):
        answer += piece
    print(answer.split(b"\r\n\r\n")[1].decode())
    os.write(terminal, b"\x03")  # Ctrl-C
    shown, _ = read_until(terminal, shown, rb"stopped\s")
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
except BaseException:
    os.kill(process, 9)
    raise
