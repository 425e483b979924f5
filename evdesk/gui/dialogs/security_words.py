"""Security profiles, log-ins and certificates in a technician's words."""

from evdesk.gui.sentences import Look
from evdesk.gui.text import iso, reasons, tr
from evdesk.wire.security import ChargerSecurity, RaiseState

PROFILES = {
    0: "Nothing: no log-in, not encrypted",
    1: "Password, not encrypted",
    2: "Password, encrypted (TLS)",
    3: "Certificates on both sides (TLS)",
}
AUTH = {
    "any": "Whatever the profile wants",
    "password": "A password",
    "certificate": "A certificate",
}
FORMS = {"text": "as text", "hex": "as hex text", "bytes": "as bytes"}


def date_words(at: float | None) -> str:
    """ "2036-08-23": certificates live for years"""
    return iso(at)[:10] or tr("unknown")


def profile_words(profile: int) -> str:
    """ "2: password, encrypted (TLS)" """
    words = tr(PROFILES.get(profile, "unknown"))
    return f"{profile}: {words[:1].lower()}{words[1:]}"


def profile_look(profile: int | None) -> Look:
    """How the charger is connected now."""
    if profile is None:
        return Look("offline", tr("Not connected"), "muted")
    role = {0: "warn", 1: "warn"}.get(profile, "ok")
    icon = {0: "shield-x", 1: "shield-alert"}.get(profile, "shield-check")
    return Look(icon, tr("Profile {n}").format(n=profile), role)


def password_words(state: ChargerSecurity) -> str:
    """What evdesk knows of the charger's password; never the password."""
    if not state.password_set and state.password_waits:
        return tr("One was sent to the charger and has not been seen from it yet.")
    if not state.password_set:
        return tr("None is set here: whatever it sends is taken.")
    parts = [tr("Set {day}").format(day=date_words(state.password_at)) if state.password_at is not None else tr("Set")]
    if state.password_waits:
        parts.append(tr("the new one has not been seen yet; old and new are taken"))
    elif state.password_form:
        parts.append(tr("the charger sends it {form}").format(form=tr(FORMS.get(state.password_form, ""))))
    else:
        parts.append(tr("not seen from the charger yet"))
    return reasons(*parts)


def check_words(state: ChargerSecurity) -> str:
    """Whether the charger looks at evdesk's certificate, as tested."""
    day = date_words(state.ca_check_at)
    words = {
        "checked": tr("It checks evdesk's certificate (tested {day}).").format(day=day),
        "not_checked": tr("It takes any certificate (tested {day}): anybody on its network can pose as evdesk.").format(
            day=day
        ),
    }
    return words.get(state.ca_check, tr("Whether it checks evdesk's certificate was not tested."))


def certificate_words(state: ChargerSecurity) -> str:
    if not state.certificate:
        return tr("It shows none of its own.")
    if state.certificate_until is None:
        return state.certificate
    return tr("{subject}, until {day}").format(subject=state.certificate, day=date_words(state.certificate_until))


def fingerprint_lines(fingerprint: str) -> str:
    """SHA-256 in four lines of eight bytes, to be compared by eye."""
    plain = fingerprint.replace(":", "").upper()
    pairs = [plain[i : i + 2] for i in range(0, len(plain), 2)]
    return "\n".join(" ".join(pairs[i : i + 8]) for i in range(0, len(pairs), 8))


def raise_look(state: RaiseState) -> Look:
    """How far raising the profile has come."""
    looks = {
        "checked": Look("check-circle", tr("Everything is ready"), "ok"),
        "blocked": Look("warning", tr("Not ready yet"), "warn"),
        "writing": Look("clock", tr("Telling the charger"), "info"),
        "waiting": Look("refresh", tr("Waiting for the charger to come back"), "info"),
        "done": Look("check-circle", tr("Raised"), "ok"),
        "failed": Look("octagon", tr("It did not work"), "danger"),
    }
    return looks.get(state.state, Look("question", tr("Not begun"), "muted"))
