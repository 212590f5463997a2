"""The desk: an officer's own program, the only place with a key and a person."""
