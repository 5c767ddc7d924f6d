"""The application `djangoapp:app`: a Django project, ready to be served."""

# ANCHOR: app
import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guestbook.settings")
app = get_wsgi_application()
# Usually somebody says `python manage.py migrate`. This project is to be served by one command.
call_command("migrate", verbosity=0, interactive=False)
# ANCHOR_END: app
