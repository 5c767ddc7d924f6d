"""Which path is whose."""

# ANCHOR: urls
from django.urls import path

from guestbook import views

urlpatterns = [
    path("hello", views.hello),
    path("guests", views.guests),
    path("visits", views.visits),
    path("upload", views.upload),
    path("stream", views.stream),
    path("source", views.source),
]
# ANCHOR_END: urls
