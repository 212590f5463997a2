"""What may be said: the only schemas of the fund, and their codec."""
