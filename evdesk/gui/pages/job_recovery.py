"""The recovery card: one sheet per model that says what to do with a charger that does not come back."""

from pathlib import Path

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.dialogs.files import ask_save, write_text
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_side import silent_s
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import NORMAL, Button, copy
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import Image
from evdesk.model.jobs import JobCharger, Result

MARGIN_MM = 18


def card_text(image: Image | None, chargers: list[JobCharger], now: float) -> str:
    """The card as plain text: model, how long to wait, what to do, what never to do, which chargers."""
    models = ", ".join(sorted({f"{c.vendor} {c.model}".strip() for c in chargers} - {""})) or tr("Charger")
    told = image.manifest.recovery.strip() if image is not None else ""
    unknown = tr("Nothing is known for this model. Have its manual and the number of its maker at hand.")
    lines = [
        tr("Recovery card: {model}").format(model=models),
        _file_line(image),
        "",
        tr("1. Wait {time}. A restart after an update may take that long.").format(time=text.age(silent_s(chargers))),
        tr("2. Then: {words}").format(words=told or unknown),
        tr("3. It is back when evdesk shows its version. Silence is no success: do not start the update again before."),
        tr("4. Never cut the power while it installs, and never send another file meanwhile."),
        "",
        tr("Chargers"),
    ]
    lines += [_charger_line(c) for c in sorted(chargers, key=_trouble)]
    return "\n".join([*lines, "", tr("Printed {time}").format(time=text.iso(now))])


def _file_line(image: Image | None) -> str:
    if image is None:
        return ""
    return tr("File {name}, SHA-256 {hash}").format(name=image.file_name, hash=image.sha256)


def _trouble(one: JobCharger) -> tuple[bool, str]:
    return one.outcome not in (Result.FAILED, Result.UNKNOWN), one.label or one.charger_id


def _charger_line(one: JobCharger) -> str:
    step = tr("{before} to {to}").format(before=one.from_version or "?", to=one.to_version)
    words = f"{one.label or one.charger_id}  {one.serial}  {step}"
    return f"{words}  {one.reason}" if one.outcome in (Result.FAILED, Result.UNKNOWN) else words


def write_pdf(path: Path, title: str, words: str) -> None:
    """The text as pages; raises `EvdeskError(STORAGE)`."""
    writer = QPdfWriter(str(path))
    writer.setTitle(title)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    font = QFont()
    font.setFamilies(list(tokens.SANS))
    for feature in ("tnum", "calt"):  # with other shapes of figures and hyphens a serial cannot be found in the page
        font.setFeature(QFont.Tag(feature), 0)
    document.setDefaultFont(font)
    document.setHtml(card_html(words))
    document.print_(writer)
    if not path.is_file() or not path.stat().st_size:
        sentence = tr("{file} cannot be written. Choose another folder.").format(file=path.name)
        raise EvdeskError(Reason.STORAGE, sentence)


def card_html(words: str) -> str:
    """The first line is the title, the rest stays line by line."""
    plain = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    title, _, rest = plain.partition("\n")
    body = rest.replace("\n", "<br>")
    return f'<h2>{title}</h2><p style="line-height:150%">{body}</p>'


class RecoverySheet(Sheet):
    """Reads well on the screen, can be copied, and saved as a page or as text."""

    def __init__(self, feed: JobFeed, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Recovery card"), theme, parent)
        self.words = card_text(feed.image(), list(feed.chargers.values()), feed.now())
        self.setMinimumWidth(620)
        view = QTextBrowser(self)
        view.setHtml(card_html(self.words))
        view.setMinimumHeight(380)
        view.setAccessibleName(tr("Recovery card"))
        self.view = view
        self.add(view)
        self._box.setStretchFactor(view, 100)
        self.copied = self._act(tr("Copy"), "copy")
        self.saved = self._act(tr("Save…"), "export")
        self.copied.clicked.connect(self._copy)
        self.saved.clicked.connect(self._save)
        self.button(tr("Close"), DONE, NORMAL, default=True)
        self._client = feed.client()

    def _act(self, word: str, icon: str) -> Button:
        button = Button(word, icon, NORMAL, self)
        button.setAutoDefault(False)
        self._row.addWidget(button)
        return button

    def _copy(self) -> None:
        copy(self.words)

    def _save(self) -> None:
        self._client.spawn(self._saved())

    async def _saved(self) -> None:
        kinds = "PDF (*.pdf);;Text (*.txt)"
        path = await ask_save(self, tr("Save the recovery card"), "recovery-card.pdf", kinds)
        if path is None:
            return
        try:
            self.write(path)
        except EvdeskError as error:
            self.fail(error.sentence)

    def write(self, path: Path) -> None:
        """A page, or text where the name ends so. Raises `EvdeskError(STORAGE)`."""
        if path.suffix.lower() == ".txt":
            write_text(path, self.words + "\n")
        else:
            write_pdf(path, self.heading.text(), self.words)


async def show_card(feed: JobFeed, theme: Theme, window: QWidget) -> None:
    await RecoverySheet(feed, theme, window).ask()
