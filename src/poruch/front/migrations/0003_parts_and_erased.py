"""What lies half sent, what was erased, and drops by the hash of their bytes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two tables of their own and an index: a front made before keeps what it has."""

    dependencies = (("front", "0002_slot"),)

    operations = (
        migrations.CreateModel(
            name="Part",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("who", models.CharField(max_length=20)),
                ("whole", models.CharField(max_length=64)),
                ("day", models.DateField()),
                ("offset", models.BigIntegerField()),
                ("end", models.BigIntegerField()),
                ("part", models.BinaryField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("who", "whole", "offset"), name="one_part_a_place")],
            },
        ),
        migrations.CreateModel(
            name="Erased",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("scrubbed", models.BooleanField(default=False)),
            ],
        ),
        migrations.AlterField("drop", "sha256", models.CharField(db_index=True, max_length=64)),
    )
