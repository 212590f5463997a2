"""Shared HTML, one stylesheet, words: what the front and the desk look and sound like."""
