"""What evdesk holds chargers to, rule by rule, in words. The rules with names of their own stand in `rule_table`; schema
rules ("StatusNotification.errorCode.enum") are worded from their last part.

tests/ocpp/test_rules.py holds both complete; docs/findings.md is made from here.
"""

from evdesk.ocpp.rule_table import AREAS, CHECKED, MESSAGES, RULES, RuleText

_NAMES = {
    "required": ("A field is missing", "Accepted without it; what it stands for is unknown.", "Send the field."),
    "enum": (
        "A value that is not in the list",
        "Accepted and kept as it came; the rest of the message counts.",
        "Send one of the listed values, spelled exactly so.",
    ),
    "type": (
        "A value of the wrong type",
        "Accepted; read where the meaning is plain, else left aside.",
        "Send numbers as numbers, text as text, lists as lists.",
    ),
    "maxLength": ("A text that is too long", "Accepted in full.", "Shorten it to what the schema allows."),
    "minLength": ("A text that is too short", "Accepted as it came.", "Leave the field out where there is nothing."),
    "additionalProperties": (
        "A field the message does not have",
        "Accepted; the field is kept in the log and not used.",
        "Use DataTransfer or customData for fields of your own.",
    ),
    "format": (
        "A value that is not written as it should be",
        "Accepted; read where it can be, else left aside.",
        "Write times as RFC 3339 with zone, addresses as URIs.",
    ),
    "multipleOf": ("A number that is too fine", "Accepted as it came.", "Round it to the step the schema allows."),
    "minimum": ("A number that is too small", "Accepted and checked for sense before use.", "Stay within the range."),
    "maximum": ("A number that is too large", "Accepted and checked for sense before use.", "Stay within the range."),
    "minItems": ("A list that is too short", "Accepted as it came.", "Leave the list out, or fill it."),
    "maxItems": ("A list that is too long", "Accepted in full.", "Split it over several messages."),
    "oneOf": ("A part that fits none of its forms", "Accepted; read where it can be.", "Send one of the forms."),
    "anyOf": ("A part that fits none of its forms", "Accepted; read where it can be.", "Send one of the forms."),
    "pattern": ("A text of the wrong form", "Accepted as it came.", "Write it as the schema shows."),
    "uniqueItems": ("A list with repeated entries", "Accepted as it came.", "Send each entry once."),
    "const": ("A value that is not the one allowed", "Accepted as it came.", "Send the value the schema names."),
    "dependencies": ("A field is missing", "Accepted without it.", "Send both fields, or none."),
    "if": ("Fields that do not go together", "Accepted; read where it can be.", "Send what belongs together."),
    "schema": ("A message that breaks its schema", "Accepted; read where it can be.", "Send what the schema allows."),
}
KEYWORDS = tuple(_NAMES)
"""The last parts of schema rules that have their own words; others are worded as "schema"."""


def is_schema_rule(rule: str) -> bool:
    return rule not in RULES and "." in rule


def explain(rule: str) -> RuleText:
    """The words for any rule. A schema rule ("Action.path.keyword") is worded from its keyword and place."""
    known = RULES.get(rule)
    if known is not None:
        return known
    parts = rule.split(".")
    title, did, advice = _NAMES.get(parts[-1], _NAMES["schema"])
    if len(parts) < 2:
        return RuleText(MESSAGES, rule.replace("_", " ").capitalize(), "Accepted and written down.", "See the example.")
    action, path = parts[0], ".".join(parts[1:-1])
    where = f"{path} in {_side(action)}" if path else _side(action)
    return RuleText(MESSAGES, f"{title}: {where}", did, advice, f"schema {action}", (parts[-2],) if path else ())


def _side(name: str) -> str:
    """ "ResetResponse" as people say it."""
    return f"the answer to {name.removesuffix('Response')}" if name.endswith("Response") else name


__all__ = ["AREAS", "CHECKED", "KEYWORDS", "RULES", "RuleText", "explain", "is_schema_rule"]
