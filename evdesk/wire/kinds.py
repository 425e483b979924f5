"""What the API's types say about a place in a call: which words a field takes."""

import dataclasses
import enum
import re
import typing
from collections.abc import Iterator
from typing import Any

import msgspec


def words_at(kind: object, path: str) -> list[str]:
    """The words an enumerated field takes, in order; empty where the place is none. `path` as msgspec gives it:
    "$.site.bays[...].mode"."""
    kinds = [kind]
    for name, index in re.findall(r"\.([^.\[\]]+)|(\[[^\]]*\])", path):
        kinds = [inner for one in kinds for inner in (_items(one) if index else _fields(one, name))]
    return [str(word.value) for one in kinds for option in _options(one) for word in words_of(option)]


def words_of(kind: object) -> list[enum.Enum]:
    return list(kind) if isinstance(kind, enum.EnumMeta) else []


def _options(kind: object) -> Iterator[Any]:
    """The kind itself, or each of a union."""
    args = typing.get_args(kind)
    if args and typing.get_origin(kind) not in (list, tuple, dict, set, frozenset):
        for arg in args:
            yield from _options(arg)
    else:
        yield kind


def _items(kind: object) -> Iterator[object]:
    for option in _options(kind):
        args = [arg for arg in typing.get_args(option) if arg is not Ellipsis]
        yield from args[1:] if typing.get_origin(option) is dict else args


def _fields(kind: object, name: str) -> Iterator[object]:
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            yield from (f.type for f in msgspec.structs.fields(option) if f.encode_name == name)
        elif isinstance(option, type) and dataclasses.is_dataclass(option):
            yield from (hint for field, hint in typing.get_type_hints(option).items() if field == name)
        elif typing.get_origin(option) is dict:
            yield typing.get_args(option)[1]
