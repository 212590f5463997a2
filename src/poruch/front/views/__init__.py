"""Views, a file for each group of pages: a form, one call into the core, one template."""
