"""What real chargers did, row by row: where it was seen, and the tests that hold evdesk to living with it.

A thread says what its author saw; it is no measurement of ours. "Seen in X": with that public stack, without a thread.
`tests`: "folder/test_file::test_name", with a part of the test's id after a colon where one case is meant. `todo`: what is
not there yet. tests/test_quirks_covered.py holds this table true; docs/quirks.md is made from it (docs/make_quirks.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirk:
    area: str
    seen: str
    does: str
    sources: tuple[str, ...]
    tests: tuple[str, ...] = ()
    todo: str = ""


FIRMWARE = "Firmware and diagnostics"
HANDSHAKE, IDENTITY, SECURITY, TYPES, CLOCK, ORDER, METER, PROFILES, OFFLINE, MODEL, GARBAGE = (
    "Handshake and sub-protocol",
    "Address and identity",
    "Authentication and TLS",
    "Types, enumerations, lengths",
    "Clock",
    "Order, duplicates, speed",
    "Meter values, units, phases",
    "Charging profiles",
    "Offline queue",
    "Device model of 2.x",
    "Garbage",
)
HS, LI, PA, TL, ST, S2 = (
    f"drivers/test_{name}::" for name in ("handshake", "listener", "pace", "tls", "station", "station2")
)
FR, ME, V6, V2, EX, TI, PR, DM, QU = (
    f"ocpp/test_{name}::"
    for name in ("frame", "meter", "v16", "v201", "exchange", "timestamps", "profiles", "device_model", "quirks")
)
EN, SE, DO, FZ = "engine/test_engine::", "engine/test_security::", "engine/test_doubts::", "fuzz/test_frames::"

QUIRKS = (
    # -- garbage
    Quirk(
        GARBAGE,
        "Not JSON, no list, unknown message type, byte order mark, NUL, missing payload",
        "Stays connected; answers an error wherever an id can be read; names the rule",
        ("Seen in common servers that do not survive it",),
        (
            FR + "test_repaired",
            FR + "test_garbage_says_what_is_wrong_and_answers_where_it_can",
            V6 + "test_garbage_is_logged_and_the_connection_goes_on",
            FZ + "test_mutated_frames",
        ),
    ),
    Quirk(
        GARBAGE,
        "Several frames glued into one message",
        "Takes them apart, answers and logs each alone",
        ("Seen in MicroOcpp 1.2.0",),
        (V6 + "test_glued_frames_are_all_answered", FZ + "test_each_of_several_glued_frames_is_logged_alone"),
    ),
    Quirk(
        GARBAGE,
        "Nesting 5,000 deep, messages of a mebibyte",
        "Refuses with a reason, in bounded time and memory",
        ("Seen to break common servers",),
        (
            FR + "test_absurd_nesting_is_refused_before_parsing",
            FR + "test_endless_message_is_refused",
            FZ + "test_a_long_frame_takes_its_time_and_no_more",
            LI + "test_messages_beyond_the_limit_close_with_1009",
        ),
    ),
    # -- handshake
    Quirk(
        HANDSHAKE,
        "No or an empty Sec-WebSocket-Protocol",
        "Accepts; the first message's shape tells the version",
        (
            "dallmann-consulting/OCPP.Core #43",
            "steve-community/steve #1109",
            "steve-community/steve #135",
            "sap-labs-france/ev-server #2761",
            "lbbrhzn/ocpp #442",
        ),
        (LI + "test_without_a_sub_protocol_the_first_message_tells_the_version", HS + "test_choose_protocol"),
    ),
    Quirk(
        HANDSHAKE,
        "“Connection: Upgrade” missing (Autel MaxiCharger US)",
        "Adds it and flags it",
        ("lbbrhzn/ocpp PR #1933", "lbbrhzn/ocpp PR #1984"),
        (
            HS + "test_repair:Autel MaxiCharger, lbbrhzn/ocpp PR #1933",
            LI + "test_mended_openings_are_accepted_and_flagged:no Connection",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "Empty TCP probe, TLS hello on a plain port, other bytes that are no HTTP",
        "Names the first bytes; no charger's failure",
        ("ocpp-balanz/ocpp-2w-proxy #5", "lbbrhzn/ocpp #1099", "lbbrhzn/ocpp #2"),
        (
            LI + "test_strangers_are_named_and_cut:TLS hello, lbbrhzn/ocpp #1099",
            LI + "test_an_empty_probe_is_told_as_such",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "Absolute URI in the request line",
        "Reads it",
        ("matth-x/MicroOcpp #278",),
        (
            HS + "test_identify:absolute URI, matth-x/MicroOcpp #278",
            LI + "test_mended_openings_are_accepted_and_flagged:absolute URI",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "Foreign Origin header",
        "Never refuses it on the charger port",
        ("lbbrhzn/ocpp #442",),
        (LI + "test_mended_openings_are_accepted_and_flagged:foreign Origin, lbbrhzn/ocpp #442",),
    ),
    Quirk(
        HANDSHAKE,
        "Frames compressed without negotiation, reserved bits set",
        "Closes with the rule named; negotiates permessage-deflate where it is offered",
        (
            "dallmann-consulting/OCPP.Core #45",
            "lorenzodonini/ocpp-go #358",
            "ChargeTimeEU/Java-OCA-OCPP #413",
            "citrineos/citrineos-core PR #1094",
        ),
        (
            LI + "test_unmasked_and_reserved_frames_end_the_connection_with_the_rule_named",
            LI + "test_compression_is_used_when_offered",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "A short ocpp1.6 probe, then ocpp2.0.1 with the same id (FoxESS)",
        "The protocol belongs to the connection",
        ("lbbrhzn/ocpp #2008", "lbbrhzn/ocpp PR #2012"),
        ("drivers/test_quirks::test_a_probe_in_one_version_does_not_bind_the_next_connection",),
    ),
    Quirk(
        HANDSHAKE,
        "One version's messages under another's sub-protocol",
        "Knows the shape, flags it, advises the other version",
        ("lbbrhzn/ocpp #2050", "lbbrhzn/ocpp PR #2073"),
        (V2 + "test_status_in_the_shape_of_1_6", V6 + "test_2x_shaped_status_is_recognised"),
    ),
    Quirk(
        HANDSHAKE,
        "Cannot answer a WebSocket ping (EN+ AC7000)",
        "Pings can be switched off per charger; any message is life",
        ("lbbrhzn/ocpp #211", "lbbrhzn/ocpp PR #140"),
        (LI + "test_a_charger_that_cannot_be_pinged_is_left_alone",),
    ),
    Quirk(
        HANDSHAKE,
        "After a pong timeout the client never reconnects (EVerest)",
        "Waits long before it gives a silent charger up",
        ("EVerest/EVerest #1808",),
        (
            LI + "test_a_silent_peer_is_pinged_and_finally_cut",
            "drivers/test_quirks::test_silence_is_borne_for_two_minutes",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "Redials only after 6 to 19 minutes (FoxESS)",
        "Ports are opened and shut without touching who is connected; “Expected back by” goes by how long it was away "
        "before",
        ("lbbrhzn/ocpp PR #2073",),
        (
            TL + "test_shutting_a_port_leaves_its_chargers_connected",
            DO + "test_when_a_silent_charger_is_expected_back",
            "gui/test_site_page::test_a_silent_charger_says_when_it_is_expected_back",
        ),
    ),
    Quirk(
        HANDSHAKE,
        "The old half-open connection is still there when the new one comes",
        "The newest wins; calls that waited end in words",
        (
            "lorenzodonini/ocpp-go #314",
            "lorenzodonini/ocpp-go #358",
            "steve-community/steve #357",
            "lbbrhzn/ocpp PR #336",
            "mobilityhouse/ocpp #79",
        ),
        (LI + "test_the_newest_connection_wins_and_pending_calls_fail",),
    ),
    # -- identity
    Quirk(
        IDENTITY,
        "Unclear whether the address must hold the id",
        "Any path will do; its last part is the id",
        ("lorenzodonini/ocpp-go #115", "mobilityhouse/ocpp #653", "evcc-io/evcc PR #29169"),
        (HS + "test_identify:long path",),
    ),
    Quirk(
        IDENTITY,
        "Trailing slash demanded, slash missing, double slash",
        "Slashes too many do not count",
        ("netzero-labs/netzero #64", "EVerest/libocpp PR #801", "evcc-io/evcc PR #10195"),
        (
            HS + "test_identify:trailing slash, netzero-labs/netzero #64",
            HS + "test_identify:double slash, EVerest/libocpp PR #801",
        ),
    ),
    Quirk(
        IDENTITY,
        "The id percent-encoded, or with unusual signs",
        "Decodes once; every printable sign is allowed",
        ("c-jimenez/open-ocpp PR #198", "ocpp-balanz/ocpp-2w-proxy #4", "ocpp-balanz/ocpp-2w-proxy PR #6"),
        (
            HS + "test_identify:percent-encoded, c-jimenez/open-ocpp PR #198",
            HS + "test_identify:signs, ocpp-balanz/ocpp-2w-proxy #4",
        ),
    ),
    Quirk(
        IDENTITY,
        "No id in the path, only as Basic user, or nowhere",
        "Takes the Basic user; one without any id waits unanswered until its BootNotification tells a serial, which "
        "becomes its id",
        ("evcc-io/evcc PR #3875", "evcc-io/evcc PR #4512", "lbbrhzn/ocpp #442", "lbbrhzn/ocpp #899"),
        (
            HS + "test_identify:Basic user, evcc-io/evcc PR #3875",
            LI + "test_refused_openings_say_what_to_do",
            LI + "test_a_charger_without_an_id_is_named_by_its_serial_number",
            LI + "test_a_charger_that_never_tells_who_it_is_is_told_so",
        ),
    ),
    Quirk(
        IDENTITY,
        "Free path and query",
        "The query can name the id",
        ("lbbrhzn/ocpp #1652",),
        (HS + "test_identify:query, lbbrhzn/ocpp #1652",),
    ),
    Quirk(
        IDENTITY,
        "Two chargers share one id",
        "Tells both addresses; does not merge them",
        ("netzero-labs/netzero #127",),
        (
            LI + "test_two_chargers_with_one_id_are_told",
            PA + "test_an_id_that_connects_without_end_is_kept_out_and_the_connection_there_stays",
        ),
    ),
    # -- security
    Quirk(
        SECURITY,
        "AuthorizationKey as hex text where its bytes belong, or the reverse",
        "Takes every form, says which matched",
        (
            "shiv3/ocpp-cp-simulator #260",
            "shiv3/ocpp-cp-simulator PR #264",
            "steve-community/steve #1895",
            "steve-community/steve PR #1899",
            "evbox/station-simulator #41",
            "EVerest/libocpp #826",
        ),
        (TL + "test_every_form_of_the_right_password_gets_in",),
    ),
    Quirk(
        SECURITY,
        "The password is binary, no UTF-8",
        "Bytes after the first colon",
        ("ChargeTimeEU/Java-OCA-OCPP PR #143", "ChargeTimeEU/Java-OCA-OCPP PR #163"),
        (TL + "test_every_form_of_the_right_password_gets_in", HS + "test_basic_user"),
    ),
    Quirk(
        SECURITY,
        "Basic header with an empty password (Grizzl-E)",
        "Counts as no log-in, flagged",
        ("lbbrhzn/ocpp #899",),
        (
            HS + "test_identify:empty password, lbbrhzn/ocpp #899",
            TL + "test_wrong_passwords_name_the_cause_but_not_to_the_stranger:empty",
        ),
    ),
    Quirk(
        SECURITY,
        "A key that is too short is refused without explanation",
        "Checks before it is sent, and says why",
        ("ChargeTimeEU/Java-OCA-OCPP #240",),
        (ST + "test_secrets_are_written_and_never_read_or_told",),
    ),
    Quirk(
        SECURITY,
        "The maker's page demands a key, or hides where to type it",
        "The Connect page has a card for each maker",
        ("OpenEVSE/openevse_esp32_firmware #653", "argonne-vci/node-red-contrib-ocpp #94"),
        ("gui/test_connect::test_every_maker_file_is_whole_and_names_its_sources",),
    ),
    Quirk(
        SECURITY,
        "Built-in or expired roots, private CA not loadable, SNI missing",
        "Shows alert and ciphers; exports its root in every form",
        (
            "lbbrhzn/ocpp #1599",
            "dingo35/SmartEVSE-3.5 #363",
            "OpenEVSE/openevse_esp32_firmware PR #1011",
            "EVerest/everest-demo #25",
            "mikuso/ocpp-rpc #34",
        ),
        (TL + "test_a_charger_that_does_not_know_our_root", TL + "test_no_common_cipher_names_what_was_offered"),
    ),
    Quirk(
        SECURITY,
        "A profile 3 certificate accepted for any id",
        "Binds it to id or serial number",
        ("citrineos/citrineos-core PR #1098",),
        (
            TL + "test_a_certificate_is_bound_to_the_charger",
            SE + "test_a_charger_that_boots_with_another_serial_than_its_certificate_is_closed",
        ),
    ),
    Quirk(
        SECURITY,
        "A stack “with TLS” that never checks the CA",
        "Does not take profile 2 for proved because it connected; tests it with a certificate of a root that nobody knows",
        ("Seen in the MicroOcpp simulator", "Seen in Solidstudio VCP"),
        (
            "engine/test_ca_test::test_who_looks_and_who_does_not_are_told_apart",
            "engine/test_ca_test::test_nobody_else_is_met_as_a_stranger",
        ),
    ),
    # -- types
    Quirk(
        TYPES,
        "meterValue is an object (Huawei)",
        "Reads it as a list of one",
        ("lbbrhzn/ocpp #1144",),
        (ME + "test_object_instead_of_lists_huawei",),
    ),
    Quirk(
        TYPES,
        "A sampled value that is a number, or has a leading blank",
        "Reads it",
        ("lbbrhzn/ocpp #210", "evcc-io/evcc PR #16523"),
        (ME + "test_values:number, lbbrhzn/ocpp #210", ME + "test_values:leading blank, evcc-io/evcc PR #16523"),
    ),
    Quirk(
        TYPES,
        "errorCode outside the list (Legrand)",
        "Keeps the text; counts as OtherError",
        ("lbbrhzn/ocpp #1248",),
        (V6 + "test_status:errorCode outside the enum, lbbrhzn/ocpp #1248",),
    ),
    Quirk(
        TYPES,
        "Serial numbers of 26 and 34 characters, models beyond 20, info beyond 50",
        "No limit on what comes in",
        (
            "lbbrhzn/ocpp #1155",
            "lbbrhzn/ocpp #1622",
            "lbbrhzn/ocpp #213",
            "mobilityhouse/ocpp #122",
            "mobilityhouse/ocpp #128",
            "mobilityhouse/ocpp #273",
            "steve-community/steve #1259",
            "lbbrhzn/ocpp #361",
            "lbbrhzn/ocpp #987",
            "mobilityhouse/ocpp #353",
        ),
        (
            V6 + "test_boot_is_answered_whatever_it_lacks:serial of 34 characters, lbbrhzn/ocpp #1155",
            QU + "test_lengths_have_no_limit_on_the_way_in",
        ),
    ),
    Quirk(
        TYPES,
        "A whole number as configuration value, an unknown unit (Hz)",
        "Converts, flags",
        ("lbbrhzn/ocpp #1499", "lbbrhzn/ocpp #1576", "lorenzodonini/ocpp-go #359", "mobilityhouse/ocpp #377"),
        (ST + "test_sloppy_settings_are_read", ME + "test_values:odd unit, lbbrhzn/ocpp #1499"),
    ),
    Quirk(
        TYPES,
        "Phases glued to the measurand (Alfen, Wallbox)",
        "Takes them apart",
        ("lbbrhzn/ocpp #19", "lbbrhzn/ocpp #821"),
        (ME + "test_currents:glued phase, lbbrhzn/ocpp #19",),
    ),
    Quirk(
        TYPES,
        "JSON inside info; a vendorErrorCode of 32 digits",
        "Shows both as they came",
        ("lbbrhzn/ocpp #211",),
        (QU + "test_json_in_info_and_endless_vendor_codes_are_shown_as_they_came",),
    ),
    Quirk(
        TYPES,
        "Boot without firmware and serial; status without time",
        "All of them are optional",
        ("Seen in MicroOcpp 1.2.0", "Seen in the SAP simulator"),
        (V2 + "test_boot_without_serial_and_firmware", QU + "test_boot_without_firmware_and_status_without_time"),
    ),
    Quirk(
        TYPES,
        "errorDescription of a whole request",
        "Cut for display, kept in the log",
        ("Seen in the SAP simulator",),
        (QU + "test_an_endless_error_description_is_cut_and_kept_in_the_log",),
    ),
    Quirk(
        TYPES,
        "GetVariables Accepted without a value",
        "Unknown, not empty",
        ("Seen in Solidstudio VCP",),
        (S2 + "test_accepted_without_a_value_is_no_value",),
    ),
    # -- clock
    Quirk(
        CLOCK,
        "Local time without zone (Growatt THOR)",
        "Reads it by the offset measured; never refuses",
        ("evcc-io/evcc #10399",),
        (V6 + "test_status:time without zone, evcc-io/evcc #10399",),
    ),
    Quirk(
        CLOCK,
        "Local time marked Z",
        "Measures the offset with every message and corrects by it",
        ("openWB/core PR #2272", "steve-community/steve #136"),
        (
            V6 + "test_local_time_marked_utc_is_corrected_by_the_measured_offset",
            TI + "test_place:local time marked Z, openWB/core PR #2272",
        ),
    ),
    Quirk(
        CLOCK,
        "1970 before the first boot answer, or after an update (KEBA 3.10.74)",
        "The time of arrival counts",
        ("matth-x/MicroOcpp PR #354", "matth-x/MicroOcpp #24", "iobroker-community-adapters/ioBroker.kecontact #537"),
        (V6 + "test_unset_clock_means_now",),
    ),
    Quirk(
        CLOCK,
        "A wrong clock makes TLS and validTo fail",
        "Says so with both times, and measures before it sends limits",
        ("Vendor support notes (EVlink)",),
        (
            TL + "test_the_clock_measured_before_explains_a_refusal",
            ST + "test_the_schedule_starts_by_the_chargers_own_clock",
        ),
    ),
    # -- order
    Quirk(
        ORDER,
        "A CALL before the boot is done loops the unit (Wallbox)",
        "Waits for the boot, another message, or 30 s",
        ("lbbrhzn/ocpp #1503", "lbbrhzn/ocpp #1510"),
        (ST + "test_nothing_is_sent_before_the_boot_is_answered",),
    ),
    Quirk(
        ORDER,
        "No boot after a plain reconnect",
        "Needs none",
        ("evcc-io/evcc PR #27309", "evcc-io/evcc #25069", "ConnectorIO/connectorio-addons PR #122"),
        (ST + "test_without_a_boot_a_quiet_moment_after_another_message_is_enough",),
    ),
    Quirk(
        ORDER,
        "2.0.1: an inventory asked 2 s after the boot kills the dialogue (EVBox Livo)",
        "Does not read the inventory by itself",
        ("lbbrhzn/ocpp #1432",),
        (
            "drivers/test_quirks::test_no_inventory_is_asked_by_itself_after_the_boot",
            "engine/test_engine_2x::test_the_set_up_asks_for_no_inventory",
        ),
    ),
    Quirk(
        ORDER,
        "Settings lost on reboot or update",
        "Set-up runs again after each boot",
        ("evcc-io/evcc #15671", "lbbrhzn/ocpp #1755", "sap-labs-france/ev-server #1271"),
        ("engine/test_quirks::test_a_charger_that_forgot_its_profiles_is_set_up_again_after_its_boot",),
    ),
    Quirk(
        ORDER,
        "Answers after 8 s (Wallbox), after 60 s (Mennekes)",
        "One CALL at a time, 60 s for each, late answers are matched",
        ("evcc-io/evcc #22087", "evcc-io/evcc #26837"),
        (ST + "test_a_late_answer_does_not_disturb_the_next_call", EX + "test_late_answer_is_matched_and_told"),
    ),
    Quirk(
        ORDER,
        "Two CALLs in flight; answers without a known id or out of order",
        "Takes any order, sends one at a time",
        ("mikuso/ocpp-rpc #37", "lbbrhzn/ocpp #1573", "Seen in Solidstudio VCP"),
        (EX + "test_one_call_is_open_at_a_time", EX + "test_unknown_ids_are_ignored_with_a_finding"),
    ),
    Quirk(
        ORDER,
        "Sends CALLs before it answers ours",
        "Reads on while a CALL is open",
        ("Seen in the SAP simulator",),
        (V6 + "test_calls_of_the_charger_are_answered_while_ours_is_open",),
    ),
    Quirk(
        ORDER,
        "StopTransaction twice, the same status twice",
        "Counted once; both are in the log",
        ("EVerest/libocpp #907", "EVerest/libocpp PR #906", "Seen in the SAP simulator"),
        (EN + "test_duplicate_start_and_stop_count_once", V6 + "test_repeated_status_is_answered_again_and_told_once"),
    ),
    Quirk(
        ORDER,
        "TriggerMessage not implemented, rejected, or always accepted",
        "What does not work is no capability any more",
        (
            "mobilityhouse/ocpp #241",
            "mobilityhouse/ocpp #640",
            "goecharger/go-eCharger-API-v2 #134",
            "evcc-io/evcc #15022",
            "lbbrhzn/ocpp #1524",
            "EVerest/libocpp #563",
        ),
        (ST + "test_what_is_not_implemented_is_no_capability_any_more",),
    ),
    Quirk(
        ORDER,
        "A triggered status says Faulted and NoError",
        "The last real error stays",
        ("matth-x/MicroOcpp #136",),
        (V6 + "test_triggered_status_without_error_keeps_the_last_real_one",),
    ),
    Quirk(
        ORDER,
        "RemoteStart or RemoteStop rejected after an update until a reset",
        "Asks once more, then says the refusal and names the soft reset as the next step; never resets by itself",
        ("evcc-io/evcc #14056",),
        (
            ST + "test_refusals_have_a_reason_and_a_sentence",
            DO + "test_a_refused_start_is_tried_once_more_and_the_restart_is_named",
            DO + "test_a_refused_stop_is_tried_once_more",
        ),
    ),
    Quirk(
        ORDER,
        "RemoteStart minutes after RemoteStop: accepted, no power, then gone (FoxESS)",
        "Watches for a charge and a current after each accepted start and tells when there is none; the pause that was too "
        "short is learnt for the model, and a start before its end is refused with the seconds left",
        ("lbbrhzn/ocpp PR #2073",),
        (
            DO + "test_an_accepted_start_that_leads_to_nothing_is_told",
            DO + "test_a_charge_that_begins_and_draws_nothing_is_told",
            DO + "test_the_pause_between_stop_and_start_is_learnt_and_kept",
        ),
    ),
    Quirk(
        ORDER,
        "Status stuck, or Available with the cable in",
        "A current counts whatever the status says; a contradiction that lasts is put to the charger and then marked",
        ("lbbrhzn/ocpp #2138", "lbbrhzn/ocpp PR #2073"),
        (
            EN + "test_a_car_is_not_forgotten",
            DO + "test_current_where_none_can_flow_makes_the_status_doubtful",
            DO + "test_a_charge_without_current_is_doubtful_only_where_it_may_draw",
            "gui/test_site_page::test_a_doubtful_status_is_marked_with_its_reason",
        ),
    ),
    # -- meter values
    Quirk(
        METER,
        "One unsupported measurand rejects the whole list (Phoenix CHARX)",
        "Measurands are tried one by one on request",
        (
            "ConnectorIO/connectorio-addons PR #147",
            "lbbrhzn/ocpp #878",
            "lbbrhzn/ocpp #952",
            "EVerest/libocpp #485",
            "evcc-io/evcc #15768",
        ),
        ("engine/test_abilities::test_trying_asks_and_measurands_are_put_back",),
    ),
    Quirk(
        METER,
        "Setting measurands starts a boot loop (ABB Terra AC)",
        "Known models are left as they are",
        ("lbbrhzn/ocpp #1275", "lbbrhzn/ocpp #880", "lbbrhzn/ocpp #1590"),
        ("engine/test_abilities::test_a_model_that_boots_on_questions_is_asked_less",),
    ),
    Quirk(
        METER,
        "Current on N or L1-N only, or one current for three phases (Injet, Enercab)",
        "Counts phases by value; never spreads blindly",
        ("lbbrhzn/ocpp #1311", "evcc-io/evcc PR #16523", "evcc-io/evcc #16966"),
        (
            ME + "test_currents:N only, lbbrhzn/ocpp #1311",
            ME + "test_currents:L1-N, evcc-io/evcc PR #16523",
            ME + "test_currents:only one voltage is there, evcc-io/evcc #16966",
        ),
    ),
    Quirk(
        METER,
        "One phase averaged over three (76.6 V)",
        "Averages over phases that are there",
        ("lbbrhzn/ocpp #169",),
        (ME + "test_single_phase_voltage_is_not_averaged_over_three",),
    ),
    Quirk(
        METER,
        "kW for W, kWh for Wh, no unit",
        "Unit of the message, else the standard's; checked by P = sum(U x I)",
        ("evcc-io/evcc #19420", "evcc-io/evcc #15383", "lbbrhzn/ocpp PR #1925"),
        (
            ME + "test_values:kWh, evcc-io/evcc #15383",
            ME + "test_power_that_does_not_fit_current_and_voltage_is_repaired",
        ),
    ),
    Quirk(
        METER,
        "No total, only phases; some of them absent",
        "Adds up what is there and marks it partial",
        ("lbbrhzn/ocpp #2117", "evcc-io/evcc #19351", "evcc-io/evcc #16966"),
        (
            ME + "test_values:per-phase energy only, lbbrhzn/ocpp #2117",
            ME + "test_sums_and_derived_values_are_marked_partial",
        ),
    ),
    Quirk(
        METER,
        "No values before the charge ends, or none at all",
        "Counts the worst meanwhile",
        ("goecharger/go-eCharger-API-v2 #105", "evcc-io/evcc #14997", "evcc-io/evcc #15726", "evcc-io/evcc #18215"),
        (
            "engine/test_measured::test_energy_alone_does_not_keep_an_old_current_alive",
            "simulator/test_station::test_missing_meter_values",
        ),
    ),
    Quirk(
        METER,
        "The site's currents told as the charger's (V2C)",
        "Nothing yet",
        ("evcc-io/evcc #33154",),
        (),
        "The step test, whether the current follows a limit, belongs to commissioning.",
    ),
    Quirk(
        METER,
        "The sampling setting is read-only or 0",
        "Shown; not tried without end",
        ("evcc-io/evcc #6774",),
        (ST + "test_writing_refused",),
    ),
    # -- profiles
    Quirk(
        PROFILES,
        "A rejected where only W is allowed, or the reverse",
        "Asks for the allowed unit first",
        ("Seen in MicroOcpp 1.2.0",),
        (ST + "test_watts_where_only_watts_are_allowed", S2 + "test_watts_only", PR + "test_rate_unit"),
    ),
    Quirk(
        PROFILES,
        "ChargePointMaxProfile unsupported (EVBox Elvi) or off by a local setting (Schneider)",
        "Falls back to TxDefaultProfile",
        ("lbbrhzn/ocpp #221", "lbbrhzn/ocpp PR #312", "lbbrhzn/ocpp #877"),
        (ST + "test_failsafe:Elvi, lbbrhzn/ocpp #221",),
    ),
    Quirk(
        PROFILES,
        "A stack level within the announced maximum rejected (ABB)",
        "Tries lower and remembers",
        ("lbbrhzn/ocpp #1737", "mobilityhouse/ocpp #372"),
        (ST + "test_limits_try_what_the_charger_takes_and_remember_it:says 3, takes 0, lbbrhzn/ocpp #1737",),
    ),
    Quirk(
        PROFILES,
        "Accepted, no effect",
        "Counts what is measured, not what was accepted",
        (
            "goecharger/go-eCharger-API-v2 #105",
            "goecharger/go-eCharger-API-v2 #249",
            "lbbrhzn/ocpp #1545",
            "EVerest/libocpp #811",
        ),
        (
            "balance/test_closed_loop::test_a_car_that_ignores_its_limit_is_counted_at_what_it_draws",
            "simulator/test_station::test_limits_that_do_not_work",
        ),
    ),
    Quirk(
        PROFILES,
        "Limit ignored after 0 A (go-e); TxProfile dropped while suspended (Delta)",
        "Limits are sent again when a paused charge goes on, and before they end",
        (
            "goecharger/go-eCharger-API-v2 #155",
            "JoaoPedroBelo/bmw-wallbox-ha #19",
            "JoaoPedroBelo/bmw-wallbox-ha PR #20",
            "mikuso/ocpp-rpc #81",
        ),
        (
            "engine/test_expiry::test_a_paused_charge_that_goes_on_gets_its_limit_again",
            PR + "test_live_limit_expires_by_itself_and_starts_a_little_early",
        ),
    ),
    Quirk(
        PROFILES,
        "An old profile of a higher level caps the unit",
        "Every profile is read and shown, whoever put it there",
        ("lbbrhzn/ocpp #2148",),
        (S2 + "test_every_profile_is_told_whoever_put_it_there",),
    ),
    Quirk(
        PROFILES,
        "0 A does not stop, or the unit starts by itself",
        "A car that goes on counts at what it draws; a limit of 0 A and a stop are both offered",
        ("lbbrhzn/ocpp #1245", "evcc-io/evcc #14804"),
        (
            "balance/test_closed_loop::test_a_car_that_ignores_its_limit_is_counted_at_what_it_draws",
            "simulator/test_station::test_limits_that_do_not_work",
        ),
    ),
    Quirk(
        PROFILES,
        "A spike after a new profile",
        "The unconfirmed reduction holds the others back",
        ("lbbrhzn/ocpp #2152",),
        ("balance/test_parts::test_unconfirmed_reduction_holds_back_others_and_counts_after_ten_seconds",),
    ),
    Quirk(
        PROFILES,
        "Only steps of 6/8/10/13/16 A (NEcharge)",
        "What a car does not draw goes to the others",
        ("evcc-io/evcc PR #31631",),
        ("balance/test_closed_loop::test_what_a_car_does_not_draw_goes_to_the_others_and_comes_back",),
    ),
    Quirk(
        PROFILES,
        "A 2.0.1 request checked against the 1.6 schema, always refused (FoxESS)",
        "The other version's shape is named",
        ("lbbrhzn/ocpp #2050",),
        (QU + "test_a_refusal_by_schema_of_the_other_version_is_told",),
    ),
    Quirk(
        PROFILES,
        "Composite schedule with limit -1, numberPhases -1, no periods, endless duration",
        "All of that is no limit",
        ("Seen in MicroOcpp 1.2.0", "Seen in the SAP simulator"),
        (PR + "test_composite", PR + "test_unreadable_composite"),
    ),
    Quirk(
        PROFILES,
        "Each profile is written to flash",
        "Sent again once a minute at most, never as ChargePointMaxProfile",
        (
            "EVerest/libocpp #543",
            "flashg1/SolarCharger #1",
            "evcc-io/evcc #21968",
            "syssi/homeassistant-goecharger-mqtt #157",
        ),
        (
            PR + "test_without_a_transaction_it_is_a_default_profile",
            ST + "test_a_silent_charger_is_not_tried_again_and_again",
        ),
    ),
    Quirk(
        PROFILES,
        "The last limit kept for ever when the server is gone",
        "Limits end by themselves; a default lies below",
        ("lbbrhzn/ocpp #492", "EVerest/libocpp #781"),
        (
            PR + "test_live_limit_expires_by_itself_and_starts_a_little_early",
            PR + "test_static_profiles_have_no_end_and_do_not_replace_each_other",
        ),
    ),
    # -- offline
    Quirk(
        OFFLINE,
        "transactionId -1 or 0 after a charge that began offline",
        "Accepts, links by connector, flags",
        ("EVerest/libocpp #495", "c-jimenez/open-ocpp #24"),
        (V6 + "test_offline_transaction_ids_are_unknown", V6 + "test_stop_of_a_charge_that_started_offline"),
    ),
    Quirk(
        OFFLINE,
        "Only the stop arrives",
        "Kept as incomplete; its energy is not lost",
        ("matth-x/MicroOcpp #454",),
        (QU + "test_a_stop_without_its_start_keeps_the_energy",),
    ),
    Quirk(
        OFFLINE,
        "The link is lost while a car charges",
        "Late messages complete the charge",
        ("mikuso/ocpp-rpc #29",),
        (
            "simulator/test_station::test_offline_charge_is_queued_and_replayed_in_order",
            V6 + "test_queued_values_are_history_only_and_leave_the_clock_alone",
        ),
    ),
    # -- device model
    Quirk(
        MODEL,
        "An inventory without EVSE and connector (FoxESS)",
        "Takes the usual variables, and the places as statuses tell them",
        ("lbbrhzn/ocpp PR #2023", "lbbrhzn/ocpp #1858"),
        (S2 + "test_without_an_inventory_the_usual_variables_are_asked", V2 + "test_status"),
    ),
    Quirk(
        MODEL,
        "A status for EVSE 0, connector 0",
        "The station's own status",
        ("lbbrhzn/ocpp PR #2020", "mobilityhouse/ocpp #532"),
        (V2 + "test_status_of_evse_zero_is_the_stations",),
    ),
    Quirk(
        MODEL,
        "GetBaseReport refused, never finished, parts shuffled or missing",
        "Waits with a limit, checks seqNo, marks what is partial",
        (
            "lbbrhzn/ocpp PR #2023",
            "lbbrhzn/ocpp PR #2024",
            "SAP/e-mobility-charging-stations-simulator #948",
            "SAP/e-mobility-charging-stations-simulator #2011",
        ),
        (
            S2 + "test_an_inventory_with_a_missing_part_is_told_as_such",
            DM + "test_parts_in_any_order_and_twice",
            DM + "test_a_missing_part_is_named",
        ),
    ),
    Quirk(
        MODEL,
        "A required variable unknown; mutability absent",
        "Unknown is an answer; absent means read and write",
        ("Seen in MicroOcpp 1.2.0",),
        (DM + "test_missing_mutability_means_read_and_write",),
    ),
    Quirk(
        MODEL,
        "TransactionEvent Started without meter value",
        "The start value is unknown, not 0",
        ("Seen in MicroOcpp 1.2.0",),
        (V2 + "test_started_without_meter_value_has_no_start_value",),
    ),
    Quirk(
        MODEL,
        "SetChargingProfile, UpdateFirmware, GetLog not implemented",
        "Capabilities go by what was tried",
        ("SAP/e-mobility-charging-stations-simulator #2011",),
        (S2 + "test_what_the_charger_does_not_know_goes_from_its_capabilities",),
    ),
    Quirk(
        FIRMWARE,
        "Firmware states left out, or told twice, late or never",
        "Takes each as it comes",
        (
            "matth-x/MicroOcpp #261",
            "SAP/e-mobility-charging-stations-simulator #459",
            "sap-labs-france/ev-server #2305",
            "EVerest/libocpp PR #277",
        ),
        (QU + "test_firmware_states_come_in_any_order_and_more_than_once",),
        "The update itself, its file servers and its recovery are another part.",
    ),
    Quirk(
        FIRMWARE,
        "A flood of Uploading while diagnostics are sent",
        "Answers each",
        ("EVerest/EVerest #536", "matth-x/MicroOcpp #397", "matth-x/MicroOcpp #208"),
        (QU + "test_a_flood_of_upload_states_is_answered",),
    ),
)
