"""The public site: pages, the drop box, the relay, published files. It keeps ciphertext and public facts, and no key.

What a person types is in memory for the length of one request, is sealed there, and is never written down in clear:
no session, no cookie, no upload, no access log, no message of an error that repeats what was typed.
"""
