"""The door of a desk: host, start address, cookie, origin, form token, methods, lengths; locking and unlocking."""

import re
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from desk.street import RunningDesk, Street

SECRETS = ("Officer", "Alena", "Мяне", "case", "Village")
POSTS = (
    "/en/lock/",
    "/en/openings/list/",
    "/en/batches/new/",
    "/en/log/new/",
    "/en/books/statements/",
)
PAGES = ("/", "/en/", "/en/queue/", "/en/officers/", "/static/desk.css", "/en/nothing/", "/favicon.ico")


@pytest.fixture(scope="module")
def desk(street: Street) -> RunningDesk:
    return street.desk(1)


def test_the_address_is_a_host_of_its_own_on_loopback(desk: RunningDesk) -> None:
    assert re.fullmatch(r"http://d[0-9a-f]{16}\.localhost:[0-9]+/start/[\w-]{43}", desk.url)


def test_the_cookie_is_strict_hidden_from_scripts_and_of_this_host_only(street: Street) -> None:
    desk = street.desk(2, enter=False)
    came = desk.ask("GET", urlsplit(desk.url).path, headers={"Sec-Fetch-Site": "none"})
    name, *attributes = came.headers["Set-Cookie"].split("; ")
    assert re.fullmatch(r"c[0-9a-f]{16}=[\w-]{43}", name)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert came.location == "/"
    desk.cookie = name
    assert desk.get("/en/queue/").status == 200
    again = desk.ask("GET", urlsplit(desk.url).path, headers={"Sec-Fetch-Site": "none", "Cookie": name})
    assert (again.status, "Set-Cookie" in again.headers) == (403, False)
    assert "only once" in again.text


def test_a_link_from_another_page_does_not_lose_the_strict_cookie(street: Street) -> None:
    desk = street.desk(3, enter=False)
    for method in ("HEAD", "POST"):
        assert desk.ask(method, urlsplit(desk.url).path).status in (403, 405)
    came = desk.ask("GET", urlsplit(desk.url).path, headers={"Sec-Fetch-Site": "cross-site"})
    assert came.status == 200
    assert "Set-Cookie" in came.headers
    assert '<meta http-equiv="refresh" content="0; url=/en/queue/">' in came.text


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "%00", "../queue"])
def test_a_wrong_start_token_opens_nothing(desk: RunningDesk, token: str) -> None:
    answer = desk.ask("GET", f"/start/{token}")
    assert answer.status in (403, 404)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "d0123456789abcdef.localhost", "bare", "upper", ""])
def test_any_other_host_is_refused(desk: RunningDesk, path: str, host: str) -> None:
    port = urlsplit(desk.url).port
    sent = {
        "bare": desk.authority.split(":")[0],
        "upper": desk.authority.upper(),
        "": "",
    }.get(host, f"{host}:{port}")
    answer = desk.ask("GET", path, headers={"Host": sent, "Cookie": desk.cookie})
    assert answer.status == 421
    assert not any(secret in answer.text for secret in SECRETS)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("cookie", ["none", "wrong value", "wrong name", "garbled"])
def test_without_the_cookie_there_is_one_sentence(desk: RunningDesk, path: str, cookie: str) -> None:
    name, value = desk.cookie.split("=")
    sent = {
        "none": {},
        "wrong value": {"Cookie": f"{name}={value[:-1]}"},
        "wrong name": {"Cookie": f"d{name[1:]}={value}"},
        "garbled": {"Cookie": "=;;;={ (\\"},
    }[cookie]
    answer = desk.ask("GET", path, headers=sent)
    assert answer.status == 403
    assert answer.text.count("\n") == 1
    assert not any(secret in answer.text for secret in SECRETS)


REFUSED_POSTS = {
    "no origin": {"Origin": None},
    "foreign origin": {"Origin": "http://evil.example"},
    "another desk": {"Origin": "http://d0123456789abcdef.localhost:1"},
    "null origin": {"Origin": "null"},
    "https": {"Origin": "https"},
    "no fetch site": {"Sec-Fetch-Site": None},
    "same site": {"Sec-Fetch-Site": "same-site"},
    "cross site": {"Sec-Fetch-Site": "cross-site"},
    "typed": {"Sec-Fetch-Site": "none"},
    "no cookie": {"Cookie": None},
    "no token": {},
    "wrong token": {},
}


@pytest.mark.parametrize("case", REFUSED_POSTS)
@pytest.mark.parametrize("path", POSTS)
def test_a_post_from_elsewhere_does_nothing(desk: RunningDesk, path: str, case: str) -> None:
    headers: dict[str, str | None] = {**desk.good_headers(), **REFUSED_POSTS[case]}
    if headers["Origin"] == "https":
        headers["Origin"] = desk.origin.replace("http:", "https:")
    body = {"no token": b"", "wrong token": b"form_token=" + b"x" * 43}.get(case, f"form_token={desk.token}".encode())
    answer = desk.ask("POST", path, body, {name: value for name, value in headers.items() if value is not None})
    assert answer.status == 403
    assert answer.text.count("\n") == 1
    assert desk.get("/en/queue/").status == 200  # not locked


@pytest.mark.parametrize("path", ["/en/lock/", "/en/openings/list/"])
def test_a_get_changes_nothing_where_only_a_post_acts(desk: RunningDesk, path: str) -> None:
    assert desk.get(path).status == 405
    assert desk.get("/en/queue/").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(desk: RunningDesk, method: str) -> None:
    assert desk.ask(method, "/en/queue/", headers=desk.good_headers()).status == 405


def test_too_long_a_form_is_refused_whole(desk: RunningDesk) -> None:
    assert desk.post("/en/lock/", text="x" * 600_000).status == 413
    assert desk.get("/en/queue/").status == 200


@pytest.mark.parametrize("path", ["/en/queue/", "/en/nothing/", "/start/x", "/static/desk.css"])
def test_every_answer_has_its_headers(desk: RunningDesk, path: str) -> None:
    headers = desk.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "script" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers


def test_no_page_has_a_script_or_comes_from_elsewhere(desk: RunningDesk) -> None:
    for path in ("/en/queue/", "/en/officers/", "/be/journal/"):
        text = desk.get(path).text
        assert "<script" not in text
        assert not re.search(r'(src|href|action)="(https?:)?//', text)
        assert " style=" not in text
        assert not re.search(r" on[a-z]+=", text)


def test_a_locked_desk_names_nobody_and_opens_with_the_passphrase_only(street: Street) -> None:
    desk = street.desk(4, unlocked=False)
    page = desk.get("/en/locked/")
    assert page.status == 200
    assert not any(secret in page.text for secret in SECRETS)
    for path in ("/en/queue/", "/en/officers/", "/be/books/"):
        answer = desk.get(path)
        assert answer.status == 302
        assert answer.location.endswith("/locked/")
    mistyped = {"passphrase": "not this one at all"}
    wrong = desk.post("/en/locked/", **mistyped)
    assert wrong.status == 422
    assert "The passphrase does not open this key file." in wrong.text
    assert "not this one" not in wrong.text
    assert "Error:" in wrong.text
    assert desk.post("/en/locked/", passphrase="").status == 422
    assert desk.post("/be/locked/", passphrase="x" * 2000).status == 422
    assert desk.get("/en/queue/").status == 302
    right = desk.post("/en/locked/", passphrase=desk.passphrase)
    assert right.location == "/en/queue/"
    assert "Officer 4" in desk.follow(right).text
    assert "demo" not in desk.get("/en/queue/").text
    assert desk.follow(desk.post("/en/lock/")).text.count("This desk is locked") == 2
    assert desk.get("/en/queue/").status == 302


def test_one_folder_is_served_by_one_process(street: Street) -> None:
    first = street.desk(5)
    second = RunningDesk(first.folder, "", first.passphrase, first.day)
    with pytest.raises(AssertionError, match="Another process serves this desk"):
        second.start()


def test_the_files_of_a_desk_are_for_its_owner_only_and_no_plaintext_stands_in_them(street: Street) -> None:
    desk = street.desk(5)
    for file in Path(desk.folder).iterdir():
        if file.name in ("officer.key", "desk.db", "desk.sock"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        if file.is_socket():
            continue
        for word in ("Alena Persona", "Мяне звольнілі", "Officer 5"):
            assert word.encode() not in file.read_bytes()
