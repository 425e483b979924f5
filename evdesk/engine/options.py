"""What an engine is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """`data`: the engine's own directory. `ocpp`, `api`: (host, port) to listen on, port 0 = any free one; `ocpp_tls`: more
    ports for chargers, with TLS (security profiles 2 and 3).

    `accept_unknown`: unknown chargers join without a person. `speed`: seconds of the engine's clock per real second.
    `files_port`: the first of eleven ports for firmware and logs (HTTP, HTTPS, FTP, and eight for FTP data), 0 = free ones.
    `stop_when_idle`: end when no desk is attached and nothing is active (an engine that a desk started).
    """

    data: Path
    ocpp: tuple[str, int] = ("0.0.0.0", 9000)
    ocpp_tls: tuple[tuple[str, int], ...] = ()
    api: tuple[str, int] = ("127.0.0.1", 0)
    files_port: int = 0
    accept_unknown: bool = False
    speed: float = 1.0
    stop_when_idle: bool = False
