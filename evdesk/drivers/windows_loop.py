"""Windows' event loop with doors that stay open.

Python's own closes a listening socket for good when one connection is reset on its way in (python/cpython #93821): after a
port scan no charger could dial in any more until the engine is restarted.
"""

import asyncio
import errno
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
TIRED_S = 0.5
# ERROR_UNEXP_NET_ERR, ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED, WSAECONNABORTED, WSAECONNRESET, WSAENOTCONN
_GONE = frozenset({59, 64, 1236, 10053, 10054, 10057})
Taken: TypeAlias = tuple[socket.socket, Any]


async def next_taken(accept: Callable[[], Awaitable[Taken]], is_open: Callable[[], bool]) -> Taken:
    """The next connection that is still there: who has gone again is passed over. Where the system is at its limits, those
    who are in go on and the others wait at the door. Raises `OSError` once the door is closed."""
    while True:
        try:
            return await accept()
        except OSError as error:
            if not is_open():
                raise
            if getattr(error, "winerror", None) not in _GONE:
                await asyncio.sleep(TIRED_S)


async def numbered(serving: Awaitable[T]) -> T:
    """asyncio tells of an address that is none of this computer's without the number of the error (Python 3.12), and what
    to do is said by that number."""
    try:
        return await serving
    except OSError as error:
        if error.errno is None:
            raise OSError(errno.EADDRNOTAVAIL, str(error)) from error
        raise


def is_left_over(context: dict[str, Any]) -> bool:
    """Whether an event loop complains of a connection that `next_taken` has passed over: inside of the library a second
    task waits for the same one."""
    coroutine = getattr(context.get("future"), "get_coro", lambda: None)()
    return getattr(coroutine, "__name__", "") == "accept_coro" and isinstance(context.get("exception"), OSError)


if sys.platform == "win32":

    class _Proactor(asyncio.IocpProactor):
        def accept(self, listener: socket.socket) -> asyncio.Future[Taken]:
            accept = super().accept
            taking = next_taken(lambda: accept(listener), lambda: listener.fileno() >= 0)
            return asyncio.ensure_future(taking)

    class _Loop(asyncio.ProactorEventLoop):
        async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
            return await numbered(super().create_server(*arguments, **options))

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop = _Loop(_Proactor())
        loop.set_exception_handler(
            lambda loop, context: None if is_left_over(context) else loop.default_exception_handler(context)
        )
        return loop
