"""The API's methods about a charger's settings: last read, snapshots, files."""

from dataclasses import dataclass

from evdesk.model.settings import PlannedSetting, SettingChange, SettingsSnapshot, SettingsView
from evdesk.wire.method import Method, OneCharger


@dataclass(frozen=True, slots=True)
class DiffSettings:
    """`from_id`, `to_id`: snapshots; null for `to_id`: what was read last, null for `from_id`: the one before it."""

    charger_id: str
    from_id: int | None = None
    to_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """`format`: "json" or "csv". `snapshot_id` null: what was read last."""

    charger_id: str
    format: str = "json"
    snapshot_id: int | None = None


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """`name`: a file name that says whose it is. Secrets are masked in `text`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """`text`: a file as `settings.export` writes it, or any CSV with a name and a value column. `dry_run`: only plan."""

    charger_id: str
    text: str
    dry_run: bool = True


@dataclass(frozen=True, slots=True)
class SettingsProgress:
    """How many settings came so far; null while no read runs."""

    reading: int | None = None


METHODS_SETTINGS: dict[str, Method] = {
    "settings.last": Method(OneCharger, SettingsView, "Settings as last read, also of a charger that is offline."),
    "settings.progress": Method(OneCharger, SettingsProgress, "How far a running read is."),
    "settings.snapshot": Method(OneCharger, SettingsSnapshot, "Read every setting now and keep it.", changes=True),
    "settings.snapshots": Method(OneCharger, list[SettingsSnapshot], "What was kept of a charger, newest first."),
    "settings.diff": Method(DiffSettings, list[SettingChange], "What differs between two snapshots."),
    "settings.export": Method(ExportSettings, SettingsFile, "Settings as a file, secrets masked."),
    "settings.import": Method(
        ImportSettings,
        list[PlannedSetting],
        "What a file would change; with dry_run false written line by line and read back.",
        changes=True,
    ),
}
