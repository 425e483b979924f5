"""Faults on demand: one name, one sentence, one small deviation each. Each stands for behaviour seen in the field."""

from collections.abc import Iterable
from dataclasses import dataclass

ALL = ("1.6", "2.0.1", "2.1")
OLD, NEW = ("1.6",), ("2.0.1", "2.1")


@dataclass(frozen=True, slots=True)
class Fault:
    """`versions` the OCPP versions it can show in."""

    name: str
    sentence: str
    versions: tuple[str, ...] = ALL


def _group(versions: tuple[str, ...], text: str) -> Iterable[Fault]:
    for line in text.strip().splitlines():
        name, _, sentence = line.partition(" ")
        yield Fault(name, sentence.strip(), versions)


def _groups(title: str, every: str = "", old: str = "", new: str = "") -> tuple[str, tuple[Fault, ...]]:
    return title, (*_group(ALL, every), *_group(OLD, old), *_group(NEW, new))


GROUPS: tuple[tuple[str, tuple[Fault, ...]], ...] = (
    _groups(
        "Connection",
        """
silent                   After 20 s it says and answers nothing more, but keeps the socket open.
drop                     Drops the connection every 15 s without a closing handshake.
half_open                Dials anew every 30 s and leaves the old connection open.
never_redials            Never dials again once a connection was lost.
slow_redial              Dials again only ten minutes after a connection was lost.
no_pong                  Never answers a WebSocket ping.
no_subprotocol           Offers no WebSocket sub-protocol.
no_connection_header     Leaves the header Connection: Upgrade out.
absolute_uri             Writes the whole address into the request line.
foreign_origin           Sends an Origin header that names its maker's own page.
tcp_probe                Opens and closes a bare TCP connection before each dial.
tls_on_plain             Speaks TLS to a port that does not.
plain_on_tls             Speaks plain HTTP to a port that wants TLS.
reserved_bits            Sends a frame with a reserved bit set, as if it were compressed.
garbage_frames           Sends a frame that is no OCPP between its messages.
monster_frames           Sends a frame nested 5,000 deep and one of a megabyte before it boots.
""",
        new="""
short_probe              Before its first dial it connects for 3 s as ocpp1.6.
wrong_shapes             Sends StatusNotification in the shape of 1.6.
""",
    ),
    _groups(
        "Address and password",
        """
double_slash             Puts two slashes between address and id.
trailing_slash           Puts a slash behind its id.
id_in_query              Tells its id as ?station=ID instead of in the path.
id_as_user               Tells its id only as the user of Basic authentication.
no_id                    Tells no id at all.
encoded_id               Writes every sign of its id percent-encoded.
same_id                  All chargers of one run tell the id of the first.
empty_password           Sends Basic authentication with an empty password.
hex_password             Sends the hex digits of its password instead of the bytes they stand for.
trusts_anybody           Speaks TLS without ever checking who answers.
no_sni                   Names no server in the TLS greeting.
""",
    ),
    _groups(
        "Types and lengths",
        """
object_meter_value       Sends meterValue as an object instead of a list.
leading_blanks           Sends sampled values as text with blanks before the figure.
long_serials             Its serial number has 34 characters.
long_texts               Its model has 32 characters, the text of an error 200.
glued_phases             Glues the phase to the measurand: Current.Import.L1.
unknown_unit             Measures the frequency too, in Hz.
json_in_info             Puts JSON into the text of an error, and a code of 32 digits.
bare_boot                Boots without firmware version and serial number.
long_error_text          Puts the whole request into the text of a CALLERROR.
""",
        old="""
numbers_for_text         Sends sampled values as numbers instead of text, and meterValue as an object.
error_code_error         Sends the errorCode “Error” for every fault and none.
integer_values           Sends configuration values that are figures as numbers.
no_status_timestamp      Sends StatusNotification without a timestamp.
""",
        new="""
variables_without_value  Answers GetVariables with Accepted and no value.
""",
    ),
    _groups(
        "Clock",
        """
clock_1970               Its clock stands at 1970 until BootNotification is answered, again after each restart.
clock_offset             Its clock is 300 s ahead and cannot be set.
local_time               Writes local time (two hours ahead) without a zone.
local_time_as_utc        Writes local time (two hours ahead) and calls it UTC.
""",
    ),
    _groups(
        "Order and speed",
        """
boot_loop                Restarts 20 s after each boot.
early_call_restarts      Restarts when it is called within 2 s of its boot.
no_boot                  Never sends BootNotification.
forgets_settings         Loses every changed setting at a restart.
slow_answers             Takes 8 s for every answer.
answers_after_a_minute   Takes 65 s for every answer.
never_answers            Never answers a call, but sends its own messages.
two_calls                Sends two calls before the first is answered.
unknown_result           Sends an answer to a call nobody made before each of its answers.
calls_before_answers     Sends a Heartbeat and waits for its answer before it answers a call.
duplicate_status         Sends every StatusNotification twice.
trigger_missing          Answers TriggerMessage with NotImplemented.
trigger_refuses_meters   Refuses TriggerMessage for meter values.
trigger_does_nothing     Accepts every TriggerMessage and sends nothing.
remote_refused           Refuses remote start and stop until it is reset.
status_stuck             Its status stays Available, whatever is plugged in.
no_power                 Starts a charge and lets no current flow.
""",
        old="""
duplicate_stop           Sends StopTransaction twice.
triggered_fault          A triggered status says Faulted and NoError.
transaction_zero         Calls every transaction 0 once it has started.
transaction_minus_one    Calls every transaction -1 once it has started.
only_the_stop            The start of a transaction never arrives, only its end.
""",
        new="""
repeated_event           Sends every TransactionEvent twice.
shuffled_events          Sends each second Updated event after the one that follows it.
missing_event            Leaves every fourth Updated event out, so that its seqNo is missing.
no_seqno                 Sends TransactionEvent without seqNo.
only_the_end             The start of a transaction never arrives, only its end.
early_report_silences    Goes silent when a base report is asked for within 5 s of its boot.
""",
    ),
    _groups(
        "Meter values",
        """
meter_silent             MeterValues stop after the third one of each charge.
no_meter_values          Never sends MeterValues.
meter_at_end             Sends meter values only at the end of a charge.
sampling_fixed           Its sampling interval is 0 and read-only.
measurands_restart       Restarts when the list of measurands is written.
total_only               Measures one current without naming a phase.
current_on_n             Measures one current and says it is that of the neutral.
current_on_l1_n          Measures one current, on L1-N.
averaged_voltage         Measures one voltage, divided by three.
kw_as_w                  Sends power in kW and calls it W.
kwh_as_wh                Sends energy in kWh and calls it Wh.
no_units                 Names no unit.
phases_only              Sends energy and power per phase only, no total.
site_currents            Sends the currents of the whole site as its own.
ground_failure           A ground failure opens the contactor 10 s into the charge; Faulted for a minute.
""",
        old="""
forgets_readings         Keeps no meter values while it is offline.
""",
    ),
    _groups(
        "Charging profiles",
        """
ignores_limit            Accepts every charging profile, even shows it, and offers full current anyway.
accepts_and_does_nothing Accepts every charging profile and forgets it.
rejects_profiles         Rejects every charging profile.
profiles_missing         Answers SetChargingProfile with NotImplemented.
level_zero_only          Rejects charging profiles above stackLevel 0.
three_levels_announced   Announces stackLevel 3 and takes 0 only.
amperes_only             Takes profiles in ampere only.
watts_only               Takes profiles in watt only.
no_station_maximum       Rejects the profile for the whole station.
keeps_last_limit         Shows that its live limit will end, and keeps it for ever.
ignores_duration         Never lets a profile end, and shows so.
falls_late               Lets a profile go on for 90 s after its end, and shows that it does not.
falls_to_zero            Offers 0 A instead of its default once a live limit has ended.
ends_charge_at_fallback  Ends the charge when its live limit has ended.
one_profile_only         Holds one charging profile, for each new one replaces it, whatever it is.
loses_profiles           Loses every charging profile at a restart.
drops_while_suspended    Accepts a TxProfile while the charge is suspended and discards it.
ignored_after_pause      After a pause at 0 A it offers full current until the next profile comes.
old_profile              Holds an old profile of 8 A at level 5 from its first day.
zero_is_six              Offers 6 A when the limit is 0.
current_spike            Offers full current for 3 s after each new profile.
current_steps            Offers only 6, 8, 10, 13 or 16 A.
composite_minus_one      Answers GetCompositeSchedule with a limit of -1.
composite_empty          Answers GetCompositeSchedule without periods.
composite_huge           Answers GetCompositeSchedule with a duration beyond 32 bits.
""",
        old="""
rate_unit_letters        Spells the rate units A,W in its key.
""",
        new="""
drops_defaults_offline   Is set to drop its default and its maximum while it is offline.
no_offline_end           Rejects profiles that end by being offline (2.1).
checks_old_schema        Checks SetChargingProfile against the schema of 1.6 and answers FormatViolation.
""",
    ),
    _groups(
        "Firmware and logs",
        """
firmware_missing         Answers UpdateFirmware and GetLog with NotImplemented.
firmware_not_announced   Announces neither firmware management nor what it fetches files by, and updates all the same.
firmware_refuses         Refuses every update (plain 1.6: answers with an error).
firmware_never_fetches   Accepts an update and does nothing.
firmware_fails_once      Its first download breaks off in the middle: DownloadFailed; the next one comes through.
firmware_download_fails  Every download breaks off: DownloadFailed.
firmware_truncates       Takes half of the file for all of it; what it checks afterwards fails.
firmware_drops           In the middle of a download it loses that and its connection, and goes on 12 s later.
firmware_slow            Fetches 20 kB a second.
firmware_fetches_twice   Fetches the whole file twice.
firmware_bad_signature   Finds every signature wrong: InvalidSignature (plain 1.6: InstallationFailed).
firmware_install_fails   Finds the file unfit while it installs: InstallationFailed.
firmware_hangs           Stays in Installing for ever, out of service, until it is reset.
firmware_silent          Fetches the file and tells no status, and nothing comes of it.
firmware_no_status       Fetches, installs and restarts without telling a status.
firmware_late            Tells each status of an update three minutes late.
firmware_early_reboot    Restarts with the new version 20 s before it tells Installed.
firmware_twice           Says Installed twice, and its version stays.
firmware_same_version    Says Installed, restarts, and has the old version.
firmware_no_version      Boots without a version after an update.
firmware_other_serial    Has another serial number after an update.
firmware_loses_settings  Has its settings as delivered after an update.
firmware_never_back      Restarts for an update and never dials again.
firmware_bricked_connectors Its connectors stay Unavailable after an update, whatever it is told.
unavailable_afterwards   Its connectors stay Unavailable after a failed update, until they are made available.
ftp_active               Speaks FTP in active mode: the server has to connect to it.
upload_flood             Sends Uploading twenty times.
upload_silent            Does not tell that an upload failed.
upload_fails             Breaks off every upload in the middle.
upload_nothing           Has no log, and says so by leaving the file's name out.
upload_big               Sends a log of 50 MB without telling its size first.
upload_twice             Sends every log twice.
upload_posts             Posts the bare file instead of putting it or filling in a form.
upload_ftp_only          Sends logs by FTP only, whatever it announces.
""",
    ),
    _groups(
        "Device model",
        new="""
no_evse_in_inventory     Its reports have no EVSE and no connector.
status_evse_zero         Sends a StatusNotification for EVSE 0, connector 0.
report_refused           Rejects every base report.
report_unfinished        Its reports never come to an end.
report_shuffled          Sends the parts of a report out of order.
report_gap               Leaves a part of each report out.
no_mutability            Leaves mutability out of its reports.
started_without_meter    Sends TransactionEvent Started without a meter value.
""",
    ),
)
BY_NAME: dict[str, Fault] = {fault.name: fault for _, faults in GROUPS for fault in faults}
FAULTS: dict[str, str] = {name: fault.sentence for name, fault in BY_NAME.items()}
"""Everything `--fault` knows, with what it does."""


def check_fault(name: str | None, version: str | None = None) -> str | None:
    """The name itself, or None; raises ValueError with the list of names, or when `version` cannot show it."""
    if name is None:
        return None
    if name not in BY_NAME:
        raise ValueError(f"There is no fault “{name}”. Known: {', '.join(sorted(FAULTS))}.")
    versions = BY_NAME[name].versions
    if version is not None and version not in versions:
        raise ValueError(f"The fault “{name}” shows in OCPP {' and '.join(versions)} only, not in {version}.")
    return name


def fault_lines() -> list[str]:
    """One line per fault, for people, under the headings of the groups."""
    width = max(map(len, FAULTS))
    lines: list[str] = []
    for title, faults in GROUPS:
        lines.append(title if not lines else f"\n{title}")
        for fault in faults:
            only = "" if fault.versions == ALL else f" ({' and '.join(fault.versions)})"
            lines.append(f"  {fault.name:{width}}  {fault.sentence}{only}")
    return lines


def fault_tables() -> str:
    """The same as Markdown tables, for the documentation."""
    parts = []
    for title, faults in GROUPS:
        rows = [
            f"| `{f.name}` | {f.sentence} | {'all' if f.versions == ALL else ', '.join(f.versions)} |" for f in faults
        ]
        parts.append(f"### {title}\n\n| fault | what the charger does | OCPP |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"
