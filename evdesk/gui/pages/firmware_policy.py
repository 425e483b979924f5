"""The sheet of one model: what it should run and until when, and versions that must not stay in use."""

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QTime
from PySide6.QtWidgets import QCheckBox, QComboBox, QDateEdit, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from evdesk.firmware.fit import same_name
from evdesk.gui.client import Client
from evdesk.gui.dialogs.working import WorkingSheet
from evdesk.gui.pages.firmware_words import model_name
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Label, Segmented
from evdesk.model.firmware import BlockedVersion, FirmwarePolicy, FleetModel, Image, PolicyKind
from evdesk.wire.firmware import BlockVersion, PutPolicy

DAY_S = 86_400.0


def known_versions(model: FleetModel, images: Sequence[Image]) -> list[str]:
    """Of the library and of the chargers, without repeats, the library's first."""
    mine = [image.manifest for image in images if any(same_name(one, model.model) for one in image.manifest.models)]
    wanted = [manifest.version for manifest in mine if manifest.version]
    wanted += [one.version for one in model.chargers if one.version]
    return list(dict.fromkeys(wanted))


class PolicySheet(WorkingSheet):
    """Stays open while versions are blocked; `Save` writes the policy. What it did is told on the page by an event."""

    def __init__(
        self,
        model: FleetModel,
        images: Sequence[Image],
        now: float,
        client: Client,
        theme: Theme,
        parent: QWidget | None,
    ) -> None:
        self._model, self._now = model, now
        name = model_name(model.vendor, model.model)
        super().__init__(tr("Versions of {model}").format(model=name), client, theme, parent, height=300)
        self.versions = known_versions(model, images)
        self.blocked = list(model.blocked)
        self._policy_card(model.policy)
        self._blocked_card()
        self.close_button()
        held = self.column.parentWidget()
        self.resize(680, min(720, (held.sizeHint().height() if held is not None else 400) + 132))

    # -- what it should run -------------------------------------------------------------------------------------------

    def _policy_card(self, policy: FirmwarePolicy | None) -> None:
        card = self.section(tr("What it should run"))
        self.kind = Segmented(
            [
                (PolicyKind.NONE, tr("No policy")),
                (PolicyKind.KEEP_AT, tr("Keep at")),
                (PolicyKind.AT_LEAST, tr("At least")),
            ]
        )
        self.kind.setAccessibleName(tr("Policy"))
        self.means = Label("", "small", "muted", wrap=True)
        self.version = _versions_box(self.versions, tr("Version"))
        self.ends = QCheckBox(tr("Only late after"))
        self.by = QDateEdit()
        self.by.setCalendarPopup(True)
        self.by.setDisplayFormat("yyyy-MM-dd")
        self.by.setAccessibleName(tr("Late after"))
        self.by.setFixedHeight(self.theme.control)
        self.by.setDate(QDateTime.fromSecsSinceEpoch(int(self._now + 14 * DAY_S)).date())
        self.save = self.act_button(tr("Save"), "check", self._save, PRIMARY)
        form = QFormLayout()
        form.setSpacing(8)
        name = Label(tr("Version"))
        name.setMinimumHeight(self.theme.control)
        self.ends.setMinimumHeight(self.theme.control)
        form.addRow(name, self.version)
        form.addRow(self.ends, self.by)
        card.body.addWidget(self.kind)
        card.body.addWidget(self.means)
        card.body.addLayout(form)
        self.row(card, self.save)
        if policy is not None:
            self.kind.select(policy.kind)
            self.version.setCurrentText(policy.version)
            self.ends.setChecked(policy.by_at is not None)
            if policy.by_at is not None:
                self.by.setDate(QDateTime.fromSecsSinceEpoch(int(policy.by_at)).date())
        self.kind.changed.connect(self._enable)
        self.version.currentTextChanged.connect(self._enable)
        self.ends.toggled.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        kind = PolicyKind(self.kind.current())
        wants = kind is not PolicyKind.NONE
        self.version.setEnabled(wants)
        self.ends.setEnabled(wants)
        self.by.setEnabled(wants and self.ends.isChecked())
        version = self.version.currentText().strip()
        means = {
            PolicyKind.NONE: tr("Nothing is late. A newer file in the library still shows who is behind."),
            PolicyKind.KEEP_AT: tr("Older and newer versions than this one are shown as wrong."),
            PolicyKind.AT_LEAST: tr("Older versions than this one are shown as behind; newer ones are fine."),
        }
        self.means.setText(means[kind])
        self.save.why_off("" if version or not wants else tr("Choose or type a version."))

    def policy(self) -> PutPolicy:
        """What the fields say now."""
        kind = PolicyKind(self.kind.current())
        if kind is PolicyKind.NONE:
            return PutPolicy(self._model.vendor, self._model.model, kind)
        by = None
        if self.ends.isChecked():  # the day itself is still in time
            by = float(QDateTime(self.by.date(), QTime(23, 59, 59)).toSecsSinceEpoch())
        return PutPolicy(self._model.vendor, self._model.model, kind, self.version.currentText().strip(), by)

    async def _save(self) -> None:
        await self.client.call("firmware.policy", self.policy())
        self.tell(tr("The policy is saved."))

    # -- versions that must not stay ----------------------------------------------------------------------------------

    def _blocked_card(self) -> None:
        card = self._card = self.section(tr("Versions that must not stay in use"))
        self._rows: list[QWidget] = []
        self.nothing = Label(tr("None is blocked."), role="muted")
        card.body.addWidget(self.nothing)
        self.bad = _versions_box(
            list(dict.fromkeys((*self.versions, *(b.version for b in self.blocked)))), tr("Version")
        )
        self.bad.setCurrentText("")
        self.bad.setFixedWidth(130)
        if (line := self.bad.lineEdit()) is not None:
            line.setPlaceholderText(tr("Version"))
        self.why = QLineEdit()
        self.why.setPlaceholderText(tr("Why, for example: loses its limit on restart"))
        self.why.setAccessibleName(tr("Why it is blocked"))
        self.block = self.act_button(tr("Block"), "shield-x", self._block)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.bad)
        row.addWidget(self.why, 1)
        row.addWidget(self.block)
        card.body.addLayout(row)
        self.bad.currentTextChanged.connect(self._enable_block)
        self.why.textChanged.connect(self._enable_block)
        self._show_blocked()
        self._enable_block()

    def _enable_block(self, *_: object) -> None:
        known = self.bad.currentText().strip() and self.why.text().strip()
        self.block.why_off("" if known else tr("Give the version and the reason: others read it."))

    def _show_blocked(self) -> None:
        for row in self._rows:
            self._card.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._line(one) for one in self.blocked]
        for place, row in enumerate(self._rows):
            self._card.body.insertWidget(place, row)
        self.nothing.setVisible(not self.blocked)

    def _line(self, one: BlockedVersion) -> QWidget:
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        version = Label(one.version, "card", parent=held)
        version.setMinimumWidth(90)
        row.addWidget(version)
        row.addWidget(Label(one.why, parent=held, wrap=True, selectable=True), 1)
        button = Button(tr("Allow again"), "x", GHOST, held, dense=True)
        button.setAutoDefault(False)
        button.setAccessibleDescription(one.version)
        button.clicked.connect(lambda: self.start(button, lambda: self._allow(one)))
        row.addWidget(button)
        return held

    async def _block(self) -> None:
        version, why = self.bad.currentText().strip(), self.why.text().strip()
        if not version or not why:
            return
        await self.client.call("firmware.block", BlockVersion(self._model.vendor, self._model.model, version, why))
        self.blocked = [*(b for b in self.blocked if b.version != version), BlockedVersion(version, why)]
        self.bad.setCurrentText("")
        self.why.clear()
        self._show_blocked()
        self._enable_block()
        self.tell(tr("{version} is blocked.").format(version=version))

    async def _allow(self, one: BlockedVersion) -> None:
        params = BlockVersion(self._model.vendor, self._model.model, one.version, "", False)
        await self.client.call("firmware.block", params)
        self.blocked = [b for b in self.blocked if b.version != one.version]
        self._show_blocked()
        self.tell(tr("{version} may be used again.").format(version=one.version))


def _versions_box(versions: Sequence[str], name: str) -> QComboBox:
    """Known versions to choose, others to type."""
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(list(versions))
    box.setAccessibleName(name)
    return box
