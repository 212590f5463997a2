"""The stylesheet: small, nothing from elsewhere, every class in use, enough contrast."""

import re

import pytest

from web.extracting import SOURCE

SHEET = (SOURCE / "web" / "static" / "poruch.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", block))
    for block in re.findall(r":root \{(.*?)\n *\}", SHEET, re.DOTALL)
)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * sign for sign in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_it_is_at_most_twelve_kilobytes() -> None:
    assert len(SHEET.encode()) <= 12_000


def test_it_fetches_nothing() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:", SHEET)


@pytest.mark.parametrize("scheme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"), ("ink", "card"), ("ink", "wash"), ("ink", "mist"), ("ink", "bad-wash"),
        ("soft", "paper"), ("soft", "card"), ("soft", "wash"), ("soft", "mist"), ("accent", "paper"),
        ("accent", "card"), ("accent", "wash"), ("on", "accent"), ("good", "good-wash"), ("wait", "wait-wash"),
        ("bad", "bad-wash"), ("bad", "paper"),
    ],
)  # fmt: skip
def test_text_has_enough_contrast(scheme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["edge", "second", "accent"])
def test_edges_and_bars_can_be_seen(scheme: dict[str, str], edge: str) -> None:
    assert contrast(scheme[edge], scheme["card"]) >= 3


def test_every_class_of_the_sheet_is_used_and_every_class_used_is_there() -> None:
    sheet = {
        name for name in re.findall(r"\.([a-z][a-z-]*\d*)(?=[\s,.:{\[>+])", SHEET) if not re.fullmatch(r"[tu]\d+", name)
    }
    used: set[str] = set()
    for room in ("web", "front"):
        for path in (SOURCE / room / "templates").rglob("*.html"):
            text = re.sub(r"\{%[^%]*%\}", " ", path.read_text())
            for value in re.findall(r'class="([^"]*)"', text):
                used |= set(value.replace("{{ row.kind }}", "").split())
    assert sheet - used == set()
    assert {name for name in used - sheet if name not in ("", "plain")} == set()
