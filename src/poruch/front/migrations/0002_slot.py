"""Slots of the rendezvous."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of its own: a front made before keeps what it has."""

    dependencies = (("front", "0001_initial"),)

    operations = (
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("slot", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("opener", models.IntegerField(default=0)),
                ("hello", models.BinaryField(null=True)),
                ("answer", models.BinaryField(null=True)),
            ],
        ),
    )
