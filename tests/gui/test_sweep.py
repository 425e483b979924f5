"""Windows that are left in cycles are destroyed on Qt's thread."""

import gc
import threading

from PySide6.QtCore import QObject, Qt, QTimer

from evdesk.gui.sweep import Sweep


class Left(QObject):
    """In a cycle with itself, as a window with a slot often is."""

    def __init__(self, seen):
        super().__init__()
        self.timer = QTimer(self)
        self.timer.start(60_000)
        self.destroyed.connect(lambda: seen.append(threading.current_thread()), Qt.ConnectionType.DirectConnection)
        self.me = self


def test_what_is_left_is_destroyed_on_qts_thread(qtbot):
    holder, seen = QObject(), []
    sweep = Sweep(holder)
    gc.enable()
    sweep.start()
    gc.collect()
    Left(seen)

    def busy():
        kept = [[n] for n in range(50_000)]  # far more than any threshold
        assert kept

    worker = threading.Thread(target=busy)
    worker.start()
    worker.join()
    assert seen == []
    for _ in range(3 * 11 * 11):
        keep = [[n] for n in range(1000)]
        sweep.look()
    assert keep
    assert seen == [threading.main_thread()]
    sweep.stop()
