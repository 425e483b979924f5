"""The engine as a foreground process: claims its data directory, prints one ready line, ends on a signal."""

import asyncio
import contextlib
import gc
import json
import signal
import sqlite3
import sys

from evdesk.engine.engine import Engine
from evdesk.engine.instance import Claim, claim
from evdesk.engine.options import EngineOptions
from evdesk.model import EvdeskError

if sys.platform == "win32":
    from evdesk.drivers.windows_loop import new_event_loop
else:
    from uvloop import new_event_loop


def run_engine(options: EngineOptions) -> int:
    """Run until SIGINT, SIGTERM or `engine.stop`. Prints `ready {json}` once it listens. 0, or 1 with the reason on
    stderr."""
    try:
        with claim(options.data) as held, asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(options, held))
    except sqlite3.DatabaseError as error:
        sys.stderr.write(
            f"evdesk: the database in {options.data} is damaged ({error}). Keep a copy of the folder, then restore "
            "evdesk.db from a backup, or choose another folder with --data DIR.\n"
        )
        return 1
    except EvdeskError as error:
        sys.stderr.write(f"evdesk: {error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(options: EngineOptions, held: Claim) -> None:
    engine = Engine(options, held.token)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, engine.stop_now)
    try:
        addresses = await engine.start()
        instance = held.announce(str(addresses["api_host"]), int(str(addresses["api_port"])), engine.info().version)
        sys.stdout.write(f"ready {json.dumps(addresses | {'token_file': instance.token_file})}\n")
        sys.stdout.flush()
        # What was loaded stays for good: walking it again and again would cost a tenth of the engine's time.
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        await engine.run()
    finally:
        await engine.close()
