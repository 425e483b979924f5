"""The look of evdesk as numbers: colours per role and theme, type, spaces. Pages ask `theme`, never this module."""

from types import MappingProxyType
from typing import Final

LIGHT: Final = "light"
DARK: Final = "dark"
CONTRAST: Final = "contrast"
SYSTEM: Final = "system"
THEMES: Final = (LIGHT, DARK, CONTRAST)

_TABLE: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("window", "#F3F4F6", "#121419", "#FFFFFF"),
    ("surface", "#FFFFFF", "#1A1D23", "#FFFFFF"),
    ("raised", "#F8F9FB", "#22262E", "#FFFFFF"),
    ("sunken", "#E9EBEF", "#0D0F13", "#EDEDED"),
    ("border", "#DADDE3", "#30353F", "#000000"),
    ("borderStrong", "#878E9A", "#727A88", "#000000"),
    ("text", "#171A20", "#E8EAED", "#000000"),
    ("muted", "#59616E", "#A0A7B4", "#262626"),
    ("accent", "#1B5FC9", "#7AB0FF", "#003A9E"),
    ("onAccent", "#FFFFFF", "#0B1526", "#FFFFFF"),
    ("accentSoft", "#E4EDFB", "#1C2C47", "#D6E4FF"),
    ("selection", "#DCE8FB", "#21365A", "#FFE97A"),
    ("ok", "#17713C", "#5CCB87", "#004D1F"),
    ("okSoft", "#DFF3E6", "#153224", "#FFFFFF"),
    ("warn", "#8A4F00", "#F2B544", "#6B3500"),
    ("warnSoft", "#FDF0D5", "#38290D", "#FFF3C4"),
    ("danger", "#B3202C", "#FF8A85", "#8F0012"),
    ("dangerSoft", "#FCE5E6", "#431C1F", "#FFFFFF"),
    ("info", "#2C5F86", "#86BEE6", "#003B63"),
    ("infoSoft", "#E3EFF7", "#162C3D", "#FFFFFF"),
    ("grid", "#E6E8EC", "#282C35", "#C9C9C9"),
    ("axis", "#59616E", "#A0A7B4", "#000000"),
    ("limit", "#C4212E", "#FF6B66", "#B00014"),
    ("house", "#A3AAB6", "#5C6472", "#8C8C8C"),
    ("L1", "#A14A12", "#F0A36B", "#8A3200"),
    ("L2", "#5B3FA6", "#B9A3FF", "#4A1D9E"),
    ("L3", "#0B7285", "#5CCBDD", "#00505E"),
    ("circuit", "#8A3F86", "#D69AD6", "#6A1566"),
    ("scrollbar", "#C3C8D0", "#3A404B", "#000000"),
)

ROLES: Final = MappingProxyType(
    {name: MappingProxyType({row[0]: row[i + 1] for row in _TABLE}) for i, name in enumerate(THEMES)}
)
"""theme -> role -> colour"""

CHARGERS: Final = MappingProxyType(
    {
        LIGHT: ("#326CC0", "#D7751D", "#00A3B9", "#4A1742", "#686100", "#321A81", "#A45D70", "#741100"),
        DARK: ("#45A8D4", "#D7A54D", "#6ED0E1", "#9A4F73", "#859132", "#4766AC", "#B88387", "#D1C39E"),
        CONTRAST: ("#544DC4", "#6B2000", "#09909F", "#4E0D85", "#918100", "#180D47", "#9B3D4A", "#3A0002"),
    }
)
"""Eight colours per theme, in the order of the site, again from the start after eight."""

STACK_FILL: Final = MappingProxyType({LIGHT: 0.82, DARK: 0.90, CONTRAST: 1.0})
EDGE: Final = MappingProxyType({LIGHT: 1, DARK: 1, CONTRAST: 2})

SANS: Final = ("Inter", "Noto Sans", "DejaVu Sans")
MONO: Final = ("JetBrains Mono", "DejaVu Sans Mono")

TYPE: Final = MappingProxyType(
    {
        "huge": (38, 600, -2.5),
        "head": (26, 600, -2.0),
        "figure": (24, 600, -2.0),
        "title": (20, 700, 0.0),
        "page": (17, 700, 0.0),
        "way": (17, 500, 0.0),
        "unit": (14, 500, 0.0),
        "name": (14, 600, 0.0),
        "body": (13, 400, 0.0),
        "control": (13, 500, 0.0),
        "card": (13, 600, 0.0),
        "small": (12, 400, 0.0),
        "smallStrong": (12, 500, 0.0),
        "chip": (12, 600, 0.0),
        "chart": (11, 400, 0.0),
        "chartBold": (11, 600, 0.0),
    }
)
"""name -> (pixels, weight, letter spacing in %). The file of weight 700 is drawn at 650."""

RADIUS_CARD: Final = 8
RADIUS_CONTROL: Final = 6
RADIUS_CHIP: Final = 5
RADIUS_BAR: Final = 3

MARGIN: Final = 16
GAP: Final = 12
STEP: Final = 8
