"""What is answered."""

# ANCHOR: hello
from django import forms
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from guestbook.models import Entry


def hello(request):
    return HttpResponse("Hello world from Django!\n", content_type="text/plain")
# ANCHOR_END: hello


# ANCHOR: guests
class EntryForm(forms.ModelForm):
    class Meta:
        model = Entry
        fields = ["name"]


def guests(request):
    """The guest book, and a form to sign it. Django refuses one that does not bring the token."""
    form = EntryForm(request.POST or None)
    if form.is_valid():
        form.save()
        return redirect("/guests")
    entries = Entry.objects.order_by("-written")[:20]
    return render(request, "guests.html", {"form": form, "entries": entries})


def visits(request):
    """Counts how often this client was here. The count lies in the database."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})
# ANCHOR_END: guests


# ANCHOR: upload
@csrf_exempt  # So that one line of curl can try it.
@require_POST
def upload(request):
    """Tells what was uploaded. Django writes a large file to the disk, piece by piece."""
    file = request.FILES["file"]
    size = sum(len(piece) for piece in file.chunks())
    return JsonResponse({"name": file.name, "size": size})


def stream(request):
    """A body that is made while it is sent."""
    lines = (f"line {number}\n" for number in range(1, 4))
    return StreamingHttpResponse(lines, content_type="text/plain")


def source(request):
    """This file. Django returns it as a `wsgi.file_wrapper`."""
    return FileResponse(open(__file__, "rb"), content_type="text/plain")
# ANCHOR_END: upload
