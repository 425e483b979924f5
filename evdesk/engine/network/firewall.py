"""Would this computer's firewall let a charger in? Read where it may be read; otherwise said so, with the command."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evdesk.engine.network import rules
from evdesk.engine.network.shell import ask, find, powershell, read_file
from evdesk.wire.network import Check

UFW_CONF = Path("/etc/ufw/ufw.conf")
RULE_NAME = "evdesk chargers"
_PROFILES = {1: "domain", 2: "private", 4: "public"}  # NET_FW_PROFILE_TYPE2
_TCP, _ANY_PROTOCOL, _IN, _BLOCK = 6, 256, 1, 0  # NET_FW_IP_PROTOCOL, NET_FW_RULE_DIRECTION, NET_FW_ACTION


async def check_firewall(ports: Iterable[int]) -> Check:
    """One verdict for all ports chargers dial: the worst of them."""
    checked = [await (_windows(port) if sys.platform == "win32" else _linux(port)) for port in ports]
    order = {"bad": 0, "unknown": 1, "warn": 2, "ok": 3}
    return min(checked, key=lambda one: order.get(one.state, 9)) if checked else _check("ok", "none", 0)


def _check(state: str, code: str, port: int, command: str = "", /, **detail: str) -> Check:
    return Check("firewall", state, code, {"port": str(port)} | detail, command)


# -- Linux --------------------------------------------------------------------------------------------------------


async def _linux(port: int) -> Check:
    if find("firewall-cmd"):
        state = await ask("firewall-cmd", "--state")
        if state.ok:
            listed = await ask("firewall-cmd", "--list-all")
            return firewalld(listed.text if listed.ok else "", port)
    if find("ufw"):
        status = await ask("ufw", "status")
        found = ufw(status.text if status.ok else "", await asyncio.to_thread(read_file, UFW_CONF), port)
        if found is not None:
            return found
    tables, chains = await _nft(port), await _iptables(port)
    if tables is None and chains is None:
        return _unread(port)
    # What iptables wrote stands in nftables too, in a form that only iptables can read.
    rest = {name: chain for name, chain in (tables or {}).items() if not (chains and name.startswith("ip filter "))}
    verdict = rules.worst((rules.judge(rest), rules.judge(chains or {})))
    if not rules.says_something(rest) and not rules.says_something(chains or {}):
        return _check("ok", "none", port)
    old = chains is not None and rules.says_something(chains) and rules.judge(chains) == verdict
    return _judged(verdict, "iptables" if old else "nftables", port)


async def _nft(port: int) -> dict[str, rules.Chain] | None:
    listed = await ask("nft", "-j", "list", "ruleset")
    return rules.read_nft(listed.text, port) if listed.ok else None


async def _iptables(port: int) -> dict[str, rules.Chain] | None:
    listed = await ask("iptables", "-S")
    return rules.read_iptables(listed.text, port) if listed.ok else None


def _unread(port: int) -> Check:
    """Neither could be read: missing, or for administrators only."""
    for program, by, command in (
        ("nft", "nftables", "sudo nft list ruleset"),
        ("iptables", "iptables", "sudo iptables -S INPUT"),
    ):
        if find(program):
            return _check("unknown", "cannot_check", port, command, by=by)
    return _check("ok", "none", port)


def _judged(verdict: str, by: str, port: int) -> Check:
    opens = {
        "nftables": f"sudo nft insert rule inet filter input tcp dport {port} accept",
        "iptables": f"sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT",
    }[by]
    looks = {"nftables": "sudo nft list ruleset", "iptables": "sudo iptables -S INPUT"}[by]
    if verdict == "open":
        return _check("ok", "open", port, by=by)
    if verdict == "blocked":
        return _check("bad", "blocked", port, opens, by=by)
    return _check("warn", "some_only", port, looks, by=by)


def ufw(status: str, conf: str, port: int) -> Check | None:
    """`ufw status`, else its configuration file; None where ufw is not at work."""
    command = f"sudo ufw allow {port}/tcp"
    if "Status: inactive" in status or (not status and "ENABLED=yes" not in conf):
        return None
    if "Status: active" not in status:
        return _check("unknown", "cannot_check", port, "sudo ufw status", by="ufw")
    for line in status.splitlines():
        words = line.split()
        if len(words) < 3 or "(v6)" in line:
            continue
        target, _, protocol = words[0].partition("/")
        if protocol in ("", "tcp") and _covers(target, port, ":"):
            if "ALLOW" in words:
                return _check(
                    "ok" if "Anywhere" in words else "warn",
                    "open" if "Anywhere" in words else "some_only",
                    port,
                    by="ufw",
                )
            return _check("bad", "blocked", port, command, by="ufw")
    return _check("bad", "blocked", port, command, by="ufw")


def firewalld(listed: str, port: int) -> Check:
    """`firewall-cmd --list-all` of the default zone."""
    command = f"sudo firewall-cmd --add-port={port}/tcp --permanent && sudo firewall-cmd --reload"
    if not listed:
        return _check("unknown", "cannot_check", port, "sudo firewall-cmd --list-all", by="firewalld")
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in listed.splitlines())}
    if said.get("target") == "ACCEPT":
        return _check("ok", "open", port, by="firewalld")
    for one in said.get("ports", "").split():
        target, _, protocol = one.partition("/")
        if protocol == "tcp" and _covers(target, port, "-"):
            return _check("ok", "open", port, by="firewalld")
    return _check("bad", "blocked", port, command, by="firewalld", zone=listed.split(maxsplit=1)[0])


def _covers(target: str, port: int, dash: str) -> bool:
    for part in target.split(","):
        low, _, high = part.partition(dash)
        if low.isdigit() and (high or low).isdigit() and int(low) <= port <= int(high or low):
            return True
    return False


# -- Windows ------------------------------------------------------------------------------------------------------

_RULES_SCRIPT = (
    "$f=New-Object -ComObject HNetCfg.FwPolicy2;$t=$f.CurrentProfileTypes;"
    "@{current=$t;on=@(1,2,4|?{$f.FirewallEnabled($_)});block=@(1,2,4|?{$f.DefaultInboundAction($_) -eq 0});"
    "rules=@($f.Rules|?{$_.Enabled -and $_.Direction -eq 1 -and ($_.Protocol -eq 6 -or $_.Protocol -eq 256)}|"
    "Select-Object Name,Protocol,LocalPorts,Action,Profiles,ApplicationName)}|ConvertTo-Json -Depth 3 -Compress"
)


async def _windows(port: int) -> Check:
    listed = await powershell(_RULES_SCRIPT)
    found = windows_rules(listed.text, port, sys.executable) if listed.ok else None
    if found is not None:
        return found
    profile = await ask("netsh", "advfirewall", "show", "currentprofile")
    told = await ask("netsh", "advfirewall", "firewall", "show", "rule", "name=all", "dir=in", "verbose", limit_s=10)
    return netsh(profile.text, told.text, port, sys.executable)


def opening_command(port: int) -> str:
    """What opens the port on Windows, for an administrator."""
    return (
        f'netsh advfirewall firewall add rule name="{RULE_NAME}" dir=in action=allow protocol=TCP localport={port} '
        "profile=any"
    )


def windows_rules(text: str, port: int, program: str) -> Check | None:
    """What `_RULES_SCRIPT` said; None for text that is not its JSON."""
    try:
        told = json.loads(text)
        current, on, block = int(told["current"]), set(told["on"]), set(told["block"])
    except (ValueError, KeyError, TypeError):
        return None
    active = [number for number in _PROFILES if current & number] or [4]
    for number in active:
        if number not in on:
            continue
        fitting = [
            r for r in told.get("rules") or [] if _fits(r, port, program) and int(r.get("Profiles") or 0) & number
        ]
        blocked = any(int(r.get("Action", 1)) == _BLOCK for r in fitting)
        allowed = bool(fitting) and not blocked
        if blocked or (number in block and not allowed):
            name = _PROFILES[number]
            return _check("bad", "blocked", port, opening_command(port), by="windows", profile=name)
    if not on.intersection(active):
        return _check("ok", "none", port, by="windows")
    return _check("ok", "open", port, by="windows", profile=_PROFILES[active[0]])


def _fits(rule: Mapping[str, Any], port: int, program: str) -> bool:
    ports = str(rule.get("LocalPorts") or "*")
    path = str(rule.get("ApplicationName") or "")
    here = not path or os.path.expandvars(path).lower() == program.lower()
    if not here or int(rule.get("Protocol") or 0) not in (_TCP, _ANY_PROTOCOL):
        return False
    if ports == "*":
        return bool(path)  # a rule for every port of every program is about something else (a service)
    return _covers(ports, port, "-")


def netsh(profile: str, listed: str, port: int, program: str) -> Check:
    """`netsh advfirewall show currentprofile` and the inbound rules, where the system speaks English."""
    look = "netsh advfirewall show currentprofile"
    words = {line.split("  ")[0].strip().lower(): line.split()[-1] for line in profile.splitlines() if "  " in line}
    name = profile.strip().splitlines()[0].split()[0].lower() if profile.strip() else ""
    if words.get("state", "").upper() == "OFF":
        return _check("ok", "none", port, by="windows")
    if "firewall policy" not in words or not listed.strip():
        return _check("unknown", "cannot_check", port, look, by="windows")
    allowed = False
    for rule in _netsh_rules(listed):
        if rule.get("enabled") != "Yes" or rule.get("direction", "In") != "In" or not _netsh_fits(rule, port, program):
            continue
        profiles = {one.strip().lower() for one in rule.get("profiles", "").split(",")}
        if name in profiles:
            if rule.get("action") == "Block":
                return _check("bad", "blocked", port, opening_command(port), by="windows", profile=name)
            allowed = allowed or rule.get("action") == "Allow"
    if allowed or words["firewall policy"].startswith("AllowInbound"):
        return _check("ok", "open", port, by="windows", profile=name)
    return _check("bad", "blocked", port, opening_command(port), by="windows", profile=name)


def _netsh_rules(listed: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in listed.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            continue
        if key.strip() == "Rule Name":
            found.append({})
        if found:
            found[-1][key.strip().lower()] = value.strip()
    return found


def _netsh_fits(rule: Mapping[str, str], port: int, program: str) -> bool:
    path = rule.get("program", "")
    if path and os.path.expandvars(path).lower() != program.lower():
        return False
    if rule.get("protocol") not in ("TCP", "Any"):
        return False
    ports = rule.get("localport", "Any")
    return bool(path) if ports == "Any" else _covers(ports, port, "-")
