"""Faults on demand: one name, one sentence, one small deviation each."""

FAULTS: dict[str, str] = {
    "silent": "After 20 s it says and answers nothing more, but keeps the socket open.",
    "drop": "Drops the connection every 15 s without a closing handshake.",
    "meter_silent": "MeterValues stop after the third one of each charge.",
    "no_meter_values": "Never sends MeterValues.",
    "ground_failure": "A ground failure opens the contactor 10 s into the charge; Faulted for a minute.",
    "ignores_limit": "Accepts every charging profile, even shows it, and offers full current anyway.",
    "accepts_and_does_nothing": "Accepts every charging profile and forgets it.",
    "rejects_profiles": "Rejects every charging profile.",
    "level_zero_only": "Rejects charging profiles above stackLevel 0.",
    "slow_answers": "Takes 8 s for every answer.",
    "never_answers": "Never answers a call, but sends its own messages.",
    "clock_1970": "Its clock stands at 1970 until BootNotification is answered, again after each restart.",
    "clock_offset": "Its clock is 300 s ahead and cannot be set.",
    "local_time": "Writes local time (two hours ahead) without a zone.",
    "garbage_frames": "Sends a frame that is no OCPP between its messages.",
    "no_subprotocol": "Offers no WebSocket sub-protocol.",
    "duplicate_stop": "Sends StopTransaction twice.",
    "kwh_as_wh": "Sends energy in kWh and calls it Wh.",
    "total_only": "Measures one current without naming a phase.",
    "numbers_for_text": "Sends sampled values as numbers instead of text, and meterValue as an object.",
    "boot_loop": "Restarts 20 s after each boot.",
}
"""Everything `--fault` knows. Each stands for behaviour seen in the field."""


def check_fault(name: str | None) -> str | None:
    """The name itself, or None; raises ValueError with the list of names."""
    if name is None or name in FAULTS:
        return name
    raise ValueError(f"There is no fault “{name}”. Known: {', '.join(sorted(FAULTS))}.")


def fault_lines() -> list[str]:
    """One line per fault, for people."""
    width = max(map(len, FAULTS))
    return [f"{name:{width}}  {sentence}" for name, sentence in FAULTS.items()]
