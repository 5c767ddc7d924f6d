"""How the table comes into the database."""

# ANCHOR: migration
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("written", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
# ANCHOR_END: migration
