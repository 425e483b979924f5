"""Where fonts and icons lie: in a checkout, beside the installed package, or in a frozen bundle."""

import sys
from functools import cache
from pathlib import Path

_MARK = Path("fonts") / "Inter-Regular.ttf"


def _places() -> list[Path]:
    package = Path(__file__).resolve().parents[1]
    frozen = getattr(sys, "_MEIPASS", None)
    places = [package / "resources", package.parent / "resources", Path(sys.prefix) / "share" / "evdesk" / "resources"]
    return [Path(frozen) / "resources", *places] if frozen else places


@cache
def root() -> Path:
    """The resource folder; raises `FileNotFoundError` with the places looked at."""
    for place in _places():
        if (place / _MARK).is_file():
            return place
    looked = ", ".join(str(place) for place in _places())
    raise FileNotFoundError(f"The folder with fonts and icons is missing. Looked in: {looked}. Install evdesk again.")
