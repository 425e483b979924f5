"""Firewall rules as data: would a new TCP connection from the local network to a port come through?

Rules of nftables (JSON) and iptables (`-S`) are read into one form and walked in order. What cannot be judged (a source
address, an unknown match) makes the answer "maybe", never a guess.
"""

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

YES, NO, MAYBE = "yes", "no", "maybe"
ACCEPT, DROP = "accept", "drop"


@dataclass(frozen=True, slots=True)
class Rule:
    """`matches` a new TCP connection to the port: yes, no or maybe. `verdict`: accept, drop, return, jump:NAME, ""."""

    matches: str
    verdict: str


@dataclass(slots=True)
class Chain:
    rules: list[Rule] = field(default_factory=list)
    policy: str = ""
    hook: bool = False  # sees incoming connections first


THROUGH = "through"  # past the end of a chain
_ANYTHING = frozenset({ACCEPT, DROP, THROUGH})


def judge(chains: dict[str, Chain]) -> str:
    """ "open", "blocked" or "maybe" over every chain that incoming connections pass; "open" where there is none."""
    verdicts = [
        _settled(_walk(chains, name, 0), chain.policy or ACCEPT) for name, chain in chains.items() if chain.hook
    ]
    return worst(verdicts)


def says_something(chains: dict[str, Chain]) -> bool:
    """Whether there is any rule at all for incoming connections."""
    return any(chain.hook and (chain.rules or chain.policy == DROP) for chain in chains.values())


def worst(verdicts: Iterable[str]) -> str:
    """Every firewall must let it in: one that blocks is enough."""
    found = set(verdicts)
    if "blocked" in found:
        return "blocked"
    return "maybe" if MAYBE in found else "open"


def _settled(outcomes: frozenset[str], policy: str) -> str:
    ends = {policy if one == THROUGH else one for one in outcomes}
    if ends == {ACCEPT}:
        return "open"
    return "blocked" if ends == {DROP} else MAYBE


def _walk(chains: dict[str, Chain], name: str, depth: int) -> frozenset[str]:
    """Every way a connection may leave the chain: accept, drop, through."""
    chain = chains.get(name)
    if chain is None or depth > 16:
        return _ANYTHING
    ways: set[str] = set()
    for rule in chain.rules:
        if rule.matches == NO or not rule.verdict:
            continue
        ends = _ends(chains, rule.verdict, depth)
        left = "return" in ends
        ways |= {THROUGH if one == "return" else one for one in ends if one != THROUGH}
        if rule.matches == YES and (left or THROUGH not in ends):
            return frozenset(ways)
    return frozenset({*ways, THROUGH})


def _ends(chains: dict[str, Chain], verdict: str, depth: int) -> frozenset[str]:
    """What a verdict leads to; "return" leaves the chain it stands in."""
    if verdict.startswith("jump:"):
        return _walk(chains, verdict[5:], depth + 1)
    if verdict == MAYBE:
        return _ANYTHING
    return frozenset({verdict})


# -- nftables -----------------------------------------------------------------------------------------------------


def read_nft(text: str, port: int) -> dict[str, Chain] | None:
    """`nft -j list ruleset`; None for text that is not its JSON. Chains are named "family table name"."""
    try:
        entries = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError):
        return None
    chains: dict[str, Chain] = {}
    sets: dict[str, Any] = {}
    for entry in entries:
        if "chain" in entry:
            one = entry["chain"]
            hooked = one.get("hook") == "input" and one.get("type") == "filter" and one.get("family") != "ip6"
            policy = DROP if one.get("policy") == "drop" else ACCEPT if hooked else ""
            chains[_place(one, one["name"])] = Chain(policy=policy, hook=hooked)
        elif "set" in entry:
            sets[_place(entry["set"], f"@{entry['set']['name']}")] = entry["set"].get("elem", [])
    for entry in entries:
        if "rule" in entry:
            one = entry["rule"]
            chain = chains.get(_place(one, one["chain"]))
            if chain is not None:
                chain.rules += _nft_rules(one, port, sets)
    return chains


def _place(one: dict[str, Any], name: str) -> str:
    return f"{one.get('family')} {one.get('table')} {name}"


def _nft_rules(rule: dict[str, Any], port: int, sets: dict[str, Any]) -> list[Rule]:
    """One rule, or several where it maps values to verdicts."""
    matches, found = YES, []
    for part in rule.get("expr", []):
        kind = next(iter(part), "")
        if kind == "match":
            matches = _both(matches, _nft_match(part["match"], port, rule, sets))
        elif kind in ("accept", "drop", "reject", "return", "jump", "goto"):
            found.append(Rule(matches, _nft_verdict(part, rule)))
        elif kind == "vmap":
            found += _nft_map(part["vmap"], port, matches, rule)
        elif kind in ("counter", "log", "comment") or _field(part.get("xt"), "name") == "comment":
            continue
        else:
            matches = _both(matches, MAYBE)  # limits, marks, other xt matches
    return found


def _nft_verdict(part: dict[str, Any], rule: dict[str, Any]) -> str:
    kind = next(iter(part), "")
    if kind in ("jump", "goto"):
        return f"jump:{_place(rule, part[kind]['target'])}"
    return {"reject": DROP, "drop": DROP, "accept": ACCEPT, "return": "return"}.get(kind, "")


def _nft_map(vmap: dict[str, Any], port: int, matches: str, rule: dict[str, Any]) -> list[Rule]:
    """`ct state vmap { established : accept, ... }`: a rule per entry."""
    pairs = _field(vmap.get("data"), "set")
    if not isinstance(pairs, list):
        return [Rule(_both(matches, MAYBE), MAYBE)]
    found = []
    for value, verdict in pairs:
        one = {"left": vmap.get("key"), "right": value, "op": "=="}
        found.append(Rule(_both(matches, _nft_match(one, port, rule, {})), _nft_verdict(verdict, rule)))
    return found


def _nft_match(match: dict[str, Any], port: int, rule: dict[str, Any], sets: dict[str, Any]) -> str:
    left, right = match.get("left"), match.get("right")
    answer = MAYBE
    if isinstance(left, dict):
        payload, meta, ct = left.get("payload"), left.get("meta"), left.get("ct")
        if _field(payload, "field") == "dport":
            if isinstance(right, str):
                right = {"set": sets[_place(rule, right)]} if _place(rule, right) in sets else right
            answer = NO if _field(payload, "protocol") == "udp" else _in_set(right, port)
        elif _field(meta, "key") in ("iif", "iifname"):
            answer = NO if right == "lo" else MAYBE
        elif _field(meta, "key") == "l4proto" or _field(payload, "field") == "protocol":
            answer = YES if "tcp" in _words(right) else NO
        elif _field(ct, "key") == "state":
            answer = YES if "new" in _words(right) else NO
    return _flip(answer) if match.get("op") == "!=" else answer


def _field(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, dict) else None


def _words(right: Any) -> list[str]:
    if isinstance(right, dict):
        right = right.get("set", [])
    return [str(one) for one in right] if isinstance(right, list) else [str(right)]


def _in_set(right: Any, port: int) -> str:
    if isinstance(right, str):
        return MAYBE  # a named set or a service name
    parts = right.get("set", [right]) if isinstance(right, dict) else [right]
    for part in parts:
        if isinstance(part, dict) and "range" in part:
            low, high = part["range"]
            if int(low) <= port <= int(high):
                return YES
        elif isinstance(part, int) and part == port:
            return YES
    return NO


# -- iptables -----------------------------------------------------------------------------------------------------


def read_iptables(text: str, port: int) -> dict[str, Chain]:
    """`iptables -S`: every chain of the filter table."""
    chains: dict[str, Chain] = {}
    for line in text.splitlines():
        words = shlex.split(line)
        if len(words) < 2:
            continue
        if words[0] == "-P":
            chains[words[1]] = Chain(policy=DROP if words[2] == "DROP" else ACCEPT, hook=words[1] == "INPUT")
        elif words[0] == "-N":
            chains[words[1]] = Chain()
        elif words[0] == "-A":
            chains.setdefault(words[1], Chain()).rules.append(_iptables_rule(words[2:], port))
    return chains


_VALUED = re.compile(r"^--?(comment|m|match|ctdir|limit|limit-burst|log-prefix|log-level|reject-with)$")
_TARGETS = {"ACCEPT": ACCEPT, "DROP": DROP, "REJECT": DROP, "RETURN": "return", "LOG": "", "NFLOG": ""}


def _iptables_rule(words: list[str], port: int) -> Rule:
    matches, verdict, at = YES, "", 0
    while at < len(words):
        word = words[at]
        negated = word == "!"
        if negated:
            at += 1
            word = words[at]
        value = words[at + 1] if at + 1 < len(words) else ""
        at += 2
        if word in ("-j", "-g"):
            verdict = _TARGETS.get(value, f"jump:{value}")
        elif word in ("-m", "--match") and value in ("limit", "recent", "set", "mac", "addrtype"):
            matches = _both(matches, MAYBE)
        elif _VALUED.match(word):
            continue
        else:
            answer = _iptables_match(word, value, port)
            matches = _both(matches, _flip(answer) if negated else answer)
    return Rule(matches, verdict)


def _iptables_match(word: str, value: str, port: int) -> str:
    if word in ("-p", "--protocol"):
        return YES if value in ("tcp", "all") else NO
    if word in ("--dport", "--dports", "--destination-port"):
        return YES if any(_in_range(part, port) for part in value.split(",")) else NO
    if word in ("-i", "--in-interface"):
        return NO if value == "lo" else MAYBE
    if word in ("--state", "--ctstate"):
        return YES if "NEW" in value.split(",") else NO
    return MAYBE


def _in_range(part: str, port: int) -> bool:
    low, _, high = part.partition(":")
    try:
        return int(low) <= port <= int(high or low)
    except ValueError:
        return False


def _both(one: str, other: str) -> str:
    if NO in (one, other):
        return NO
    return MAYBE if MAYBE in (one, other) else YES


def _flip(answer: str) -> str:
    return {YES: NO, NO: YES}.get(answer, MAYBE)
