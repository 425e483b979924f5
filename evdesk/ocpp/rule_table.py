"""Every rule with a name of its own: what it means, where it stands, what evdesk did, what the maker can do. A new rule in
the code needs an entry here (tests/ocpp/test_rules.py looks for it)."""

from dataclasses import dataclass

FRAMING, MESSAGES, TIME, METERING, TRANSACTIONS, CONNECTION, SECURITY = (
    "Framing",
    "Messages",
    "Time",
    "Meter values",
    "Transactions",
    "Connection",
    "Security",
)
AREAS = (CONNECTION, FRAMING, MESSAGES, TIME, METERING, TRANSACTIONS, SECURITY)

CHECKED = {
    CONNECTION: "WebSocket frames are text, UTF-8, of bearable size, and follow RFC 6455",
    FRAMING: "every message is one JSON list with type, id and payload; answers belong to a call, in time",
    MESSAGES: "every message is known to this version and fits its schema",
    TIME: "timestamps can be read, carry a zone, and fit the time of arrival",
    METERING: "meter values are numbers with known measurand, unit and phase, and agree with each other",
    TRANSACTIONS: "transactions have an id evdesk knows, and their parts come whole and in order",
    SECURITY: "the charger reported no security event",
}
"""What was looked at in each area, for the list of what was found right."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """`title` in a few words; `did`: how evdesk went on; `advice` for the maker; `clause` where the finding names none;
    `fields`: the members of a payload it is about, for marking lines; `note`: no deviation, only worth knowing."""

    area: str
    title: str
    did: str
    advice: str
    clause: str = ""
    fields: tuple[str, ...] = ()
    note: bool = False


_TIMES = ("timestamp", "currentTime", "dateTime", "startSchedule", "expiryDate")

RULES: dict[str, RuleText] = {
    # -- connection
    "binary_frame": RuleText(
        CONNECTION,
        "OCPP in binary WebSocket frames",
        "Read as if it were text.",
        "Send OCPP in text frames (opcode 1).",
        "OCPP-J 1.6, 3; RFC 6455, 5.6",
    ),
    "not_utf8": RuleText(
        CONNECTION,
        "Text that is not UTF-8",
        "The wrong bytes were replaced, the rest was read.",
        "Encode every message as UTF-8.",
        "RFC 6455, 8.1",
    ),
    "message_too_big": RuleText(
        CONNECTION,
        "A WebSocket message beyond all bounds",
        "The connection was closed with code 1009; the charger may dial in again.",
        "Split long reports and lists into parts.",
        "RFC 6455, 7.4.1",
    ),
    "websocket_broken": RuleText(
        CONNECTION,
        "The WebSocket protocol was broken",
        "The connection was closed with code 1002; the charger may dial in again.",
        "Mask frames, leave reserved bits at 0, and compress only what was negotiated.",
        "RFC 6455",
    ),
    "flooding": RuleText(
        CONNECTION,
        "Messages faster than they can be read",
        "The charger was slowed down; nothing was lost, and nobody else had to wait.",
        "Send one CALL at a time, and the next when it was answered.",
        "OCPP-J 1.6, 4.1.1",
    ),
    "message_unfinished": RuleText(
        CONNECTION,
        "A message that does not end",
        "The connection was cut; the charger may dial in again.",
        "Send each message in one go, and its last fragment with the FIN bit.",
        "RFC 6455, 5.4",
    ),
    # -- framing
    "not_a_frame": RuleText(
        FRAMING,
        "Something that is no OCPP message",
        "Kept in the log and left unanswered, as it has no id; the connection stays.",
        "Send a JSON list: [type, id, ...].",
        "OCPP-J 1.6, 4.1",
    ),
    "no_message_id": RuleText(
        FRAMING,
        "A message id that is not text",
        "Kept in the log, not answered: there is no id to answer to.",
        "Send the id as text of at most 36 characters.",
        "OCPP-J 1.6, 4.1.4",
    ),
    "numeric_message_id": RuleText(
        FRAMING,
        "The message id is a number",
        "Read as text; the answer carries the number as it came.",
        "Send the id as text.",
        "OCPP-J 1.6, 4.1.4",
    ),
    "message_id_too_long": RuleText(
        FRAMING,
        "The message id is too long",
        "Accepted and echoed in full.",
        "Use at most 36 characters; a bare UUID fits exactly.",
        "OCPP-J 1.6, 4.1.4",
    ),
    "message_type_as_text": RuleText(
        FRAMING,
        "The message type is text",
        "Read as the number.",
        "Send 2, 3 or 4 as a number.",
        "OCPP-J 1.6, 4.1.3",
    ),
    "unknown_message_type": RuleText(
        FRAMING,
        "An unknown message type",
        "Answered with an error.",
        "Use the message types of the negotiated version only.",
        "OCPP-J 1.6, 4.1.3",
    ),
    "broken_call": RuleText(
        FRAMING,
        "A call without action or payload",
        "Answered with an error.",
        "Send [2, id, action, payload] with an object as payload.",
        "OCPP-J 1.6, 4.2.1",
    ),
    "missing_payload": RuleText(
        FRAMING,
        "The payload is missing",
        "An empty one was assumed.",
        "Send an empty object where there is nothing to say.",
        "OCPP-J 1.6, 4.2",
    ),
    "stray_bytes": RuleText(
        FRAMING,
        "Stray bytes around the message",
        "Cut off; the rest was read.",
        "Send neither byte order mark nor NUL; mind the length of the buffer.",
        "RFC 8259, 8.1",
    ),
    "glued_frames": RuleText(
        FRAMING,
        "Several messages in one WebSocket message",
        "Taken apart and answered one by one.",
        "Send one OCPP message per WebSocket message.",
        "OCPP-J 1.6, 4.1",
    ),
    "not_json": RuleText(
        FRAMING,
        "NaN or broken characters",
        "Read as null, or as a question mark.",
        "Leave a value out where there is none; JSON knows neither NaN nor Infinity.",
        "RFC 8259, 6",
    ),
    "message_too_long": RuleText(
        FRAMING,
        "The message is too long",
        "Kept in the log, not read.",
        "Split long reports and lists into parts.",
    ),
    "nested_too_deep": RuleText(
        FRAMING,
        "The message nests too deep",
        "Kept in the log, not read.",
        "No OCPP message needs more than a dozen levels.",
    ),
    "too_many_parts": RuleText(
        FRAMING,
        "The message has too many parts",
        "Kept in the log, not read.",
        "Split long reports and lists into parts.",
    ),
    "unknown_answer_id": RuleText(
        FRAMING,
        "An answer to nothing",
        "Kept in the log and ignored.",
        "Answer with the id of the call, unchanged.",
        "OCPP-J 1.6, 4.2.2",
    ),
    "late_answer": RuleText(
        FRAMING,
        "An answer that came too late",
        "Matched to its call in the log; the command had been given up.",
        "Answer at once, and carry out long work afterwards.",
        "OCPP-J 1.6, 4.1.1",
    ),
    "error_to_answer": RuleText(
        FRAMING,
        "An error in reply to an answer",
        "Kept in the log and ignored.",
        "Only calls are answered; look into what was not liked about this answer.",
        "OCPP-J 1.6, 4.2.3",
    ),
    "repeated_message": RuleText(
        FRAMING,
        "A message came twice",
        "The same answer was given again; nothing was counted twice.",
        "Use a new id for each call, and wait for the answer before sending again.",
        "OCPP-J 1.6, 4.1.4",
    ),
    # -- messages
    "unknown_action": RuleText(
        MESSAGES,
        "A message this version does not have",
        "Answered with NotImplemented.",
        "Use DataTransfer for messages of your own.",
        "OCPP-J 1.6, 4.2.3",
    ),
    "wrong_direction": RuleText(
        MESSAGES,
        "A message only the CSMS sends",
        "Answered with NotSupported.",
        "Leave it to the CSMS; see the table of messages for who sends what.",
        "OCPP-J 1.6, 4.2.3",
    ),
    "send_instead_of_call": RuleText(
        MESSAGES,
        "A CALL that came as SEND",
        "Read like a CALL; nothing was answered, since a SEND has no answer.",
        "Use message type 2 for it; 6 is for the messages that have no response.",
        "OCPP 2.1 part 4, 4.2.5",
    ),
    "call_instead_of_send": RuleText(
        MESSAGES,
        "A SEND that came as CALL",
        "Read like a SEND, and answered with ProtocolError, since no response exists.",
        "Use message type 6 for it and do not wait for an answer.",
        "OCPP 2.1 part 4, 4.2.5",
    ),
    "other_version": RuleText(
        MESSAGES,
        "A message of another OCPP version",
        "Read where possible, else answered with NotImplemented.",
        "Speak the version that was negotiated as sub-protocol; set the charger to one version.",
        "OCPP-J 1.6, 3.1.2",
    ),
    "action_spelling": RuleText(
        MESSAGES,
        "An action with wrong capitals or blanks",
        "Read as the action it resembles.",
        "Spell actions exactly as the specification does.",
        "OCPP-J 1.6, 4.2.1",
        ("action",),
    ),
    "connector_missing": RuleText(
        MESSAGES,
        "The connector is not named",
        "Not used: it cannot be told which connector is meant.",
        "Name the connector in every such message.",
        "OCPP 1.6, 6.31",
        ("connectorId",),
    ),
    "connector_not_believed": RuleText(
        MESSAGES,
        "A connector number that cannot be",
        "Kept in the log; no place in the site was made for it.",
        "Number the connectors 1, 2, 3 without gaps.",
        "OCPP 1.6, numbering of connectors",
        ("connectorId",),
    ),
    "wiring_contradicts": RuleText(
        METERING,
        "Its current shows on other phases than entered",
        "Counted by what is entered; the steps and how sure they are stand in the list of wirings.",
        "Nothing: check the terminals on site, or apply what was seen.",
        "OCPP 1.6, 9.1.4 ConnectorPhaseRotation",
        (),
    ),
    "limit_not_followed": RuleText(
        METERING,
        "It draws more than its limit",
        "What it draws is kept free on every line; the limit is sent again.",
        "Hand every lower limit to the car within 5 s.",
        "IEC 61851-1, annex A",
        (),
    ),
    "charge_not_told": RuleText(
        TRANSACTIONS,
        "A charge whose start was not told",
        "Limited all the same, by a default that ends; what it draws is kept free.",
        "Send the start of every charge until it is answered, also after the server was changed.",
        "OCPP 1.6, 4.8 Start Transaction",
        (),
    ),
    "connector_zero": RuleText(
        MESSAGES,
        "Connector 0 of an EVSE",
        "Taken for connector 1.",
        "Number the connectors of each EVSE from 1.",
        "OCPP 2.0.1 part 1, 7",
        ("connectorId",),
    ),
    "evse_missing": RuleText(
        MESSAGES,
        "The EVSE is not named",
        "The first EVSE was assumed where there is only one; else it was not used.",
        "Name the EVSE in every such message.",
        "OCPP 2.0.1 part 2",
        ("evseId", "evse"),
    ),
    "report_incomplete": RuleText(
        MESSAGES,
        "A report with missing parts",
        "What came is shown; the rest is unknown.",
        "Send every part, number them from 0, and set tbc on all but the last.",
        "OCPP 2.0.1, B07, B08",
        ("seqNo", "tbc"),
    ),
    # -- time
    "zone_missing": RuleText(
        TIME,
        "A timestamp without time zone",
        "Read by the offset the charger's clock has shown so far.",
        "Write the zone: Z or +01:00.",
        "OCPP 1.6, 3.14 time notations",
        _TIMES,
    ),
    "timestamp_unreadable": RuleText(
        TIME,
        "A timestamp that cannot be read",
        "The time of arrival was used.",
        "Write RFC 3339, e.g. 2026-11-24T18:41:57Z.",
        "OCPP 1.6, 3.14 time notations",
        _TIMES,
    ),
    "clock_not_set": RuleText(
        TIME,
        "The clock is not set",
        "The time of arrival was used.",
        "Set the clock from BootNotification's and Heartbeat's answers; keep it over power cuts.",
        "OCPP 1.6, 4.2, 4.6",
        _TIMES,
    ),
    "clock_off_by_days": RuleText(
        TIME,
        "The clock is wrong by more than a day",
        "The time of arrival was used.",
        "Set the clock from BootNotification's and Heartbeat's answers.",
        "OCPP 1.6, 4.2, 4.6",
        _TIMES,
    ),
    # -- meter values
    "meter_value_missing": RuleText(
        METERING, "MeterValues without values", "Answered; there was nothing to read.", "Send at least one value.",
        "OCPP 1.6, 6.31", ("meterValue",),
    ),
    "meter_value_not_a_list": RuleText(
        METERING, "meterValue is not a list", "Read as a list of one.", "Send a list, also for one value.",
        "OCPP 1.6, 6.31", ("meterValue",),
    ),
    "sampled_value_not_a_list": RuleText(
        METERING, "sampledValue is not a list", "Read as a list of one.", "Send a list, also for one value.",
        "OCPP 1.6, 7.33 MeterValue", ("sampledValue",),
    ),
    "too_many_values": RuleText(
        METERING, "More values than a message can hold", "The first twenty thousand were read.",
        "Split long records over several messages.", "OCPP 1.6, 6.31", ("meterValue",),
    ),
    "value_not_a_number": RuleText(
        METERING, "A meter value that is no number", "Not used.", "Leave a value out where there is none.",
        "OCPP 1.6, 7.43 SampledValue", ("value",),
    ),
    "value_absurd": RuleText(
        METERING, "A meter value that cannot be", "Not used.", "Check unit and scaling of this value.",
        "OCPP 1.6, 7.43 SampledValue", ("value",),
    ),
    "decimal_comma": RuleText(
        METERING, "A value with decimal comma or stray characters", "Read as the number it means.",
        "Write numbers with a point and nothing else.", "OCPP 1.6, 7.43 SampledValue", ("value",),
    ),
    "measurand_not_text": RuleText(
        METERING, "The measurand is not text", "Not used.", "Name one of the listed measurands.",
        "OCPP 1.6, 7.31 Measurand", ("measurand",),
    ),
    "phase_in_measurand": RuleText(
        METERING, "The phase is part of the measurand", "Taken apart.", "Write the phase into its own field.",
        "OCPP 1.6, 7.31 Measurand, 7.34 Phase", ("measurand",),
    ),
    "phase_unknown": RuleText(
        METERING, "An unknown phase", "The value was not used.", "Name one of the listed phases.",
        "OCPP 1.6, 7.34 Phase", ("phase",),
    ),
    "unit_unknown": RuleText(
        METERING, "An unknown unit", "The usual unit of this measurand was assumed.", "Name one of the listed units.",
        "OCPP 1.6, 7.45 UnitOfMeasure", ("unit",),
    ),
    "multiplier_absurd": RuleText(
        METERING, "A multiplier that cannot be", "The value was not used.", "Write the power of ten, e.g. 3 for kilo.",
        "OCPP 2.0.1 part 2, UnitOfMeasure", ("multiplier",),
    ),
    "current_on_n_only": RuleText(
        METERING, "Current on N only", "Taken for L1.", "Report the current of the phases.",
        "OCPP 1.6, 7.34 Phase", ("phase",),
    ),
    "power_unit_wrong": RuleText(
        METERING, "Power does not fit current and voltage", "Corrected by a thousand: kW and W were mixed up.",
        "Name the unit that fits the number.", "OCPP 1.6, 7.45 UnitOfMeasure", ("unit",),
    ),
    "register_absurd": RuleText(
        METERING, "A meter register that cannot be", "Taken as unknown, not as zero.",
        "Send the register in Wh, never negative.", "OCPP 1.6, StartTransaction.req", ("meterStart", "meterStop"),
    ),
    # -- transactions
    "transaction_id_not_given": RuleText(
        TRANSACTIONS, "A transaction evdesk did not number", "Recorded as a charge that began while offline.",
        "Send StartTransaction first, and use the id of its answer.", "OCPP 1.6, 4.8", ("transactionId",),
    ),
    "transaction_id_missing": RuleText(
        TRANSACTIONS, "TransactionEvent without transaction", "Its meter values were read, the rest could not be used.",
        "Name the transaction in every event.", "OCPP 2.0.1, E", ("transactionInfo", "transactionId"),
    ),
    "seq_no_missing": RuleText(
        TRANSACTIONS, "TransactionEvent without seqNo", "Read in the order of arrival; gaps cannot be seen.",
        "Number the events of a transaction from 0.", "OCPP 2.0.1, E01", ("seqNo",),
    ),
    "seq_no_repeated": RuleText(
        TRANSACTIONS, "A seqNo came twice", "The later one counts where it brings something new.",
        "Raise seqNo with every event.", "OCPP 2.0.1, E01", ("seqNo",),
    ),
    "seq_no_order": RuleText(
        TRANSACTIONS, "Events out of order", "Put in their place by seqNo.",
        "Send queued events in their order, the newest last.", "OCPP 2.0.1, E04", ("seqNo",),
    ),
    "seq_no_gap": RuleText(
        TRANSACTIONS, "Events are missing", "What came is recorded; the gap stands in the log.",
        "Keep every event until it is answered, also over a reboot.", "OCPP 2.0.1, E04", ("seqNo",),
    ),
    # -- security
    "ca_not_checked": RuleText(
        SECURITY, "The server's certificate is not checked", "Ended that connection and wrote it down.",
        "Verify the server's chain and name.", "OCPP 1.6 security whitepaper, 3.5; 2.0.1 part 2, A00",
    ),
    "security_event": RuleText(
        SECURITY, "The charger reports a security event", "Written down and shown.",
        "See what the event says; it may be no fault at all.", "OCPP 1.6 security whitepaper, A04", ("type",), note=True,
    ),
}  # fmt: skip
