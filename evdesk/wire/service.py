"""The API's methods of the daily service of a charger."""

from dataclasses import dataclass

from evdesk.wire.method import Done, Method, OneCharger


@dataclass(frozen=True, slots=True)
class SetAvailability:
    """`connector_id` 0: the whole charger. `operative` false takes it out of service, after a running charge."""

    charger_id: str
    operative: bool
    connector_id: int = 0


@dataclass(frozen=True, slots=True)
class Reserve:
    """`minutes`: how long the connector is kept for `id_tag`, 1 to 1440. The result's `after` is the reservation's id."""

    charger_id: str
    id_tag: str
    connector_id: int = 1
    minutes: int = 30


@dataclass(frozen=True, slots=True)
class CancelReservation:
    charger_id: str
    reservation_id: int


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """A maker's own message; the result's `after` is what the charger sent back."""

    charger_id: str
    vendor_id: str
    message_id: str = ""
    data: str = ""


METHODS_SERVICE: dict[str, Method] = {
    "charger.availability": Method(SetAvailability, Done, "Take out of service, or back into it.", changes=True),
    "charger.reserve": Method(Reserve, Done, "Keep a connector for one id tag.", changes=True),
    "charger.cancel_reservation": Method(CancelReservation, Done, "End a reservation.", changes=True),
    "charger.clear_cache": Method(OneCharger, Done, "Let the charger forget the tags it knows.", changes=True),
    "charger.data_transfer": Method(DataTransfer, Done, "Send a maker's own message (expert).", changes=True),
}
