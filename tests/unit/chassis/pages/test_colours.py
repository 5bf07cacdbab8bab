"""The contrasts of the style sheet, light and dark, by the formula of WCAG 2.2."""

import re
from pathlib import Path

import pytest

STYLES = Path("services/chassis/pages/static/site.css")
TEXT, SHAPE = 4.5, 3.0

TEXTS = [
    *((text, ground) for text in ("ink", "muted", "brand", "brand-strong", "wrong") for ground in ("paper", "surface")),
    *((text, "brand-soft") for text in ("ink", "brand", "brand-strong", "muted")),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("ink", "line"),
    ("muted", "line"),
    *(("ink", ground) for ground in ("warn-soft", "wrong-soft", "both-soft")),
    ("wrong", "wrong-soft"),
    *((mode, f"{mode}-soft") for mode in ("on-site", "remote", "both")),
]
SHAPES = [
    *((shape, ground) for shape in ("edge", "focus", "brand", "wrong") for ground in ("paper", "surface")),
    *((f"{mode}-mark", ground) for mode in ("on-site", "remote", "both") for ground in ("paper", "surface")),
]


def colours(scheme: str) -> dict[str, str]:
    """The named colours of a scheme; what the dark one does not name it takes from the light one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLES.read_text(), flags=re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks[:2])
    return light if scheme == "light" else light | dark


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text,ground", TEXTS)
def test_a_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    assert contrast(colours(scheme)[text], colours(scheme)[ground]) >= TEXT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape,ground", SHAPES)
def test_a_shape_that_tells_something_stands_out_from_its_ground(scheme: str, shape: str, ground: str) -> None:
    assert contrast(colours(scheme)[shape], colours(scheme)[ground]) >= SHAPE


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_colour_has_a_name() -> None:
    without_names = re.sub(r":root \{.*?\}", "", STYLES.read_text(), flags=re.DOTALL)

    # White is meant: the ground of a QR code, and paper.
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", without_names)) <= {"#ffffff"}
