"""The API's methods about charging profiles."""

from dataclasses import dataclass

from evdesk.model.profiles import CompositeSeen, ProfileSeen
from evdesk.wire.method import Done, Method, OneCharger


@dataclass(frozen=True, slots=True)
class AskComposite:
    charger_id: str
    connector_id: int = 1
    seconds: int = 21_600


@dataclass(frozen=True, slots=True)
class ClearProfile:
    """`profile_id` null: every profile in the charger; evdesk's own are then set up anew."""

    charger_id: str
    profile_id: int | None


METHODS_PROFILES: dict[str, Method] = {
    "charger.profiles": Method(
        OneCharger,
        list[ProfileSeen],
        "Charging profiles in the charger: as it lists them (2.x), else as evdesk sent them and it took them.",
        changes=True,
    ),
    "charger.composite": Method(AskComposite, CompositeSeen, "What the charger says it will do.", changes=True),
    "charger.clear_profile": Method(ClearProfile, Done, "Take a profile out of the charger.", changes=True),
}
