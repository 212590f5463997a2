"""Days and numbers in Belarusian."""
