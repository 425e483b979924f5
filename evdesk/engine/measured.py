"""What a reading changes in a connector's record: measured values, the terminals in use, the session's energy."""

from collections.abc import Iterable

from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.store import Store
from evdesk.model import Reading

NOTHING_DRAWN_A = 0.5
DRAWING_A = 3.0
TERMINALS_AFTER_S = 20.0


def measure(connector: ConnectorRecord, event: Reading) -> None:
    if connector.reading_at is not None and event.at > connector.reading_at:
        step = min(event.at - connector.reading_at, 120.0)
        connector.sample_s += (step - connector.sample_s) * 0.3
    # A message may carry only some measurands: what it does not carry stays, unless that is old by now.
    stale = connector.reading_at is None or event.at - connector.reading_at > 3 * connector.sample_s
    connector.reading_at = event.at
    if event.current_a != (None, None, None):
        connector.current_a, connector.current_at = event.current_a, event.at
    elif connector.current_at is None or event.at - connector.current_at > 3 * connector.sample_s:
        # Not refreshed by messages that carry energy only: an old current would count as measured for ever.
        connector.current_a, connector.current_at = event.current_a, None
    if event.voltage_v != (None, None, None) or stale:
        connector.voltage_v = event.voltage_v
    if event.power_w is not None or stale:
        connector.power_w = event.power_w
    if event.soc_pct is not None or stale:
        connector.soc_pct = event.soc_pct
    if event.energy_wh is not None:
        connector.energy_wh = event.energy_wh
    _learn_terminals(connector, event)
    _session_energy(connector, event)


def _learn_terminals(connector: ConnectorRecord, event: Reading) -> None:
    """A car that has charged for a while on some terminals only does not load the others."""
    one, two, three = event.current_a
    if one is None or two is None or three is None:
        return
    carries = (one > NOTHING_DRAWN_A, two > NOTHING_DRAWN_A, three > NOTHING_DRAWN_A)
    if carries == connector.terminals:
        return
    used = connector.terminals
    if (carries[0] and not used[0]) or (carries[1] and not used[1]) or (carries[2] and not used[2]):
        connector.terminals = (True, True, True)
        return
    since = connector.charging_since_at
    flows = (one >= DRAWING_A, two >= DRAWING_A, three >= DRAWING_A)
    if since is not None and event.at - since > TERMINALS_AFTER_S and any(flows) and flows == carries:
        connector.terminals = flows


def _session_energy(connector: ConnectorRecord, event: Reading) -> None:
    """Kept in the record; `save_sessions` takes it to the store once a second. A charge that began without a register
    (seen in MicroOcpp 1.2.0, 2.0.1) counts from the first one told: less than it was, never nothing."""
    start = connector.session.meter_start_wh if connector.session is not None else None
    if start is None and connector.session is not None and event.energy_wh is not None:
        if connector.session_base_wh is None:
            connector.session_base_wh = event.energy_wh - (connector.session_wh or 0.0)
        start = connector.session_base_wh
    if event.energy_wh is not None and start is not None:
        energy = event.energy_wh - start
        if connector.session_wh is None or energy > connector.session_wh:
            connector.session_wh = energy
            connector.session_dirty = True
    if event.power_w is not None and event.power_w > connector.session_max_w:
        connector.session_max_w = event.power_w
        connector.session_dirty = True


def save_sessions(records: Iterable[ChargerRecord], store: Store) -> None:
    """Running sessions whose energy changed, to the store's next batch."""
    for record in records:
        for connector in record.connectors.values():
            if connector.session_dirty and connector.session is not None:
                store.put_session(connector.current_session())
            connector.session_dirty = False
