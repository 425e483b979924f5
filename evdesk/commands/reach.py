"""Finding the engine a command talks to."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from evdesk.engine.client import ApiClient
from evdesk.engine.instance import INSTANCE_FILE, default_data_dir, find_running, silent_pid
from evdesk.model import EvdeskError, Reason

T = TypeVar("T")
TOKEN_VARIABLE = "EVDESK_TOKEN"


def with_engine(args: argparse.Namespace, work: Callable[[ApiClient], Awaitable[T]]) -> T:
    """Run `work` with a connected client of the engine that --url or --data names. Raises `EvdeskError`."""
    url, token = engine_address(args)

    async def run() -> T:
        async with ApiClient(url, token, via="cli", user=_user()) as client:
            return await work(client)

    return asyncio.run(run())


def engine_address(args: argparse.Namespace) -> tuple[str, str]:
    """(url, token)."""
    if args.url:
        if urlsplit(args.url).scheme not in ("ws", "wss") or not urlsplit(args.url).hostname:
            text = f"“{args.url}” is no engine's address. It looks like ws://HOST:PORT/api (evdesk status --json tells it)."
            raise EvdeskError(Reason.INVALID, text)
        return args.url, remote_token(args.token_file)
    data = args.data or default_data_dir()
    instance = find_running(data)
    if instance is None and (pid := silent_pid(data)):
        raise EvdeskError(Reason.TIMEOUT, _does_not_answer(data, pid), pid=pid)
    if instance is None:
        option = f" --data {args.data}" if args.data else ""
        text = f"No engine runs on {data}. Start one with “evdesk engine{option}”, or open the desk with “evdesk”."
        raise EvdeskError(Reason.UNREACHABLE, text)
    return instance.url, instance.token


def _does_not_answer(data: Path, pid: str) -> str:
    """Starting, or hung: what it means and what to do."""
    if not (data / INSTANCE_FILE).exists():
        return f"An engine (process {pid}) is starting on {data}. Ask again in a few seconds."
    return (
        f"An engine (process {pid}) runs on {data} but does not answer: it is stopped or hangs. Chargers keep their live "
        f"limits until those end, and then fall to their safe default by themselves. Ask again in a few seconds. If it "
        f"stays so, end process {pid} and start the engine again."
    )


def remote_token(token_file: Path | None) -> str:
    """From the file, the environment, or asked for in a terminal."""
    if token_file is not None:
        try:
            return token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            text = f"The token file {token_file} cannot be read: {getattr(error, 'strerror', None) or error}."
            raise EvdeskError(Reason.AUTH, text) from None
    if token := os.environ.get(TOKEN_VARIABLE, "").strip():
        return token
    if not sys.stdin.isatty():
        text = f"That engine wants its token: give --token-file FILE or set {TOKEN_VARIABLE}."
        raise EvdeskError(Reason.AUTH, text)
    return getpass.getpass("Token of that engine (its file “token” in the data directory): ").strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
