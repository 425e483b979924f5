"""`evdesk engine`."""

import argparse
import logging
import os

from evdesk import __version__
from evdesk.engine.instance import default_data_dir
from evdesk.engine.logs import log_to_file
from evdesk.engine.options import EngineOptions
from evdesk.engine.run import run_engine

log = logging.getLogger(__name__)


def engine(args: argparse.Namespace) -> int:
    os.umask(0o077)  # everything it writes is for its owner only
    data = (args.data or default_data_dir()).expanduser().absolute()
    log_to_file(data)
    log.info("evdesk %s starts, process %d, data in %s", __version__, os.getpid(), data)
    return run_engine(
        EngineOptions(
            data=data,
            ocpp=args.ocpp,
            ocpp_tls=tuple(args.ocpp_tls),
            api=args.api,
            files_port=args.files_port,
            accept_unknown=args.accept_unknown,
            speed=args.speed,
            stop_when_idle=args.stop_when_idle,
        )
    )
