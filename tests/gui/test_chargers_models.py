"""The Chargers page's models: rows in place, order held under the pointer, settings that wait for the charger."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_model import COLUMNS, PLACES, ROW_ROLE, ChargersFilter, ChargersModel
from evdesk.gui.pages.chargers_settings_model import CHANGED, NAME, NOTE, VALUE, VENDOR, WRITABLE, SettingsModel
from evdesk.model import ChargerState, Connector, ConnectorStatus, Setting
from tests.gui import sample


@pytest.fixture
def mirror(qapp):
    one = Mirror()
    one.take_snapshot(sample.snapshot())
    return one


@pytest.fixture
def model(mirror):
    one = ChargersModel(mirror)
    return one, QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Fatal)


def words(model, row, key):
    return model.index(row, PLACES[key]).data()


def change(mirror, charger_id, **fields):
    charger = mirror.chargers[charger_id]
    connector = replace(charger.connectors[0], **fields)
    mirror.apply("charger", replace(charger, connectors=(connector,)))
    mirror.flush()


def test_rows_stand_in_the_order_of_the_site_and_those_that_ask_are_not_rows(model):
    rows = [row.label for row in model[0].rows]
    assert rows == [f"Bay {n}" for n in range(1, 9)]


def test_cells_say_what_the_pictures_say(model):
    one = model[0]
    assert [words(one, 0, k) for k in ("state", "l1", "l2", "l3", "limit", "why")] == [
        "Charging", "13.8", "13.7", "13.8", "14 A", "Main L2 full",
    ]  # fmt: skip
    assert words(one, 3, "why") == "Ground failure E-11"
    assert words(one, 3, "limit") == "off"
    assert words(one, 4, "why") == "Car takes 9.8 A"
    assert words(one, 5, "limit") == "–"


def test_a_silent_charger_shows_no_old_value_as_if_it_were_new(model):
    one = model[0]
    assert [words(one, 6, k) for k in ("state", "l1", "l2", "l3", "why")] == ["Offline", "?", "?", "?", "6 A kept free"]


def test_unknown_is_never_zero(mirror, model):
    change(mirror, "WB-01", site_current_a=(None, 0.0, None), current_a=(None, 0.0, None))
    model[0].refresh()
    assert [words(model[0], 0, k) for k in ("l1", "l2", "l3")] == ["?", "0.0", "?"]


def test_without_a_rotation_the_terminals_are_shown_and_said_to_be_so(mirror, model):
    change(mirror, "WB-01", site_current_a=(None, None, None), current_a=(7.0, 8.0, 9.0))
    model[0].refresh()
    index = model[0].index(0, PLACES["l1"])
    assert index.data() == "7.0"
    assert "rotation" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_new_value_changes_one_row_in_place(mirror, model, qtbot):
    one = model[0]
    resets, changed = [], []
    one.modelReset.connect(lambda: resets.append(1))
    one.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    change(mirror, "WB-03", power_w=1234.0)
    one.refresh()
    assert changed == [(2, 2)]
    assert not resets


def test_a_charger_that_joins_is_inserted_and_one_forgotten_removed(mirror, model):
    one = model[0]
    resets = []
    one.modelReset.connect(lambda: resets.append(1))
    mirror.apply("charger", replace(mirror.chargers["KS-20881"], state=ChargerState.ONLINE))
    mirror.flush()
    one.refresh()
    assert [row.charger.id for row in one.rows][-1] == "KS-20881"
    del mirror.chargers["WB-02"]
    one.refresh()
    assert "WB-02" not in {row.charger.id for row in one.rows}
    assert one.rowCount() == 8
    assert not resets


def test_a_site_sorted_anew_leads_each_index_to_its_row(mirror, model):
    one = model[0]
    index = one.index(0, 0)
    from PySide6.QtCore import QPersistentModelIndex

    kept = QPersistentModelIndex(index)
    site = mirror.site
    mirror.apply("site", replace(site, bays=tuple(reversed(site.bays))))
    mirror.flush()
    one.refresh()
    assert kept.row() == 7
    assert one.rows[7].label == "Bay 1"


def test_two_connectors_are_two_rows_with_their_own_bay_names(mirror, model):
    charger = mirror.chargers["WB-06"]
    twin = replace(charger, connectors=(*charger.connectors, Connector(2, ConnectorStatus.CHARGING)))
    mirror.apply("charger", twin)
    mirror.flush()
    model[0].refresh()
    labels = [row.label for row in model[0].rows if row.charger.id == "WB-06"]
    assert labels == ["Bay 6", "Bay 6 · 2"]


def test_rows_stay_while_held_and_sort_when_let_go(mirror, model):
    proxy = ChargersFilter(model[0])
    QAbstractItemModelTester(proxy, QAbstractItemModelTester.FailureReportingMode.Fatal)
    proxy.sort(PLACES["l1"], Qt.SortOrder.DescendingOrder)
    before = order(proxy)
    assert before[0] == "Bay 1"
    proxy.hold(True)
    change(mirror, "WB-06", site_current_a=(30.0, 0.0, 0.0))
    model[0].refresh()
    assert order(proxy) == before
    proxy.hold(False)
    assert order(proxy)[0] == "Bay 6"


def order(proxy):
    return [proxy.index(row, 0).data() for row in range(proxy.rowCount())]


def test_the_segments_and_the_search_narrow_the_table(model):
    proxy = ChargersFilter(model[0])
    assert proxy.counts() == {"all": 8, "charging": 5, "needs": 2}
    proxy.set_segment("needs")
    assert order(proxy) == ["Bay 4", "Bay 7"]
    proxy.set_segment("all")
    proxy.search("kestrel fault")
    assert order(proxy) == ["Bay 4"]
    proxy.search("192.168.50.48")
    assert order(proxy) == ["Bay 8"]
    proxy.search("")
    assert proxy.rowCount() == 8


def test_every_column_sorts_both_ways_without_losing_a_row(model):
    proxy = ChargersFilter(model[0])
    for number in range(len(COLUMNS)):
        for way in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            proxy.sort(number, way)
            assert sorted(order(proxy)) == sorted(f"Bay {n}" for n in range(1, 9))
    assert isinstance(proxy.index(0, 0).data(ROW_ROLE).place, int)


@pytest.fixture
def settings(qapp):
    one = SettingsModel()
    one.set_settings([*sample.settings(), Setting("AuthorizationKey", "hunter2hunter2"), Setting("LocalPIN", None)])
    return one, QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Fatal)


def cell(model, name, column):
    return model.index(model.row_of(name), column)


def test_settings_show_value_unit_and_what_is_special(settings):
    one = settings[0]
    assert cell(one, "HeartbeatInterval", VALUE).data() == "300 s"
    assert cell(one, "NumberOfConnectors", NOTE).data() == "read only"
    assert cell(one, "NL.LedBrightness", NOTE).data() == "vendor's own"
    assert one.row_of("NL.LedBrightness") == one.rowCount() - 1  # vendor keys last
    assert not cell(one, "NumberOfConnectors", VALUE).flags() & Qt.ItemFlag.ItemIsEditable
    assert not cell(one, "HeartbeatInterval", NAME).flags() & Qt.ItemFlag.ItemIsEditable


def test_a_secret_setting_never_shows_its_value(settings):
    one = settings[0]
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole):
        assert "hunter2" not in str(cell(one, "AuthorizationKey", VALUE).data(role))


def test_an_edit_is_staged_and_the_value_waits_for_the_charger(settings, qtbot):
    one = settings[0]
    index = cell(one, "HeartbeatInterval", VALUE)
    with qtbot.waitSignal(one.staged_changed):
        assert one.setData(index, "60")
    assert [(line.setting.name, line.staged) for line in one.staged()] == [("HeartbeatInterval", "60")]
    assert (index.data(), cell(one, "HeartbeatInterval", NOTE).data()) == ("60 s", "was 300")
    assert one.line_of("HeartbeatInterval").setting.value == "300"
    one.setData(index, "300")  # the charger's own value takes it back
    assert one.staged() == []
    one.setData(index, "60")
    one.mark("HeartbeatInterval", "info", "being written", busy=True)
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable
    one.mark("HeartbeatInterval", "ok", "read back 60", value="60")
    assert (index.data(), one.staged()) == ("60 s", [])
    assert cell(one, "HeartbeatInterval", NOTE).data() == "read back 60"


def test_a_new_password_is_staged_but_never_shown(settings):
    one = settings[0]
    index = cell(one, "AuthorizationKey", VALUE)
    assert not one.setData(index, "")
    assert one.setData(index, "correct horse 17")
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
        assert "horse" not in str(index.data(role))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [("HeartbeatInterval", "soon", "whole number"), ("AuthorizeRemoteTxRequests", "maybe", "true or false")],
)
def test_a_value_that_cannot_be_is_refused_in_words(settings, qtbot, name, text, says):
    one = settings[0]
    with qtbot.waitSignal(one.refused) as refused:
        one.setData(cell(one, name, VALUE), text)
    assert says in refused.args[0]


def test_results_stay_beside_their_setting_when_it_is_read_again(settings):
    one = settings[0]
    one.mark("HeartbeatInterval", "warn", "needs a restart")
    one.set_settings(sample.settings())
    assert cell(one, "HeartbeatInterval", NOTE).data() == "needs a restart"


def names(model):
    return [model.index(row, NAME).data() for row in range(model.rowCount())]


def test_the_settings_search_takes_every_word(settings):
    settings[0].set_filter("meter interval")
    assert names(settings[0]) == ["MeterValueSampleInterval"]


def test_kinds_and_sections_narrow_the_list(settings):
    one = settings[0]
    one.set_settings(
        [
            Setting("HeartbeatInterval", "300", "integer", group="Core"),
            Setting("NumberOfConnectors", "1", "integer", writable=False, group="Core"),
            Setting("ChargeProfileMaxStackLevel", "3", "integer", writable=False, group="SmartCharging"),
            Setting("NL.LedBrightness", "70", "integer", known=False, group="Vendor"),
        ],
        {"NL.LedBrightness": "30"},
    )
    assert names(one) == [
        "Core", "HeartbeatInterval", "NumberOfConnectors", "SmartCharging", "ChargeProfileMaxStackLevel",
        "Vendor's own", "NL.LedBrightness",
    ]  # fmt: skip
    assert one.counts() == {"all": 4, "writable": 2, "changed": 1, "vendor": 1}
    assert one.groups() == {"Core": 2, "SmartCharging": 1, "Vendor": 1}
    assert cell(one, "NL.LedBrightness", NOTE).data() == "before: 30"
    assert one.flags(one.index(0, VALUE)) == Qt.ItemFlag.ItemIsEnabled  # a heading
    for only, expected in ((WRITABLE, 2), (CHANGED, 1), (VENDOR, 1)):
        one.set_filter("", only)
        assert len([name for name in names(one) if one.row_of(name) >= 0]) == expected
    one.set_filter("", "all", "SmartCharging")
    assert names(one) == ["ChargeProfileMaxStackLevel"]
    one.set_filter("vendor")
    assert names(one) == ["NL.LedBrightness"]


def test_sixteen_hundred_variables_are_shown_searched_and_staged(settings):
    one = settings[0]
    one.set_settings(variables(1600))
    assert one.rowCount() == 1600 + 40
    for typed in ("v", "va", "variable1", "variable12", ""):
        one.set_filter(typed)
    one.set_filter("component7 variable1")
    assert 0 < one.rowCount() < 100
    one.protocol = "ocpp2.0.1"
    row = 0 if one.rowCount() == 1 else 1
    name = names(one)[row]
    one.setData(one.index(row, VALUE), "-5")
    assert [line.setting.name for line in one.staged()] == [name]
    one.set_filter("")
    assert len(one.staged()) == 1


def variables(count):
    return [
        Setting(f"Component{n % 40}/Variable{n}", str(n), "integer", group=f"Component{n % 40}", meaning="A number.")
        for n in range(count)
    ]
