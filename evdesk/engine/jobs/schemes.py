"""By which protocols a charger can fetch and send files: its own word, else by trying.

SupportedFileTransferProtocols (OCPP 1.6 section 9.1.26), OCPPCommCtrlr.FileTransferProtocols (2.x). Many have no such
setting; HTTP works with most, FTP with the old ones.
"""

import re
from collections.abc import Iterable

from evdesk.model import Setting

NAMES = ("supportedfiletransferprotocols", "ocppcommctrlr/filetransferprotocols")
EVENTS = ("disablesecurityeventnotifications", "securityctrlr/disablesecurityeventnotifications")
UNTOLD = ("http", "ftp")


def setting_value(settings: Iterable[Setting], names: Iterable[str]) -> str:
    """The first of these that has a value, "" for none."""
    wanted = tuple(names)
    return next((one.value for one in settings if one.name.lower() in wanted and one.value), "")


def told_schemes(settings: Iterable[Setting]) -> tuple[str, ...] | None:
    """In the charger's order; None where it does not tell. SFTP is no FTP, and evdesk has none."""
    words = re.split(r"[,;\s]+", setting_value(settings, NAMES).lower())
    known = [word for word in words if word]
    return tuple(known) if known else None


def choose(
    told: tuple[str, ...] | None, offered: Iterable[str], wanted: Iterable[str] = (), secure: bool = False
) -> tuple[str, ...]:
    """Those to try, best first. `wanted`: by the manifest; `secure`: the charger trusts evdesk's certificate (it is
    connected by TLS), so a secure protocol goes first. Else it would most likely fail: only where nothing else is told."""
    can = tuple(offered)
    order = ("https", "ftps", "http", "ftp") if secure else ("http", "ftp", "https", "ftps")
    if told is None:
        told = ("https", *UNTOLD) if secure else UNTOLD
    limit = tuple(wanted)
    return tuple(one for one in order if one in told and one in can and (not limit or one in limit))
