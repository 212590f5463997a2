"""Whether a POST was sent from a page of this site, as the browser says."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def same_origin(request: HttpRequest) -> bool:
    """False where the browser says that another site sent it; browsers that say nothing are believed.

    There is no cookie, so another site has nobody's rights to borrow; what it could do is put words, or a code that
    it knows, before somebody's eyes.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return origin is None or site == "same-origin"
    return urlsplit(origin).netloc == str(request.META.get("HTTP_HOST", ""))
