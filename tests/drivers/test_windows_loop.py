"""A door on Windows outlives connections that are reset on their way in (python/cpython #93821), played on any system."""

import asyncio
import errno

import pytest

from evdesk.drivers import windows_loop
from evdesk.drivers.windows_loop import is_left_over, next_taken, numbered

NETNAME_DELETED, NOT_CONNECTED, NO_BUFFERS, ABORTED = 64, 10057, 10055, 995


def failing(*numbers):
    """An `accept` that fails with these errors of Windows before it brings a connection. How often it was asked."""
    asked, left = [], list(numbers)

    async def accept():
        asked.append(None)
        if left:
            error = OSError(22, "it failed")
            error.winerror = left.pop(0)
            raise error
        return "a socket", "a peer"

    return accept, asked


async def test_who_has_gone_again_is_passed_over_at_once():
    accept, asked = failing(*[NETNAME_DELETED, NOT_CONNECTED] * 50)
    async with asyncio.timeout(windows_loop.TIRED_S):
        assert await next_taken(accept, lambda: True) == ("a socket", "a peer")
    assert len(asked) == 101


async def test_a_system_at_its_limits_is_asked_again_after_a_while(monkeypatch):
    monkeypatch.setattr(windows_loop, "TIRED_S", 0.05)
    accept, asked = failing(NO_BUFFERS, NO_BUFFERS)
    begun = asyncio.get_running_loop().time()
    assert await next_taken(accept, lambda: True) == ("a socket", "a peer")
    assert asyncio.get_running_loop().time() - begun >= 0.09
    assert len(asked) == 3


async def test_a_door_that_was_closed_asks_no_more():
    accept, asked = failing(ABORTED)
    with pytest.raises(OSError, match="it failed"):
        await next_taken(accept, lambda: False)
    assert len(asked) == 1


async def test_only_what_the_library_leaves_over_is_silent():
    async def accept_coro(error):
        raise error

    async def ours():
        raise OSError("ours")

    told = {}
    for name, coroutine in {
        "left over": accept_coro(OSError(22, "reset")),
        "a mistake": accept_coro(TypeError("wrong")),
        "ours": ours(),
    }.items():
        task = asyncio.create_task(coroutine)
        await asyncio.wait((task,))
        told[name] = is_left_over({"message": "never retrieved", "exception": task.exception(), "future": task})
    assert told == {"left over": True, "a mistake": False, "ours": False}
    assert not is_left_over({"message": "Accept failed on a socket", "exception": OSError()})


async def test_an_address_that_is_none_of_this_computers_is_told_by_its_number():
    async def serving(*error):
        raise OSError(*error)

    with pytest.raises(OSError, match="could not bind on any address") as caught:
        await numbered(serving("could not bind on any address out of [('192.0.2.9', 0)]"))
    assert caught.value.errno == errno.EADDRNOTAVAIL
    with pytest.raises(OSError, match="in use") as caught:
        await numbered(serving(errno.EADDRINUSE, "in use"))
    assert caught.value.errno == errno.EADDRINUSE
