"""The simulator: one process, virtual time, one seed; the real rooms, and everything that goes wrong around them."""
