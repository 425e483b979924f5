"""What a reading changes in a connector's record, and what it must not keep alive."""

from evdesk.engine.measured import measure
from evdesk.engine.state import ConnectorRecord
from evdesk.model import NO_PHASES, Reading, Session

NOW = 1_780_000_000.0


def reading(after_s, **fields):
    return Reading("CP1", 1, NOW + after_s, **fields)


def test_energy_alone_does_not_keep_an_old_current_alive():
    """Many chargers send energy only (evcc-io/evcc #15726): their last current counts as measured for a while, not for
    ever, and its age is its own."""
    connector = ConnectorRecord(1)
    measure(connector, reading(0, current_a=(9.0, 9.0, 9.0)))
    assert (connector.current_a, connector.current_at) == ((9.0, 9.0, 9.0), NOW)
    measure(connector, reading(10, energy_wh=100.0))
    assert (connector.current_a, connector.current_at) == ((9.0, 9.0, 9.0), NOW)
    for after_s in (20, 30, 40):
        measure(connector, reading(after_s, energy_wh=100.0 + after_s))
    assert (connector.current_a, connector.current_at) == (NO_PHASES, None)
    assert (connector.reading_at, connector.energy_wh) == (NOW + 40, 140.0)
    measure(connector, reading(50, current_a=(7.0, 7.0, 7.0)))
    assert (connector.current_a, connector.current_at) == ((7.0, 7.0, 7.0), NOW + 50)


def test_a_charge_without_a_start_register_counts_from_the_first_one_told():
    """Seen in MicroOcpp 1.2.0: TransactionEvent Started and Ended carry no meterValue."""
    connector = ConnectorRecord(1)
    connector.begin(Session(1, "CP1", 1, "TAG", NOW))
    for after_s, register in ((10, 30.0), (20, 61.0), (30, 92.0)):
        measure(connector, reading(after_s, energy_wh=register))
    assert connector.session_wh == 62.0
    connector.begin(Session(1, "CP1", 1, "TAG", NOW, energy_wh=62.0))  # the engine was restarted
    measure(connector, reading(40, energy_wh=123.0))
    measure(connector, reading(50, energy_wh=133.0))
    assert connector.session_wh == 72.0
    connector.begin(Session(2, "CP1", 1, "TAG", NOW + 60, meter_start_wh=100.0))
    measure(connector, reading(70, energy_wh=150.0))
    assert connector.session_wh == 50.0
