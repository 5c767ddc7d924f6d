"""Flask: a form, an upload, a session, a stream and a file."""

# ANCHOR: app
import os

from flask import Flask, redirect, request, send_file, session

app = Flask(__name__)
# The session lies in a cookie that is signed with this key. A new key at each start means that
# nobody is known any more; a real site keeps its own.
app.secret_key = os.environ.get("SECRET_KEY") or os.urandom(32)


@app.get("/")
@app.get("/hello")
def hello():
    return "Hello world from Flask!\n", {"Content-Type": "text/plain; charset=utf-8"}
# ANCHOR_END: app


# ANCHOR: form
@app.get("/name")
def show_name():
    """Who is asking, as far as the session knows; and a form to say so."""
    return {"name": session.get("name"), "visits": session.get("visits", 0)}


@app.post("/name")
def take_name():
    """Keeps the name. The answer sends the client back to look at it."""
    session["name"] = request.form["name"]
    session["visits"] = session.get("visits", 0) + 1
    return redirect("/name")


@app.post("/upload")
def upload():
    """Tells what was uploaded. A large file lies on the disk, not in memory."""
    file = request.files["file"]
    return {"name": file.filename, "size": len(file.read())}
# ANCHOR_END: form


# ANCHOR: stream
@app.get("/stream")
def stream():
    """A body that is made while it is sent."""
    return (f"line {number}\n" for number in range(1, 4))


@app.get("/source")
def source():
    """This file. Flask returns it as a `wsgi.file_wrapper`."""
    return send_file(__file__, mimetype="text/plain", conditional=True)
# ANCHOR_END: stream
