"""All tests: what is left in cycles is looked for between tests, on the main thread (see `evdesk.gui.sweep`)."""

import gc

MANY = 20_000


def pytest_sessionstart():
    gc.disable()


def pytest_runtest_logfinish():
    if gc.get_count()[0] > MANY:
        gc.collect()
