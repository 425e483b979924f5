"""What a deed of its own module needs of the desk."""

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.settings import DeskSettings
from evdesk.gui.theme import Theme


@dataclass(frozen=True, slots=True)
class Desk:
    """`window`: where sheets open."""

    mirror: Mirror
    client: Client
    theme: Theme
    settings: DeskSettings
    window: QWidget
