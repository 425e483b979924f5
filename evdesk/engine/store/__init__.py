"""Everything evdesk remembers, in one SQLite file: one thread writes, one reads, the event loop never waits.

`Store` is the engine's; `verify_file` and `export_file` work on the audit log beside a running engine or without one.
"""

from evdesk.engine.store.attempts import Attempts, SavedPolicy
from evdesk.engine.store.decisions import Decisions
from evdesk.engine.store.drills import Drills
from evdesk.engine.store.hints import Hints
from evdesk.engine.store.insights import InsightDays
from evdesk.engine.store.keeps import Keeps
from evdesk.engine.store.log_files import KeptLog, LogFiles
from evdesk.engine.store.puts import Puts
from evdesk.engine.store.reads import Reads
from evdesk.engine.store.settings import StoreSettings
from evdesk.engine.store.shelf import Shelf
from evdesk.engine.store.verify import export_file, verify_file, walk_file
from evdesk.engine.store.versions import Versions
from evdesk.engine.store.work import SavedCharger, Work


class Store(Puts, Keeps, Reads, Shelf, Attempts, Decisions, InsightDays, Drills, Hints, Work, Versions, LogFiles):
    """`Store(path, clock)`, then `await open()`. `put_*` are buffered, the other writes durable, the rest are reads."""


__all__ = [
    "KeptLog",
    "SavedCharger",
    "SavedPolicy",
    "Store",
    "StoreSettings",
    "export_file",
    "verify_file",
    "walk_file",
]
