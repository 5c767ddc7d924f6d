"""What is kept."""

# ANCHOR: models
from django.db import models


class Entry(models.Model):
    """A line in the guest book."""

    name = models.CharField(max_length=40)
    written = models.DateTimeField(auto_now_add=True)
# ANCHOR_END: models
