"""The books: double entry, batches, and what becomes public of them."""
