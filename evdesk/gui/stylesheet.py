"""The small style sheet on top of Fusion: only what a palette cannot say."""

from string import Template

from evdesk.gui import resources, tokens

_SHEET = Template(
    """
QToolTip { background: $raised; color: $text; border: ${edge}px solid $borderStrong; padding: 4px 6px; }
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {
  background: $surface; color: $text; border: ${edge}px solid $borderStrong; border-radius: 6px; padding: 0 9px;
  selection-background-color: $accent; selection-color: $onAccent; }
SearchField { padding: 0 4px 0 2px; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit { min-height: ${inner}px; }
QPlainTextEdit, QTextEdit { padding: 4px 6px; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {
  background: $off; color: $muted; border-color: $offEdge; }
QComboBox::drop-down, QDateTimeEdit::drop-down { border: none; width: 26px; }
QComboBox::down-arrow, QDateTimeEdit::down-arrow { image: url($chevron); width: 14px; height: 14px; }
QTimeEdit::down-arrow { image: none; width: 0; height: 0; }
QComboBox QAbstractItemView { background: $surface; border: ${edge}px solid $borderStrong; padding: 4px;
  selection-background-color: $selection; selection-color: $text; outline: 0; }
QPushButton { background: $surface; color: $text; border: ${edge}px solid $borderStrong; border-radius: 6px;
  padding: 0 12px; min-height: ${inner}px; font-weight: 500; }
QPushButton:hover { background: $raised; }
QPushButton:pressed { background: $sunken; }
QPushButton:disabled { background: $off; color: $muted; border-color: $offEdge; }
QCheckBox, QRadioButton { spacing: 8px; background: transparent; font-weight: 500; min-height: 24px; }
QCheckBox:focus, QRadioButton:focus { outline: none; }
QCheckBox::indicator { width: ${box}px; height: ${box}px; border: ${edge}px solid $borderStrong; border-radius: 3px;
  background: $surface; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($check); }
QCheckBox::indicator:disabled { background: $off; border-color: $offEdge; }
QRadioButton::indicator { width: ${box}px; height: ${box}px; border: ${edge}px solid $borderStrong;
  border-radius: 8px; background: $surface; }
QRadioButton::indicator:checked { background: $surface; border: 5px solid $accent; width: ${dot}px; height: ${dot}px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QAbstractSpinBox QLineEdit { border: none; padding: 0 0 0 8px; min-height: 0; background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $scrollbar; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $borderStrong; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { background: transparent; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableView, QTreeView, QListView { background: $surface; alternate-background-color: $surface; border: none;
  gridline-color: $border; outline: 0; selection-background-color: $selection; selection-color: $text; }
QHeaderView { background: $raised; border: none; }
QHeaderView::section { background: $raised; color: $muted; border: none; border-bottom: ${edge}px solid $border;
  padding: 0 8px; min-height: 31px; font-weight: 500; }
QMenu { background: $surface; border: ${edge}px solid $borderStrong; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 10px; border-radius: 4px; color: $text; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }
QSplitter::handle { background: transparent; }
QProgressBar { background: $sunken; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
"""
)


def sheet(name: str, large: bool = False) -> str:
    """The style sheet of a theme (`tokens.THEMES`)."""
    roles = dict(tokens.ROLES[name])
    edge = tokens.EDGE[name]
    dark, contrast = name == tokens.DARK, name == tokens.CONTRAST
    control = 44 if large else 32
    return _SHEET.substitute(
        roles,
        off=roles["sunken" if contrast else "raised"],
        offEdge=roles["house" if contrast else "border"],  # all edges of that theme are black: what is off is grey
        edge=edge,
        inner=control - 2 * edge,
        box=16 - 2 * edge,
        dot=6,
        check=resources.icon_file("mark-dark" if dark else "mark-light").as_posix(),
        chevron=resources.icon_file(f"drop-{name}").as_posix(),
    )
