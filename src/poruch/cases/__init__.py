"""Cases: from a submission to a grant; checks, messages, and requests to open what is sealed to the quorum."""
