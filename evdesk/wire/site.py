"""The API's methods about the site as a file, its check, and power limits from outside."""

from dataclasses import dataclass, field

from evdesk.model import CapGroup, PowerCap, Site
from evdesk.wire.method import Done, Method, Nothing


@dataclass(frozen=True, slots=True)
class CheckSite:
    site: Site


@dataclass(frozen=True, slots=True)
class SiteProblems:
    """Sentences that say what to do; empty: the site can be balanced."""

    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SiteFile:
    toml: str


@dataclass(frozen=True, slots=True)
class ImportSite:
    """`apply` false: only say what would be read and what is wrong with it."""

    toml: str
    apply: bool = False


@dataclass(frozen=True, slots=True)
class ImportedSite:
    """`site` None: the text could not be read at all."""

    site: Site | None
    problems: list[str]
    applied: bool = False


@dataclass(frozen=True, slots=True)
class GiveCap:
    """`power_w` in force until `valid_s` seconds from now, or until `balance.uncap`. `rule` "enwg14a" works the power out
    from the chargers that have a place in the site instead, connected or not, and follows when one comes or goes. One
    limit per `source`: a new one replaces it."""

    source: str
    power_w: float | None = None
    rule: str = ""
    group: CapGroup = CapGroup.CHARGERS
    valid_s: float | None = None


@dataclass(frozen=True, slots=True)
class TakeCap:
    source: str


METHODS_SITE: dict[str, Method] = {
    "site.check": Method(
        CheckSite, SiteProblems, "What is wrong with a site, without changing anything.", needs=("site.circuits",)
    ),
    "site.export": Method(Nothing, SiteFile, "The site as TOML."),
    "site.import": Method(ImportSite, ImportedSite, "A site from TOML: looked at, or put in force.", changes=True),
    "balance.caps": Method(Nothing, list[PowerCap], "The power limits in force now, from outside and by the clock."),
    "balance.cap": Method(GiveCap, Done, "Limit the power of the chargers or the whole site.", changes=True),
    "balance.uncap": Method(TakeCap, Done, "Take a power limit back.", changes=True),
}
