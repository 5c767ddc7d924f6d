"""The smallest WSGI server of Python's own library: python3 hello_wsgi.py PORT"""

import sys
from wsgiref.simple_server import make_server


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"Hello, World!"]


with make_server("127.0.0.1", int(sys.argv[1]), hello) as server:
    server.serve_forever()
