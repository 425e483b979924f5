"""What a person chose for the desk: kept in one ini file in the user's configuration folder."""

from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from evdesk.gui import tokens

ASK = "ask"
KEEP = "keep"
STOP = "stop"


def default_path() -> Path:
    return platformdirs.user_config_path("evdesk", appauthor=False) / "desk.ini"


class DeskSettings(QObject):
    """Typed access to the ini file; `changed(key)` after every write of a new value."""

    changed = Signal(str)

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path or default_path()
        self._file = QSettings(str(self.path), QSettings.Format.IniFormat, self)

    @property
    def theme(self) -> str:
        """system, light, dark or contrast."""
        return self._choice("look/theme", (tokens.SYSTEM, *tokens.THEMES))

    @theme.setter
    def theme(self, value: str) -> None:
        self.put("look/theme", value)

    @property
    def large(self) -> bool:
        """Targets for gloves."""
        return self.get("look/large", "false") == "true"

    @large.setter
    def large(self, value: bool) -> None:
        self.put("look/large", "true" if value else "false")

    @property
    def who(self) -> str:
        """The name that stands in the audit log for what this desk does; empty = Technician."""
        return self.get("desk/who", "")

    @who.setter
    def who(self, value: str) -> None:
        self.put("desk/who", value.strip()[:60])

    @property
    def on_close(self) -> str:
        """What closing the window means while the engine works: ask, keep or stop."""
        return self._choice("desk/on_close", (ASK, KEEP, STOP))

    @on_close.setter
    def on_close(self, value: str) -> None:
        self.put("desk/on_close", value)

    def get(self, key: str, default: str = "") -> str:
        value = self._file.value(key, default)
        return value if isinstance(value, str) else default

    def put(self, key: str, value: str) -> None:
        if self._file.value(key) != value:
            self._file.setValue(key, value)
            self.changed.emit(key)

    def blob(self, key: str) -> QByteArray:
        """A window's geometry or the like; empty when there is none."""
        value: Any = self._file.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put_blob(self, key: str, value: QByteArray) -> None:
        self._file.setValue(key, value)

    def sync(self) -> None:
        """Write to the file now."""
        self._file.sync()

    def _choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.get(key, allowed[0])
        return value if value in allowed else allowed[0]
