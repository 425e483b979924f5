"""Names the system libraries Qt wants and this machine lacks, in one line with the command that brings them."""

import ctypes
import shutil
import sys

ALWAYS = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
}
FOR_A_WINDOW = {
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-xinerama.so.0": ("libxcb-xinerama0", "libxcb"),
}
"""Library -> package (Debian and Ubuntu, Fedora). Tests and pictures need no window."""


def missing(window: bool) -> list[tuple[str, str]]:
    """Packages (Debian's name, Fedora's name) of the libraries that cannot be loaded."""
    lacking = []
    for library, packages in (ALWAYS | FOR_A_WINDOW if window else ALWAYS).items():
        try:
            ctypes.CDLL(library)
        except OSError:
            lacking.append(packages)
    return lacking


def main() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    lacking = missing("--window" in sys.argv)
    if "--packages" in sys.argv:
        print(" ".join(sorted({debian for debian, _ in lacking})))
        return 0
    if not lacking:
        return 0
    column, command = (1, "sudo dnf install") if shutil.which("dnf") else (0, "sudo apt-get install")
    names = " ".join(sorted({packages[column] for packages in lacking}))
    print(f"Qt needs system libraries that are not here. Install them with: {command} {names}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
