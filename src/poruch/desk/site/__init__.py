"""The officer's screens: Django on loopback, one process a desk, plain pages without a script."""
