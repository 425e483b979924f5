"""A charger's words about its update, as tables."""

from evdesk.model.jobs import Cause, Step

FORWARD: dict[str, Step] = {
    "DownloadScheduled": Step.SENT,
    "Downloading": Step.DOWNLOADING,
    "DownloadPaused": Step.DOWNLOADING,
    "DownloadFailed": Step.DOWNLOADING,
    "Downloaded": Step.VERIFYING,
    "SignatureVerified": Step.INSTALLING,
    "InstallScheduled": Step.INSTALLING,
    "Installing": Step.INSTALLING,
    "InstallRebooting": Step.REBOOTING,
    "Installed": Step.REBOOTING,
}
"""Status (1.6 section 7.25, security whitepaper, 2.x FirmwareStatusEnumType) to the step it leads to."""

FAILURES: dict[str, Cause] = {
    "InvalidSignature": Cause.INVALID_SIGNATURE,
    "InstallVerificationFailed": Cause.NOT_VERIFIED,
    "InstallationFailed": Cause.INSTALL_FAILED,
}
INVALID = "InvalidSignature"
FETCHING = frozenset({"DownloadScheduled", "Downloading", "DownloadPaused", "DownloadFailed"})
PATIENT = frozenset({"DownloadScheduled", "DownloadPaused", "InstallScheduled"})
"""It says that it waits."""

ITS_OWN_PACE = {"DownloadPaused": 1800.0}
BEGUN = frozenset({"SignatureVerified", "InstallScheduled", "Installing", "InstallRebooting", "Installed"})
AT_IT = frozenset({"Installing", "InstallRebooting", "Installed"})
HAS_IT = BEGUN | {"Downloaded"}
"""It says that it has the whole file."""
