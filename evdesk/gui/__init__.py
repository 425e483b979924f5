"""Floor 4: the desk (Qt)."""

# Before Qt, for the speed of the start: PySide6 reads the source text of every module that is imported after it, to
# see whether that module uses Qt.
import asyncio
import logging.handlers
import urllib.request

import msgspec
import numpy
import platformdirs
import websockets.asyncio.client

import evdesk.model
import evdesk.wire

__all__ = ["asyncio", "evdesk", "logging", "msgspec", "numpy", "platformdirs", "urllib", "websockets"]
