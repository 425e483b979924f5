"""The API's methods about what a charger can do."""

from evdesk.model.abilities import Ability
from evdesk.wire.method import Method, OneCharger

METHODS_ABILITIES: dict[str, Method] = {
    "ability.list": Method(OneCharger, list[Ability], "What a charger announced, did, refused or never answered."),
    "ability.try": Method(OneCharger, list[Ability], "Ask questions that change nothing.", changes=True),
    "ability.measurands": Method(
        OneCharger,
        list[Ability],
        "Try each measurand alone, then put the old list back. Refused while a car charges.",
        changes=True,
    ),
}
