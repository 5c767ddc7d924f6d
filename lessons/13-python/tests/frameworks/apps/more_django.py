"""The Django project of this lesson, with views that only a test wants."""

import threading

from django.db import connection
from django.http import HttpResponse
from django.urls import path

from djangoapp import app  # noqa: F401: it is what is served.
from guestbook import urls

kept = threading.local()
both = threading.Barrier(2, timeout=60)


def which_connection(request):
    """The thread, how often it was here, and its connection to the database."""
    connection.ensure_connection()
    kept.times = getattr(kept, "times", 0) + 1
    name = threading.current_thread().name
    return HttpResponse(f"{name}|{kept.times}|{id(connection.connection)}")


def meet(request):
    """Answers when two are here, each with a connection that is its own."""
    connection.ensure_connection()
    both.wait()
    return which_connection(request)


def fail(request):
    raise RuntimeError("on purpose")


urls.urlpatterns += [
    path("which", which_connection),
    path("meet", meet),
    path("fail", fail),
]
