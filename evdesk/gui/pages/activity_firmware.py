"""What deeds about firmware, jobs and logs are called in the activity log."""

from collections.abc import Callable, Mapping
from typing import Any

from evdesk.gui.text import tr

Args = Mapping[str, Any]


def _policy(args: Args, _detail: Args) -> str:
    model, version = args.get("model", "?"), args.get("version", "?")
    words = {
        "none": tr("No firmware policy for {model}"),
        "keep_at": tr("Keep {model} at firmware {version}"),
        "at_least": tr("{model} at least at firmware {version}"),
    }
    return words.get(str(args.get("kind")), tr("Firmware policy of {model}")).format(model=model, version=version)


def _block(args: Args, _detail: Args) -> str:
    words = tr("Firmware {version} of {model} blocked")
    if args.get("blocked") is False:
        words = tr("Firmware {version} of {model} allowed again")
    return words.format(version=args.get("version", "?"), model=args.get("model", "?"))


def _start(args: Args, _detail: Args) -> str:
    chargers = args.get("charger_ids")
    if not isinstance(chargers, list):
        return tr("Update firmware")
    if len(chargers) == 1:
        return tr("Update the firmware of {charger}").format(charger=chargers[0])
    return tr("Update the firmware of {n} chargers").format(n=len(chargers))


def _image(words: str) -> Callable[[Args, Args], str]:
    def told(args: Args, detail: Args) -> str:
        name = detail.get("image") or args.get("file") or args.get("image_id") or ""
        return f"{tr(words)}: {name}" if name else tr(words)

    return told


def _job(words: str) -> Callable[[Args, Args], str]:
    return lambda args, _detail: tr(words).format(job=args.get("job_id", "?"), charger=args.get("charger_id", "?"))


WHAT: dict[str, Callable[[Args, Args], str]] = {
    "firmware.add": _image("Firmware file added"),
    "firmware.manifest": _image("Manifest entered"),
    "firmware.trust": _image("Signing certificate trusted"),
    "firmware.distrust": _image("Signing certificate not trusted any more"),
    "firmware.remove": _image("Firmware file taken out"),
    "firmware.export": lambda args, _detail: tr("Firmware library copied to {folder}").format(
        folder=args.get("folder", "?")
    ),
    "firmware.policy": _policy,
    "firmware.block": _block,
    "firmware.start": _start,
    "job.cancel": _job("Job {job} cancelled"),
    "job.pause": _job("Job {job} paused"),
    "job.resume": _job("Job {job} goes on"),
    "job.skip": _job("{charger} left out of job {job}"),
    "log.fetch": lambda args, _detail: (
        tr("Security log fetched") if args.get("kind") == "security" else tr("Diagnostics fetched")
    ),
    "log.remove": lambda args, _detail: tr("Log {n} deleted").format(n=args.get("log_id", "?")),
}
