"""Pyramid: routes are declared, views are found."""

# ANCHOR: app
import os

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory
from pyramid.view import view_config


@view_config(route_name="hello")
def hello(request):
    return Response("Hello world from Pyramid!\n", content_type="text/plain")
# ANCHOR_END: app


# ANCHOR: form
@view_config(route_name="name", request_method="GET", renderer="json")
def show_name(request):
    """Who is asking, as far as the session knows."""
    return {"name": request.session.get("name")}


@view_config(route_name="name", request_method="POST")
def take_name(request):
    """Keeps the name in the session, and sends the client back to look at it."""
    request.session["name"] = request.POST["name"]
    return HTTPFound("/name")


@view_config(route_name="upload", request_method="POST", renderer="json")
def upload(request):
    """Tells what was uploaded."""
    field = request.POST["file"]
    return {"name": field.filename, "size": len(field.file.read())}
# ANCHOR_END: form


# ANCHOR: stream
@view_config(route_name="stream")
def stream(request):
    """A body that is made while it is sent."""
    lines = (f"line {number}\n".encode() for number in range(1, 4))
    return Response(app_iter=lines, content_type="text/plain")


@view_config(route_name="source")
def source(request):
    """This file, as a `wsgi.file_wrapper`."""
    return FileResponse(__file__, request=request, content_type="text/plain")
# ANCHOR_END: stream


# ANCHOR: make
def make_app():
    """Puts it together. Without its own name it can be served with `--call pyramidapp:make_app`."""
    key = os.environ.get("SECRET_KEY") or os.urandom(32).hex()
    with Configurator(session_factory=SignedCookieSessionFactory(key)) as config:
        for name in ["hello", "name", "upload", "stream", "source"]:
            config.add_route(name, f"/{name}")
        config.scan(__name__)
        return config.make_wsgi_app()


app = make_app()
# ANCHOR_END: make
