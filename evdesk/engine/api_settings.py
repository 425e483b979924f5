"""The API's methods about a charger's settings."""

from dataclasses import replace

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, command, record_of
from evdesk.engine.settings_files import as_csv, as_json, plan, read_file
from evdesk.model import EvdeskError, Origin, Reason, Setting
from evdesk.model.settings import PlannedSetting, SettingChange, SettingsSnapshot, SettingsView
from evdesk.ocpp.dictionary import same
from evdesk.ocpp.passwords import is_password
from evdesk.ocpp.redact import HIDDEN, is_secret
from evdesk.wire import methods as m
from evdesk.wire.settings import DiffSettings, ExportSettings, ImportSettings, SettingsFile, SettingsProgress


class SettingsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "charger.settings": self._settings,
            "charger.write_setting": self._write_setting,
            "settings.last": self._last,
            "settings.progress": self._progress,
            "settings.snapshot": self._snapshot,
            "settings.snapshots": self._snapshots,
            "settings.diff": self._diff,
            "settings.export": self._export,
            "settings.import": self._import,
        }

    async def _settings(self, origin: Origin, params: m.OneCharger) -> list[Setting]:
        found: list[Setting] = []
        book = self.core.shelf.settings

        async def read(link: Driver) -> Answer:
            book.begin(params.charger_id)
            try:
                found.extend(await link.settings())
            finally:
                book.end(params.charger_id)
            return Answer(f"{len(found)} settings")

        await command(self.core, origin, "charger.settings", params.charger_id, {}, read)
        self.core.setup.settings[params.charger_id] = found
        return await book.keep(record_of(self.core, params.charger_id), found, "read")

    async def _write_setting(self, origin: Origin, params: m.WriteSetting) -> m.Done:
        if HIDDEN in params.value:
            text = f"“{HIDDEN}” stands for a password that is never shown. Write the value whole, with its password."
            raise EvdeskError(Reason.INVALID, text)
        hidden = is_secret(params.name) or "key" in params.name.lower()
        args = {"name": params.name, "value": "(not written down)" if hidden else params.value}
        told: list[Answer] = []

        async def write(link: Driver) -> Answer:
            answer = await self._written(link, params)
            told.append(answer)
            return answer

        done = await command(self.core, origin, "charger.write_setting", params.charger_id, args, write)
        await self.core.shelf.settings.wrote(record_of(self.core, params.charger_id), params.name, told[0])
        return done

    async def _written(self, link: Driver, params: m.WriteSetting) -> Answer:
        """The charger logs in with one of its settings: that one is known here too, once it is on its way."""
        if not params.value or not is_password(link.protocol, params.name):
            return await link.write_setting(params.name, params.value)
        return await self.core.security.policies.send_password(
            params.charger_id, params.value, lambda: link.write_setting(params.name, params.value)
        )

    async def _last(self, _origin: Origin, params: m.OneCharger) -> SettingsView:
        return await self.core.shelf.settings.view(record_of(self.core, params.charger_id))

    async def _progress(self, _origin: Origin, params: m.OneCharger) -> SettingsProgress:
        return SettingsProgress(self.core.shelf.settings.reading(params.charger_id))

    async def _snapshot(self, origin: Origin, params: m.OneCharger) -> SettingsSnapshot:
        await self._settings(origin, params)
        return (await self._snapshots(origin, params))[0]

    async def _snapshots(self, _origin: Origin, params: m.OneCharger) -> list[SettingsSnapshot]:
        record_of(self.core, params.charger_id)
        return await self.core.fleet.store.snapshots(params.charger_id)

    async def _diff(self, _origin: Origin, params: DiffSettings) -> list[SettingChange]:
        record = record_of(self.core, params.charger_id)
        return await self.core.shelf.settings.diff(record, params.from_id, params.to_id)

    async def _export(self, _origin: Origin, params: ExportSettings) -> SettingsFile:
        record = record_of(self.core, params.charger_id)
        settings, at = await self.core.shelf.settings.settings_of(record, params.snapshot_id)
        if params.format == "json":
            text = as_json(record, settings, at)
        elif params.format == "csv":
            text = as_csv(settings)
        else:
            raise EvdeskError(Reason.INVALID, "Settings are exported as “json” or “csv”.")
        plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in record.id)
        return SettingsFile(f"{plain}-settings.{params.format}", text)

    async def _import(self, origin: Origin, params: ImportSettings) -> list[PlannedSetting]:
        record = record_of(self.core, params.charger_id)
        lines = read_file(params.text)
        settings, _ = await self.core.shelf.settings.settings_of(record, None)
        planned = plan(lines, settings, record.protocol)
        if params.dry_run:
            return planned
        known = {s.name: s for s in settings}
        done = []
        for one in planned:
            done.append(await self._apply(origin, record.id, one, known) if one.verdict == "change" else one)
        return done

    async def _apply(
        self, origin: Origin, charger_id: str, one: PlannedSetting, known: dict[str, Setting]
    ) -> PlannedSetting:
        """One line written; what the charger says about it never stops the others, but its absence does."""
        try:
            answer = await self._write_setting(origin, m.WriteSetting(charger_id, one.name, one.value))
        except EvdeskError as error:
            if error.reason in (Reason.UNREACHABLE, Reason.STORAGE):
                return replace(one, verdict="failed", sentence=error.sentence)
            return replace(one, verdict="refused", sentence=error.sentence)
        if answer.status == "RebootRequired":
            return replace(one, verdict="reboot", after=answer.after, sentence="Works after a restart.")
        if answer.after is not None and not same(known[one.name], answer.after, one.value):
            told = f"You asked {one.value}, it says {answer.after}."
            return replace(one, verdict="differs", after=answer.after, sentence=told)
        return replace(one, verdict="written", after=answer.after)
