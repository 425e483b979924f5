"""The API's methods about the balancer's settings."""

import dataclasses
import typing

import msgspec
from msgspec import UNSET, UnsetType

from evdesk.model import BalanceSettings, SiteLoad
from evdesk.wire.method import Method, Nothing

if typing.TYPE_CHECKING:

    class ConfigureBalance(msgspec.Struct, frozen=True):
        """Each field of `BalanceSettings`; one that is not given stays as it is."""

else:
    ConfigureBalance = msgspec.defstruct(
        "ConfigureBalance",
        [
            (f.name, typing.get_type_hints(BalanceSettings)[f.name] | UnsetType, UNSET)
            for f in dataclasses.fields(BalanceSettings)
        ],
        frozen=True,
        module=__name__,
        namespace={"__doc__": f"What is not given stays as it is. {' '.join(BalanceSettings.__doc__.split())}"},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class BalanceState:
    settings: BalanceSettings
    load: SiteLoad
    safe_share_a: float
    decided_at: float | None


METHODS_BALANCE: dict[str, Method] = {
    "balance.get": Method(Nothing, BalanceState, "What the balancer sees and does."),
    "balance.configure": Method(
        ConfigureBalance, BalanceState, "Change balancing settings; what is not given stays.", changes=True
    ),
}
