"""Looking for what is left in cycles, on Qt's thread alone.

Python looks wherever it happens to run. In a thread that resolves an address or reads a file it would find what is left of
a window and destroy it there, and Qt ends the process: its timers belong to their own thread.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1000


class Sweep(QObject):
    """From `start` until `stop`; before that, whoever opens the desk has switched the collector off (`gc.disable`)."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def look(self) -> None:
        """What the collector itself would do now: the oldest generation that is due."""
        pairs = list(zip(gc.get_count(), gc.get_threshold(), strict=True))
        due = [generation for generation, (count, most) in enumerate(pairs) if 0 < most < count]
        if due:
            gc.collect(due[-1])

    def stop(self) -> None:
        self._timer.stop()
