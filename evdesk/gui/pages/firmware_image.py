"""The sheet of one image: what was found about the file, who signed it, and its manifest, all of it to correct."""

import base64
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_open
from evdesk.gui.dialogs.sheet import CANCELLED, DONE, Sheet, confirm
from evdesk.gui.dialogs.working import WorkingSheet
from evdesk.gui.pages.firmware_manifest import (
    LINES,
    LONG,
    SECTIONS,
    SWITCH,
    YES_NO,
    Field,
    Section,
    field_words,
    manifest_of,
    shown,
)
from evdesk.gui.pages.firmware_words import image_look, image_name, wants_words
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme, mono_font
from evdesk.gui.widgets import DANGER, GHOST, PRIMARY, Button, Chip, KeyValue, Label, copy
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import Image, Manifest, SignatureState
from evdesk.wire.firmware import PutManifest, TrustSigner

MOST = 1 << 20
"""A signature or certificate file that is longer is none."""
_FILES = ("signature", "certificate")


class ImageSheet(WorkingSheet):
    """`REMOVE` is the result when it is to leave the library; saving goes to the engine at once and stays open."""

    REMOVE = 2

    def __init__(
        self,
        image: Image,
        client: Client,
        theme: Theme,
        parent: QWidget | None,
        now: float,
        known: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`known`: makers and models of the chargers here, to choose from while typing."""
        super().__init__(image_name(image), client, theme, parent, height=430)
        self.image, self._now = image, now
        self.fields: dict[str, QWidget] = {}
        self._marks: dict[str, Label] = {}
        # What must be entered before anything can be done stands on top.
        first = SECTIONS[:1] if wants_words(image) else ()
        for section in first:
            self._section(section)
        self._file_card()
        self._signature_card()
        for section in SECTIONS[len(first) :]:
            self._section(section)
        self._complete("vendor", [vendor for vendor, _ in known])
        self._complete("models", [model for _, model in known])
        self.remove = self.button(tr("Take out…"), self.REMOVE, DANGER)
        self.button(tr("Close"), CANCELLED)
        self.save = self.act_button(tr("Save"), "check", self._save, PRIMARY)
        self._row.addWidget(self.save)
        self.show_image(image)
        if first:
            self.fields["vendor"].setFocus()

    def _complete(self, name: str, words: Sequence[str]) -> None:
        widget = self.fields[name]
        if isinstance(widget, QLineEdit) and any(words):
            completer = QCompleter(sorted(set(filter(None, words))), widget)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            widget.setCompleter(completer)

    # -- what was found -----------------------------------------------------------------------------------------------

    def _file_card(self) -> None:
        card = self.section(tr("The file"))
        self.chip = Chip()
        self.why = Label("", "small", wrap=True, selectable=True)
        self.values = KeyValue(columns=1)
        self.unknown = Label("", "small", "warn", wrap=True)
        self.copy_hash = Button(tr("Copy the SHA-256"), "copy", dense=True)
        self.copy_hash.setAutoDefault(False)
        self.copy_hash.clicked.connect(lambda: copy(self.image.sha256))
        card.body.addWidget(self.chip)
        card.body.addWidget(self.why)
        card.body.addWidget(self.values)
        card.body.addWidget(self.unknown)
        self.row(card, self.copy_hash)

    def _signature_card(self) -> None:
        card = self.section(tr("Signature"))
        self.signer = KeyValue(columns=1)
        self.detail = Label("", "small", "muted", wrap=True, selectable=True)
        self.trust = self.act_button(tr("Confirm the maker's certificate…"), "shield-check", self._trust)
        card.body.addWidget(self.detail)
        card.body.addWidget(self.signer)
        self.row(card, self.trust)
        self.distrust = self.act_button(tr("Not the maker's any more…"), "shield-alert", self._distrust)
        self.row(card, self.distrust)

    def show_image(self, image: Image) -> None:
        """Put an image's values into every field."""
        self.image = image
        self.heading.setText(image_name(image))
        self.chip.set_look(image_look(image))
        self.why.setText(image.why_not)
        self.why.setVisible(bool(image.why_not))
        self.values.set(tr("File"), image.file_name)
        self.values.set(tr("Size"), f"{text.size(image.size)} ({text.count(image.size)} B)")
        self.values.set(tr("SHA-256"), image.sha256)
        added = text.moment(image.added_at, self._now) if image.added_at else text.unknown()
        self.values.set(tr("Added"), text.reasons(added, image.added_by))
        self.values.set(tr("Manifest"), image.manifest_source or tr("nobody has entered one"))
        self.unknown.setText(
            tr("Unknown: {fields}. Each makes evdesk ask once more before an update.").format(
                fields=field_words(image.unknown)
            )
        )
        self.unknown.setVisible(bool(image.unknown))
        self._show_signature(image)
        for section in SECTIONS:
            for field in section.fields:
                self._put(field, shown(field, image.manifest))
        for name, mark in self._marks.items():
            mark.setVisible(name in image.unknown)

    def _show_signature(self, image: Image) -> None:
        words = {
            SignatureState.NONE: tr("The manifest brings no signature. Enter one below when the maker gives one."),
            SignatureState.VALID: tr("It fits this file, by a certificate you said to be the maker's."),
            SignatureState.UNTRUSTED: tr("It fits this file. Nobody has said that the certificate is the maker's."),
            SignatureState.EXPIRED: tr("It fits this file, but the certificate is over or not valid yet."),
            SignatureState.INVALID: tr("It does not belong to this file. Get both again from the maker."),
            SignatureState.UNCHECKED: tr("It cannot be checked here: no certificate, or a kind evdesk does not know."),
        }
        self.detail.setText(image.signature_detail or words[image.signature])
        self.signer.setVisible(bool(image.signer or image.fingerprint))
        if image.signer or image.fingerprint:
            self.signer.set(tr("Signed by"), image.signer or text.unknown())
            self.signer.set(tr("Fingerprint"), fingerprint_words(image.fingerprint))
            until = image.signer_until_at
            self.signer.set(tr("Valid until"), text.date(until, self._now))
        fits = image.signature in (SignatureState.UNTRUSTED, SignatureState.EXPIRED)
        self.trust.setVisible(fits and not image.trusted)
        self.distrust.setVisible(image.trusted)

    # -- the manifest -------------------------------------------------------------------------------------------------

    def _section(self, section: Section) -> None:
        card = self.section(section.title())
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in section.fields:
            self._add_field(form, field)
        card.body.addLayout(form)

    def _add_field(self, form: QFormLayout, field: Field) -> None:
        widget = self.fields[field.name] = _widget(field)
        widget.setAccessibleName(field.word())
        widget.setAccessibleDescription(field.help())
        left = QWidget()
        named = QVBoxLayout(left)
        named.setContentsMargins(0, 0, 0, 0)
        named.setSpacing(2)
        if field.kind != SWITCH:
            label = Label(field.word())
            label.setMinimumHeight(self.theme.control)
            label.setBuddy(widget)
            label.setFixedWidth(118)
            named.addWidget(label)
        mark = self._marks[field.name] = Label(tr("unknown"), "chip", "warn")
        mark.hide()
        named.addWidget(mark)
        named.addStretch(1)
        held = QVBoxLayout()
        held.setSpacing(3)
        held.addWidget(widget)
        below = QHBoxLayout()
        below.addWidget(Label(field.help(), "small", "muted", wrap=True), 1)
        if field.name in _FILES:
            button = self.act_button(tr("From a file…"), "file", lambda: self._load(field.name), GHOST)
            below.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        held.addLayout(below)
        form.addRow(left, held)

    def typed(self) -> dict[str, str]:
        """Every field's text, as `manifest_of` reads it."""
        return {name: _text(widget) for name, widget in self.fields.items()}

    def manifest(self) -> Manifest:
        """Raises `EvdeskError(INVALID)` for what cannot be read."""
        return manifest_of(self.typed())

    def _put(self, field: Field, words: str) -> None:
        widget = self.fields[field.name]
        if isinstance(widget, QCheckBox):
            widget.setChecked(words == "yes")
        elif isinstance(widget, QComboBox):
            widget.setCurrentIndex(max(0, widget.findData(words)))
        elif isinstance(widget, QPlainTextEdit):
            widget.setPlainText(words)
        elif isinstance(widget, QLineEdit):
            widget.setText(words)

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _save(self) -> None:
        image: Image = await self.client.call("firmware.manifest", PutManifest(self.image.id, self.manifest()))
        self.show_image(image)
        self.tell(tr("Saved. It may be sent.") if image.usable else tr("Saved."))

    async def _trust(self) -> None:
        if await TrustSheet(self.image, self._now, self.theme, self).ask() == DONE:
            params = TrustSigner(self.image.id, self.image.fingerprint)
            image: Image = await self.client.call("firmware.trust", params)
            self.show_image(image)
            self.tell(tr("The certificate is the maker's from now on."))

    async def _distrust(self) -> None:
        title = tr("Is this certificate not {maker}'s any more?").format(
            maker=self.image.manifest.vendor or tr("the maker")
        )
        words = tr(
            "Every file signed by it counts as not checked from then on. Other laptops with a copy of this library go on "
            "trusting it: take it back there too."
        )
        if await confirm(self, self.theme, title, words, tr("Take it back"), tr("Keep it"), danger=True):
            params = TrustSigner(self.image.id, self.image.fingerprint)
            image: Image = await self.client.call("firmware.distrust", params)
            self.show_image(image)
            self.tell(tr("Files signed by it count as not checked from now on."))

    async def _load(self, name: str) -> None:
        path = await ask_open(self, tr("Open a file"), tr("All files (*)"))
        widget = self.fields[name]
        if path is not None and isinstance(widget, QPlainTextEdit):
            widget.setPlainText(file_text(path))


def file_text(path: Path) -> str:
    """A signature or certificate as the manifest keeps it: text as it is, bytes as base64. Raises `EvdeskError`."""
    try:
        if path.stat().st_size > MOST:
            sentence = tr("{file} is too long for a signature or a certificate.")
            raise EvdeskError(Reason.INVALID, sentence.format(file=path.name))
        content = path.read_bytes()
    except OSError as error:
        sentence = tr("{file} cannot be read: {why}.")
        raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name, why=error.strerror or error)) from error
    if content.isascii() and b"\0" not in content:
        return content.decode("ascii").strip()
    return base64.b64encode(content).decode("ascii")


class TrustSheet(Sheet):
    """A person compares the certificate with what the maker publishes, and says that it is theirs. `DONE`: it is."""

    def __init__(self, image: Image, now: float, theme: Theme, parent: QWidget | None) -> None:
        maker = image.manifest.vendor or tr("the maker")
        super().__init__(tr("Is this certificate {maker}'s?").format(maker=maker), theme, parent)
        self.setMinimumWidth(560)
        self.say(
            tr(
                "Compare the fingerprint with the one the maker publishes: its site, a letter, a call to a number you know."
            )
        )
        values = KeyValue(columns=1)
        values.set(tr("Signed by"), image.signer or text.unknown())
        until = image.signer_until_at
        values.set(tr("Valid until"), text.date(until, now))
        self.add(values)
        self.print = Label(fingerprint_words(image.fingerprint), wrap=True, selectable=True)
        self.print.setFont(mono_font(13))
        self.print.setAccessibleName(tr("Fingerprint, SHA-256"))
        self.add(self.print)
        self.say(
            tr("From then on files signed by it count as checked, on every laptop that gets this library."), muted=True
        )
        self.agree = QCheckBox(tr("I have compared all of it"))
        self.add(self.agree)
        self.cancel(tr("Not sure"), default=True)
        self.keep = self.button(tr("It is {maker}'s").format(maker=maker), DONE, PRIMARY)
        self.agree.toggled.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        self.keep.why_off("" if self.agree.isChecked() else tr("Compare the fingerprint first."))


def fingerprint_words(fingerprint: str) -> str:
    """In groups of four signs, so that it can be read aloud."""
    signs = "".join(sign for sign in fingerprint.upper() if sign.isalnum())
    return " ".join(signs[at : at + 4] for at in range(0, len(signs), 4)) or text.unknown()


def _widget(field: Field) -> QWidget:
    if field.kind == SWITCH:
        return QCheckBox(field.word())
    if field.kind == YES_NO:
        box = QComboBox()
        for words, value in ((tr("Unknown"), ""), (tr("Yes"), "yes"), (tr("No"), "no")):
            box.addItem(words, value)
        return box
    if field.kind in (LONG, LINES):
        area = QPlainTextEdit()
        area.setTabChangesFocus(True)
        area.setFixedHeight(64)
        return area
    return QLineEdit()


def _text(widget: QWidget) -> str:
    if isinstance(widget, QCheckBox):
        return "yes" if widget.isChecked() else "no"
    if isinstance(widget, QComboBox):
        return str(widget.currentData())
    if isinstance(widget, QPlainTextEdit):
        return widget.toPlainText()
    return widget.text() if isinstance(widget, QLineEdit) else ""
