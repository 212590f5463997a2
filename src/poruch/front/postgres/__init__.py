"""The front's rows in PostgreSQL. Django finds its backend here (`base`); nobody imports psycopg elsewhere."""
