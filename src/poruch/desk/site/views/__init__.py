"""The pages, a group a file."""
