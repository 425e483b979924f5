"""The bounded queue of frames towards one API client."""

import asyncio
from collections import deque

MAX_FRAMES = 4000
MAX_CHARS = 16 << 20


class Outbox:
    """Frames wait here until the client's socket takes them. `put` never blocks and never lets it grow without end."""

    def __init__(self, max_frames: int = MAX_FRAMES, max_chars: int = MAX_CHARS) -> None:
        self._frames: deque[str] = deque()
        self._chars = 0
        self._max_frames = max_frames
        self._max_chars = max_chars
        self._filled = asyncio.Event()
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: str) -> bool:
        """False once the client has fallen too far behind; what waited is dropped, for it needs a fresh state anyway.

        One frame alone always fits, however long: a snapshot must be able to leave.
        """
        if self.overflowed:
            return False
        full = len(self._frames) >= self._max_frames or self._chars + len(frame) > self._max_chars
        if full and self._frames:
            self.overflowed = True
            self._frames.clear()
            self._chars = 0
            return False
        self._frames.append(frame)
        self._chars += len(frame)
        self._filled.set()
        return True

    async def get(self) -> str:
        """The next frame, waiting for it; nothing comes any more once it has overflowed."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        self._chars -= len(frame)
        return frame
