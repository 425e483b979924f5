"""How an update or the fetching of a log ended, in words, and what to do next."""

from dataclasses import dataclass

from evdesk.firmware.versions import same_version
from evdesk.model.jobs import Cause, JobCharger, Result


@dataclass(frozen=True, slots=True)
class Ending:
    """`reason`, `next`: with {from_version}, {to_version}, {reported}, {status}, {got}, {size} filled in. `retry`: asking
    again is of use."""

    outcome: Result
    reason: str
    next: str = ""
    retry: bool = False


_CARD = "Follow the recovery card of this model; do not switch it off while its lights show that it works."

ENDINGS: dict[Cause, Ending] = {
    Cause.NEW_VERSION: Ending(Result.SUCCEEDED, "{tells} {reported} and works."),
    Cause.ALREADY: Ending(Result.CANCELLED, "It has {to_version} by another way; {fetched} from here."),
    Cause.NOT_READY: Ending(Result.CANCELLED, "Nothing was sent.", "Put that right, then start it again.", True),
    Cause.REFUSED: Ending(
        Result.FAILED,
        "The charger refused the request{status_words}; {fetched}, and its firmware is as it was.",
        "Look whether it charges, is reserved or updates already; restart it and try again.",
        True,
    ),
    Cause.UNSUPPORTED: Ending(
        Result.FAILED,
        "The charger does not know the request{status_words}, whatever it announces.",
        "Use the maker's own tool or app for this model.",
    ),
    Cause.BAD_CERTIFICATE: Ending(
        Result.FAILED,
        "The charger does not accept the signing certificate{status_words}.",
        "Get the file with the maker's present certificate, and set the charger's clock. The file was not fetched.",
    ),
    Cause.NEVER_FETCHED: Ending(
        Result.FAILED,
        "It said yes and never fetched the file; its firmware is as it was.",
        "Check that the charger reaches this computer (firewall, guest network, mobile modem), then try again.",
        True,
    ),
    Cause.DOWNLOAD_FAILED: Ending(
        Result.FAILED,
        "The download failed: {fetched}. Its firmware is as it was.",
        "Check the cable or the radio link, then try again.",
        True,
    ),
    Cause.STALLED: Ending(
        Result.FAILED,
        "The download stopped at {got} of {size}. The address is closed, so it cannot install a part of it.",
        "Check the cable or the radio link, restart the charger, then try again.",
        True,
    ),
    Cause.INVALID_SIGNATURE: Ending(
        Result.FAILED,
        "The charger found the signature wrong{all_the_same}.",
        "Do not send this file again. Ask the maker for a file signed for this model.",
    ),
    Cause.NOT_VERIFIED: Ending(
        Result.FAILED,
        "The charger found the file wrong before or while installing it ({status}).",
        "Compare the file's SHA-256 with the maker's, and the model and hardware with the manifest.",
    ),
    Cause.INSTALL_FAILED: Ending(
        Result.FAILED,
        "The installation failed ({status}).",
        "See whether it charges. Fetch its log and send it to the maker before another try.",
        True,
    ),
    Cause.HANGS: Ending(
        Result.UNKNOWN, "It has the whole file, and installs for longer than it may. Last word: {status}.", _CARD
    ),
    Cause.SAME_VERSION: Ending(
        Result.FAILED,
        "It says that it is done, and still has {reported}{part}.",
        "Compare model and hardware with the manifest, fetch its log, then try once more.",
        True,
    ),
    Cause.NOT_RESTARTED: Ending(
        Result.UNKNOWN,
        "It says that it has installed {to_version}, and has not restarted since: it runs {reported}.",
        "Restart it: breaker off, 30 s, on, or a hard reset with a reason. The version it tells then is what counts.",
    ),
    Cause.RESTARTS: Ending(
        Result.FAILED,
        "It restarts again and again, and still has {reported}.",
        "See whether it charges; breaker off, 30 s, on. Where that does not end it, ask the maker before another try.",
    ),
    Cause.FELL_BACK: Ending(
        Result.FAILED,
        "It came up with {to_version} and went back to {reported}.",
        "See whether it charges. Fetch its log and send it to the maker before another try.",
        True,
    ),
    Cause.OTHER_VERSION: Ending(
        Result.FAILED,
        "{tells} {reported}, neither the old version nor {to_version}.",
        "Ask the maker what {reported} is, and whether the manifest names the version as the charger tells it.",
    ),
    Cause.AWAY: Ending(
        Result.UNKNOWN,
        "evdesk was ended or killed while it was to fetch, and nothing came since: it may have the whole file.",
        "See its version and whether it works; once it has restarted, start the update again.",
        True,
    ),
    Cause.NOT_PROVEN: Ending(
        Result.UNKNOWN,
        "It has {reported}. Whether this update brought it is not known: it told neither its version before nor that it "
        "installs.",
        "Read the time of its last update in its own pages or its log.",
    ),
    Cause.NO_VERSION: Ending(
        Result.UNKNOWN,
        "It is back and tells no version.",
        "Read the version on its display, in its app or on its web page.",
    ),
    Cause.NOT_BACK: Ending(Result.UNKNOWN, "It has the whole file, went away and did not come back.", _CARD),
    Cause.OTHER_CHARGER: Ending(
        Result.UNKNOWN,
        "Another charger came back under its id{serial_words}.",
        "Find out which one stands there. Two chargers may share an id; nothing more is sent to either.",
    ),
    Cause.NOT_WORKING: Ending(
        Result.FAILED,
        "It has {reported}, and does not work as before.",
        "Put it right by hand, or go back to {from_version}.",
    ),
    Cause.STOPPED: Ending(Result.CANCELLED, "Stopped before anything was installed.", "", True),
    Cause.NO_ANSWER: Ending(
        Result.FAILED,
        "It did not answer the request and fetched nothing; its firmware is as it was.",
        "See that it answers at all (restart it where it does not), then try again.",
        True,
    ),
}


LOG_ENDINGS: dict[Cause, Ending] = {
    Cause.RECEIVED: Ending(Result.SUCCEEDED, "The log came: {came}."),
    Cause.REFUSED: Ending(
        Result.FAILED, "The charger refused to send its log{status_words}.", "Try again when it is idle.", True
    ),
    Cause.UNSUPPORTED: Ending(
        Result.FAILED,
        "The charger does not know how to send this log{status_words}.",
        "Read it on its web page or in the maker's app.",
    ),
    Cause.NOTHING_CAME: Ending(
        Result.FAILED,
        "It agreed to send its log, and nothing came.",
        "Check that the charger reaches this computer (firewall, guest network, mobile modem), then try again.",
        True,
    ),
    Cause.NO_ANSWER: Ending(
        Result.FAILED,
        "It did not answer the request and sent nothing.",
        "See that it answers at all (restart it where it does not), then try again.",
        True,
    ),
    Cause.NOT_TAKEN: Ending(
        Result.FAILED,
        "It reached this computer, and what it sent was not taken.",
        "Fetch it again; where the same comes, read the log on its web page or in the maker's app, and tell the maker.",
        True,
    ),
    Cause.UPLOAD_FAILED: Ending(
        Result.FAILED,
        "The charger says that sending failed{status_words}; {got} came.",
        "Try again; where it fails again, ask for a shorter time.{kept}",
        True,
    ),
    Cause.STALLED: Ending(
        Result.FAILED,
        "The log broke off after {got}; what came is kept.",
        "Check the network, then try again.{kept}",
        True,
    ),
    Cause.EMPTY: Ending(Result.FAILED, "The charger has nothing to send.", "Ask for a longer time.", True),
    Cause.TOO_LARGE: Ending(
        Result.FAILED, "The log is larger than evdesk takes{is_kept}.", "Ask for a shorter time.{kept}", True
    ),
    Cause.DISK_FULL: Ending(
        Result.FAILED, "The disk of this computer is full{is_kept}.", "Make room, then fetch it again.{kept}", True
    ),
    Cause.NOT_READY: Ending(Result.CANCELLED, "The charger was not there in time.", "Try again when it is back.", True),
    Cause.STOPPED: Ending(Result.CANCELLED, "Stopped; what came till then is kept.", "", True),
    Cause.SUPERSEDED: Ending(
        Result.FAILED, "The charger dropped this for another request.", "Look who else commands it.", True
    ),
}


def filled(text: str, charger: JobCharger, **more: str) -> str:
    """The words of an ending, with what is known of this charger."""
    words = {
        "from_version": charger.from_version or "an unknown version",
        "to_version": charger.to_version or "the new version",
        "reported": charger.reported or "no version",
        "status": charger.status or "none",
        "status_words": f" ({charger.status})" if charger.status else "",
        "serial_words": "",
        "tells": "It came back with",
        "part": _part(charger),
        "got": megabytes(charger.transfer.bytes),
        "came": megabytes(charger.transfer.bytes),
        "kept": "",
        "is_kept": "",
        "fetched": _fetched(charger),
        "all_the_same": f", and tells {charger.reported} all the same"
        if _has_it(charger)
        else " and installed nothing",
        "size": megabytes(charger.transfer.size),
    }
    return text.format_map(words | more)


def _has_it(charger: JobCharger) -> bool:
    told = same_version(charger.reported, charger.to_version)
    return told and not same_version(charger.from_version, charger.to_version)


def _part(charger: JobCharger) -> str:
    transfer = charger.transfer
    return "" if transfer.complete_at is not None or transfer.total == 0 else f"; {_fetched(charger)}"


def _fetched(charger: JobCharger) -> str:
    transfer = charger.transfer
    if transfer.total == 0:
        return "nothing was fetched"
    return f"{megabytes(transfer.bytes)} of {megabytes(transfer.size)} were fetched"


def megabytes(size: int) -> str:
    """ "3.1 MB", "12 kB"."""
    if size < 1000:
        return f"{size} bytes" if size != 1 else "1 byte"
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
