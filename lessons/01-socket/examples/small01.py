"""The small server of lesson 1 in Python: eight calls, and an error belongs to its client."""

import socket
import sys
import time

ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: 13\r\n"
    b"Connection: close\r\n"
    b"\r\n"
    b"Hello, World!"
)

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(5)
print(f"small01 listening on http://127.0.0.1:{port}", flush=True)
while True:
    try:
        client, _ = listener.accept()
    except OSError:
        time.sleep(0.1)  # until a descriptor is free
        continue
    try:
        client.recv(1024)
        client.sendall(ANSWER)
    except OSError:
        pass  # who has left needs no answer
    client.close()
