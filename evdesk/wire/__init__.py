"""Floor 2: the engine's API as data: methods, events, codec, VERSION. docs/api.md is made from here."""

from evdesk.wire.codec import decode, encode, to_plain
from evdesk.wire.frames import (
    CODES,
    Hello,
    Pushed,
    RpcError,
    Snapshot,
    error_frame,
    event_frame,
    hello_frame,
    parse_request,
    request_frame,
    result_frame,
    snapshot_frame,
)
from evdesk.wire.methods import METHODS, Method
from evdesk.wire.version import API_VERSION

__all__ = [
    "API_VERSION",
    "CODES",
    "METHODS",
    "Hello",
    "Method",
    "Pushed",
    "RpcError",
    "Snapshot",
    "decode",
    "encode",
    "error_frame",
    "event_frame",
    "hello_frame",
    "parse_request",
    "request_frame",
    "result_frame",
    "snapshot_frame",
    "to_plain",
]
