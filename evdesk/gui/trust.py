"""How right drivers' statements have been, in words: beside the fields where one is entered, and on Insights."""

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.wire.hints import HintTrust, Reliability

SHOWN = 3
"""Tags that are named on Insights."""


def percent(share: float) -> str:
    return f"{text.number(100 * share, 0)} %"


def tag_words(id_tag: str) -> str:
    """Enough of a tag to know it by: its last four characters."""
    return f"…{id_tag[-4:]}" if len(id_tag) > 6 else id_tag


def trust_words(trust: HintTrust, id_tag: str = "") -> str:
    """One sentence for the person who is about to enter a statement; `id_tag`: who charges, "" where nobody knows."""
    mine = next((one for one in trust.tags if one.id_tag == id_tag and id_tag), None)
    if mine is not None and mine.samples:
        words = tr("{tag} was right about the stay in {stay}, about the energy in {energy} ({n} judged).")
        return words.format(tag=tag_words(id_tag), **_figures(mine))
    if trust.site.samples:
        words = tr("Such words were right here about the stay in {stay}, about the energy in {energy} ({n} judged).")
        return words.format(**_figures(trust.site))
    words = tr("None has been judged here yet: like at public chargers it counts {stay} for the stay, {energy} for the "
               "energy.")  # fmt: skip
    return words.format(**_figures(trust.site))


def trust_rows(trust: HintTrust) -> tuple[tuple[str, str], ...]:
    """For Insights: the site, then the tags heard most often. () while nothing has been judged."""
    if not trust.site.samples:
        return ()
    tags = [one for one in trust.tags if one.samples][:SHOWN]
    rows = ((tr("Drivers' words"), trust.site), *((tag_words(one.id_tag), one) for one in tags))
    words = tr("right about the stay {stay}, the energy {energy} ({n} judged)")
    return tuple((name, words.format(**_figures(one))) for name, one in rows)


def _figures(one: Reliability) -> dict[str, str]:
    return {"stay": percent(one.stay), "energy": percent(one.energy), "n": str(one.samples)}
