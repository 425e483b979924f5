"""Snapshots of a charger's settings, what changed between them, and what a file would change."""

from dataclasses import dataclass

from evdesk.model.charger import Setting


@dataclass(frozen=True, slots=True)
class SettingsSnapshot:
    """`at`: when these values were first read; `seen_at`: when they were last found unchanged. `reason`: "read",
    "setup", "import"."""

    id: int
    charger_id: str
    at: float
    seen_at: float
    settings: int
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    protocol: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that differs. `kind`: "changed", "added", "removed". Values of secrets are never here."""

    name: str
    before: str | None
    after: str | None
    kind: str = "changed"
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What is known of a charger's settings without asking it. `at` None: never read. `before`: the values in the
    snapshot before the newest, of settings that differ since."""

    charger_id: str
    at: float | None = None
    protocol: str = ""
    settings: tuple[Setting, ...] = ()
    before: dict[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class PlannedSetting:
    """One line of a settings file against the charger. `verdict`: "change", "same", "read_only", "unknown", "invalid",
    "secret" (masked in the file), "unreadable"; after writing: "written", "differs", "reboot", "refused", "failed".

    `now` is the charger's value, `after` the one it showed after writing; `sentence` says why, `warning` what a wrong
    value does."""

    line: int
    name: str
    value: str
    verdict: str
    now: str | None = None
    after: str | None = None
    sentence: str = ""
    warning: str = ""
