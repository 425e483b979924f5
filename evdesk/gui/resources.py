"""Fonts and icons of the desk."""

from pathlib import Path

from evdesk.model.resources import root


def font_files() -> list[Path]:
    return sorted((root() / "fonts").glob("*.ttf"))


def icon_file(name: str) -> Path:
    return root() / "icons" / f"{name}.svg"
