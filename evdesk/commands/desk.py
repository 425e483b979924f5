"""`evdesk desk`, `evdesk attach` and `evdesk shots`: the commands that load Qt."""

import argparse

from evdesk.commands.reach import remote_token
from evdesk.gui.app import run_desk
from evdesk.gui.shots import run_shots


def desk(args: argparse.Namespace) -> int:
    data = args.data.expanduser().absolute() if args.data else None
    return run_desk(data_dir=data, ocpp=args.ocpp)


def attach(args: argparse.Namespace) -> int:
    return run_desk(attach_url=args.url, token=remote_token(args.token_file))


def shots(args: argparse.Namespace) -> int:
    return run_shots(args.dir, args.theme, args.lang)
