"""A page written with Flask, to be served by a server that has never heard of Flask."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello, World!"
