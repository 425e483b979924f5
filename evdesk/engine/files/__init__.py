"""Files for chargers and logs from them: HTTP and FTP under one-time addresses, a quarantine, archives shown safely."""

from evdesk.engine.files.service import FileService
from evdesk.engine.files.slots import Key, Offer, Received, Seen, Served

__all__ = ["FileService", "Key", "Offer", "Received", "Seen", "Served"]
