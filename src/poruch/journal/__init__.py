"""The journal: who said what, in which order, and how every desk comes to hold it whole."""
