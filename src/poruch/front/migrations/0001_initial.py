"""The tables of a new front."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """All of models.py."""

    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Body",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Drop",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("drop", models.CharField(max_length=32, unique=True)),
                ("once", models.CharField(max_length=64, unique=True)),
                ("mailbox", models.CharField(db_index=True, max_length=64)),
                ("kind", models.CharField(max_length=12)),
                ("day", models.DateField()),
                ("sha256", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("value", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Fork",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("segment", models.CharField(max_length=64, unique=True)),
                ("raw", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leaf", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="LogState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.BinaryField()),
                ("size", models.BigIntegerField()),
                ("checkpoint", models.BinaryField()),
                ("officers", models.IntegerField()),
                ("witnesses", models.IntegerField()),
                ("day", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                ("mailbox", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("verify_key", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Slip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lookup", models.CharField(db_index=True, max_length=64)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("slip", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("tag", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("batch", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("segment", models.CharField(max_length=64, unique=True)),
                ("author", models.IntegerField()),
                ("life", models.IntegerField()),
                ("seq", models.BigIntegerField()),
                ("raw", models.BinaryField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("author", "life", "seq"), name="one_segment_a_place")],
            },
        ),
    )
