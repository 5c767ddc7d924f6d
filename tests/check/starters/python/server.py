"""My server. `./check` starts it, and says what to do next."""

import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888

# Chapter 1 puts eight calls here. Once:
#     socket, setsockopt (SO_REUSEADDR), bind to 127.0.0.1 and the port, listen
# and then for each client:
#     accept, recv, send, close

print(f"Nothing listens on http://127.0.0.1:{port} yet.")
