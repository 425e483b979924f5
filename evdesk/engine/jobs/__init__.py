"""Jobs that go on for hours: updates of firmware, fetching of logs. They survive the engine's own restart."""

from evdesk.engine.jobs.service import Jobs

__all__ = ["Jobs"]
