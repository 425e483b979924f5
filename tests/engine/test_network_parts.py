"""The readers of what operating systems say about their network. The texts are samples written after real ones."""

import json

import pytest

from evdesk.engine.network import addresses, cards, clock, firewall, names, neighbours, ports, rules
from evdesk.engine.network.cards import Card
from evdesk.engine.network.known import known
from evdesk.engine.network.mdns import PLAIN, describe, host_label, merge
from evdesk.wire.network import FoundDevice

# -- cards ---------------------------------------------------------------------------------------------------------


def sysfs(root, name, **files):
    (root / name).mkdir(parents=True)
    for file, text in {"type": "1", "operstate": "up", **files}.items():
        path = root / name / file
        if text is None:
            path.mkdir()
        else:
            path.write_text(text)


def test_the_kernel_tells_what_an_interface_is(tmp_path):
    sysfs(tmp_path, "enp1s0", device=None, speed="1000")
    sysfs(tmp_path, "wlp2s0", device=None, wireless=None)
    sysfs(tmp_path, "wwan0", device=None, uevent="DEVTYPE=wwan\n")
    sysfs(tmp_path, "tun0", type="65534", tun_flags="0x1001")
    sysfs(tmp_path, "tap1", tun_flags="0x1002")
    sysfs(tmp_path, "docker0", uevent="DEVTYPE=bridge\n")
    sysfs(tmp_path, "br0", uevent="DEVTYPE=bridge\n", lower_enp1s0=None)
    sysfs(tmp_path, "lo", type="772")
    kinds = {name: cards.linux_kind(name, tmp_path) for name in ("enp1s0", "wlp2s0", "wwan0", "tun0", "tap1", "lo")}
    assert kinds == {
        "enp1s0": "ethernet",
        "wlp2s0": "wifi",
        "wwan0": "mobile",
        "tun0": "vpn",
        "tap1": "vpn",
        "lo": "loopback",
    }
    assert cards.linux_kind("docker0", tmp_path) == "virtual"
    assert cards.linux_kind("br0", tmp_path) == "ethernet"
    assert cards.linux_kind("gone0", tmp_path) == ""
    card = Card("enp1s0", "10.0.0.2", 24, 4)
    cards.add_linux(card, tmp_path)
    assert (card.kind, card.speed_mbit, card.up) == ("ethernet", 1000, True)


@pytest.mark.parametrize(
    ("name", "label", "kind"),
    [
        ("eth0", "", "ethernet"),
        ("{5F1A}", "Intel(R) Ethernet Connection I219-LM", "ethernet"),
        ("{77AB}", "Intel(R) Wi-Fi 6 AX201 160MHz", "wifi"),
        ("{8810}", "TAP-Windows Adapter V9", "vpn"),
        ("{8811}", "Hyper-V Virtual Ethernet Adapter", "virtual"),
        ("utun3", "", "vpn"),
        ("en0", "", "ethernet"),
        ("docker0", "", "virtual"),
    ],
)
def test_names_tell_the_kind_where_nothing_else_does(name, label, kind):
    assert cards.kind_by_name(name, label) == kind


def test_loopback_is_known_by_its_address():
    assert cards.kind_by_name("{0}", "Software Loopback Interface 1", "127.0.0.1") == "loopback"


IP_ADDR = [
    {
        "ifname": "enp1s0",
        "addr_info": [
            {"family": "inet", "local": "192.168.50.10", "dynamic": True, "valid_life_time": 43001},
            {"family": "inet6", "local": "2001:db8::1", "dynamic": True, "valid_life_time": 900},
        ],
    },
    {"ifname": "eth9", "addr_info": [{"family": "inet", "local": "10.9.0.1", "valid_life_time": 4294967295}]},
]


def test_linux_tells_who_gave_an_address():
    told = cards.read_ip_addr(json.dumps(IP_ADDR))
    assert told["192.168.50.10"] == ("dhcp", 43001.0)
    assert told["10.9.0.1"] == ("fixed", None)
    assert told["2001:db8::1"] == ("automatic", 900.0)
    assert cards.read_ip_addr('Object "-j" is unknown') == {}
    route = [{"dst": "default", "gateway": "192.168.50.1", "dev": "enp1s0"}, {"dst": "10.9.0.0/24", "dev": "eth9"}]
    assert cards.read_ip_route(json.dumps(route)) == {"enp1s0": "192.168.50.1"}


def test_network_manager_and_lease_files_tell_the_server():
    text = (
        "GENERAL.DEVICE:enp1s0\nGENERAL.CONNECTION:Charger network\n"
        "DHCP4.OPTION[1]:dhcp_lease_time = 86400\nDHCP4.OPTION[2]:dhcp_server_identifier = 192.168.50.1\n"
        "DHCP4.OPTION[3]:domain_name = site.lan\n\nGENERAL.DEVICE:lo\nGENERAL.CONNECTION:lo\n"
    )
    told = cards.read_nmcli(text)
    assert told["enp1s0"]["dhcp_server_identifier"] == "192.168.50.1"
    assert told["enp1s0"]["connection"] == "Charger network"
    lease = cards.read_lease("# private\nADDRESS=10.0.0.4\nSERVER_ADDRESS=10.0.0.1\nDOMAINNAME=lan\n")
    assert lease == {"ADDRESS": "10.0.0.4", "SERVER_ADDRESS": "10.0.0.1", "DOMAINNAME": "lan"}


WINDOWS = {
    "adapters": [
        {
            "Name": "Ethernet 2",
            "InterfaceDescription": "Realtek PCIe GbE Family Controller",
            "ifIndex": 12,
            "Up": True,
            "Speed": 1000000000,
            "MacAddress": "A0-36-9F-01-02-03",
            "Medium": 14,
            "Virtual": False,
        },
        {
            "Name": "WLAN",
            "InterfaceDescription": "Intel(R) Wireless-AC 9560",
            "ifIndex": 8,
            "Up": True,
            "Speed": 433300000,
            "MacAddress": "A0-36-9F-01-02-04",
            "Medium": 9,
            "Virtual": False,
        },
        {
            "Name": "vEthernet (WSL)",
            "InterfaceDescription": "Hyper-V Virtual Ethernet Adapter",
            "ifIndex": 40,
            "Up": True,
        },
    ],
    "addresses": [
        {"ifIndex": 12, "IPAddress": "192.168.50.10", "Origin": 1, "Lease": None},
        {"ifIndex": 8, "IPAddress": "10.20.4.118", "Origin": 3, "Lease": 7200.0},
        {"ifIndex": 40, "IPAddress": "172.20.0.1", "Origin": 1},
    ],
    "routes": [{"ifIndex": 8, "NextHop": "10.20.4.1"}],
    "dhcp": [{"InterfaceIndex": 8, "DHCPEnabled": True, "DHCPServer": "10.20.4.1", "DNSDomain": "guest.lan"}],
    "profiles": [{"InterfaceIndex": 8, "Name": "Workshop", "Category": 0}],
}


def test_windows_tells_by_numbers_not_by_words():
    wired, wifi, wsl = (
        Card("{A}", "192.168.50.10", 24, 4),
        Card("{B}", "10.20.4.118", 24, 4),
        Card("{C}", "172.20.0.1", 20, 4),
    )
    cards.add_windows([wired, wifi, wsl], json.dumps(WINDOWS))
    assert (wired.name, wired.kind, wired.assigned, wired.speed_mbit) == ("Ethernet 2", "ethernet", "fixed", 1000)
    assert (wifi.kind, wifi.assigned, wifi.lease_s, wifi.dhcp_server) == ("wifi", "dhcp", 7200.0, "10.20.4.1")
    assert (wifi.gateway, wifi.network, wifi.domain) == ("10.20.4.1", "Workshop", "guest.lan")
    assert wsl.kind == "virtual"
    before = Card("{A}", "192.168.50.10", 24, 4)
    cards.add_windows([before], "Get-NetAdapter : not recognized")
    assert before.name == "{A}"


def test_addresses_chargers_cannot_reach_are_marked():
    nobody = Card("eth0", "169.254.7.7", 16, 4, kind="ethernet")
    vpn = Card("tun0", "10.8.0.2", 24, 4, kind="vpn", up=False)
    here = Card("x", "127.0.0.1", 8, 4)
    for card in (nobody, vpn, here):
        cards.warn(card)
    assert (nobody.assigned, nobody.warnings) == ("self", ["self_given"])
    assert vpn.warnings == ["vpn", "down"]
    assert here.warnings == ["loopback"]


# -- port ------------------------------------------------------------------------------------------------------------


def test_the_holder_of_a_port_is_named():
    line = 'LISTEN 0 128 0.0.0.0:9000 0.0.0.0:* users:(("steve",pid=4711,fd=7))'
    assert ports.read_ss(line) == ("steve", 4711)
    assert ports.read_ss("") == ("", None)
    netstat = (
        "\nAktive Verbindungen\n\n  Proto  Lokale Adresse         Remoteadresse          Status           PID\n"
        "  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         1180\n"
        "  TCP    10.0.0.4:9000          10.0.0.9:51000         HERGESTELLT     77\n"
        "  TCP    0.0.0.0:9000           0.0.0.0:0              ABHÖREN         5520\n"
    )
    assert ports.read_netstat(netstat, 9000) == 5520
    assert ports.read_netstat(netstat, 9001) is None
    assert ports.read_tasklist('"csms.exe","5520","Console","1","45.120 K"\r\n') == "csms.exe"
    assert ports.read_tasklist("INFO: No tasks are running") == ""


# -- firewall --------------------------------------------------------------------------------------------------------


def nft(policy, *expressions, more=()):
    chain = {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "policy": policy}
    listed = [{"metainfo": {"version": "1.0.6"}}, {"chain": chain}]
    listed += [{"chain": {"family": "inet", "table": "filter", "name": name}} for name, _ in more]
    for name, parts in (*(("input", e) for e in expressions), *more):
        listed.append({"rule": {"family": "inet", "table": "filter", "chain": name, "expr": parts}})
    return json.dumps({"nftables": listed})


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SOURCE = {"payload": {"protocol": "ip", "field": "saddr"}}
STATE = match({"ct": {"key": "state"}}, {"set": ["established", "related"]}, "in")
LO = match({"meta": {"key": "iifname"}}, "lo")


@pytest.mark.parametrize(
    ("ruleset", "verdict"),
    [
        (nft("accept"), "open"),
        (nft("drop"), "blocked"),
        (nft("drop", [STATE, {"accept": None}], [LO, {"accept": None}]), "blocked"),
        (nft("drop", [match(DPORT, 9000), {"accept": None}]), "open"),
        (nft("drop", [match(DPORT, 22), {"accept": None}]), "blocked"),
        (
            nft("drop", [match(DPORT, {"set": [80, {"range": [8000, 9100]}]}), {"counter": {}}, {"accept": None}]),
            "open",
        ),
        (nft("accept", [match(DPORT, 9000), {"reject": {}}]), "blocked"),
        (nft("accept", [match(DPORT, 9000, "!="), {"drop": None}]), "open"),
        (nft("drop", [match({"payload": {"protocol": "udp", "field": "dport"}}, 9000), {"accept": None}]), "blocked"),
        (
            nft("drop", [match({"payload": {"protocol": "ip", "field": "saddr"}}, "10.0.0.0/8"), {"accept": None}]),
            "maybe",
        ),
        (nft("drop", [match(DPORT, "@allowed"), {"accept": None}]), "maybe"),
        (nft("drop", [{"jump": {"target": "lan"}}], more=[("lan", [match(DPORT, 9000), {"accept": None}])]), "open"),
        (nft("drop", [{"jump": {"target": "lan"}}], more=[("lan", [{"return": None}])]), "blocked"),
        (nft("drop", [{"xt": {"type": "match", "name": "comment"}}, match(DPORT, 9000), {"accept": None}]), "open"),
        (nft("drop", [{"xt": {"type": "match", "name": "conntrack"}}, {"accept": None}]), "maybe"),
        (nft("drop", [match(SOURCE, "10.0.0.0/8"), {"accept": None}], [match(DPORT, 9000), {"accept": None}]), "open"),
        (nft("drop", [match(SOURCE, "10.0.0.0/8"), {"drop": None}], [match(DPORT, 9000), {"accept": None}]), "maybe"),
        (nft("accept", [match(SOURCE, "10.0.0.0/8"), {"accept": None}], [{"drop": None}]), "maybe"),
    ],
)
def test_nftables_rules_are_walked_in_order(ruleset, verdict):
    assert rules.judge(rules.read_nft(ruleset, 9000)) == verdict


REAL = """{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "filter", "handle": 1}},
{"set": {"family": "inet", "name": "web", "table": "filter", "type": "inet_service", "handle": 3, "flags": ["interval"],
 "elem": [80, 443, {"range": [9200, 9300]}]}},
{"chain": {"family": "inet", "table": "filter", "name": "lan", "handle": 1}},
{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 2, "type": "filter", "hook": "input", "prio": 0,
 "policy": "drop"}},
{"rule": {"family": "inet", "table": "filter", "chain": "lan", "handle": 5, "expr": [{"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 7, "expr": [{"vmap": {"key": {"ct": {"key":
 "state"}}, "data": {"set": [["invalid", {"drop": null}], ["established", {"accept": null}], ["related", {"accept":
 null}]]}}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 8, "expr": [{"match": {"op": "==", "left":
 {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@web"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 10, "expr": [{"vmap": {"key": {"payload":
 {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22, {"accept": null}], [{"range": [9000, 9100]}, {"jump":
 {"target": "lan"}}]]}}}]}}]}"""
"""As nft 1.0.6 writes it."""


@pytest.mark.parametrize(
    ("port", "verdict"), [(22, "open"), (9050, "open"), (9250, "open"), (9500, "blocked"), (443, "open")]
)
def test_maps_and_named_sets_of_nftables(port, verdict):
    assert rules.judge(rules.read_nft(REAL, port)) == verdict


def test_a_firewall_without_a_rule_says_nothing():
    assert not rules.says_something(rules.read_nft('{"nftables": []}', 1))
    assert not rules.says_something(rules.read_iptables("-P INPUT ACCEPT\n-P FORWARD DROP\n", 1))
    assert rules.says_something(rules.read_iptables("-P INPUT DROP\n", 1))


def test_text_that_is_no_ruleset_is_not_judged():
    assert rules.read_nft("Operation not permitted (you must be root)", 9000) is None


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [
        ("-P INPUT ACCEPT\n", "open"),
        ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n", "blocked"),
        ("-P INPUT DROP\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", "blocked"),
        ("-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 9000 -j ACCEPT\n", "open"),
        (
            '-P INPUT DROP\n-A INPUT -p tcp -m multiport --dports 80,8000:9100 -m comment --comment "a b" -j ACCEPT\n',
            "open",
        ),
        ("-P INPUT DROP\n-A INPUT -s 192.168.0.0/16 -p tcp -j ACCEPT\n", "maybe"),
        ("-P INPUT ACCEPT\n-A INPUT -p tcp ! --dport 22 -j REJECT --reject-with tcp-reset\n", "blocked"),
        ("-P INPUT DROP\n-N LAN\n-A INPUT -j LAN\n-A LAN -p tcp --dport 9000 -j ACCEPT\n", "open"),
        (
            '-P INPUT ACCEPT\n-N DENY\n-A INPUT -p tcp -j DENY\n-A DENY -j LOG --log-prefix "no "\n-A DENY -j DROP\n',
            "blocked",
        ),
    ],
)
def test_iptables_rules_are_walked_in_order(listed, verdict):
    assert rules.judge(rules.read_iptables(listed, 9000)) == verdict


UFW = """Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere
8000:9100/tcp              ALLOW       Anywhere
9200/tcp                   DENY        Anywhere
9300/tcp                   ALLOW       192.168.50.0/24
22/tcp (v6)                ALLOW       Anywhere (v6)
"""


def test_ufw_says_open_blocked_or_keeps_to_itself():
    assert firewall.ufw(UFW, "", 9000).code == "open"
    assert firewall.ufw(UFW, "", 9200).code == "blocked"
    assert firewall.ufw(UFW, "", 9300).code == "some_only"
    closed = firewall.ufw(UFW, "", 9700)
    assert (closed.state, closed.command) == ("bad", "sudo ufw allow 9700/tcp")
    assert firewall.ufw("Status: inactive\n", "ENABLED=no", 9000) is None
    unread = firewall.ufw("", "ENABLED=yes\n", 9000)
    assert (unread.state, unread.code, unread.command) == ("unknown", "cannot_check", "sudo ufw status")
    assert firewall.ufw("", "ENABLED=no\n", 9000) is None


def test_firewalld_zone_decides():
    listed = "public (active)\n  target: default\n  services: dhcpv6-client ssh\n  ports: 8000-9100/tcp 53/udp\n"
    assert firewall.firewalld(listed, 9000).code == "open"
    closed = firewall.firewalld(listed, 53)
    assert (closed.code, closed.detail["zone"]) == ("blocked", "public")
    assert "--add-port=53/tcp" in closed.command
    assert firewall.firewalld("trusted (active)\n  target: ACCEPT\n", 1).code == "open"
    assert firewall.firewalld("", 1).code == "cannot_check"


def com(current=4, on=(1, 2, 4), block=(1, 2, 4), rules=()):
    return json.dumps({"current": current, "on": list(on), "block": list(block), "rules": list(rules)})


def rule(**more):
    return {
        "Name": "r",
        "Protocol": 6,
        "LocalPorts": "9000",
        "Action": 1,
        "Profiles": 7,
        "ApplicationName": None,
    } | more


HERE = r"C:\Program Files\evdesk\evdesk.exe"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (com(), "blocked"),
        (com(on=()), "none"),
        (com(block=()), "open"),
        (com(rules=[rule()]), "open"),
        (com(rules=[rule(LocalPorts="8000-9100,443")]), "open"),
        (com(rules=[rule(LocalPorts="80")]), "blocked"),
        (com(rules=[rule(Profiles=2)]), "blocked"),
        (com(current=2, rules=[rule(Profiles=2)]), "open"),
        (com(rules=[rule(), rule(Action=0)]), "blocked"),
        (com(rules=[rule(LocalPorts="*", ApplicationName=HERE.lower())]), "open"),
        (com(rules=[rule(LocalPorts="*", ApplicationName=r"C:\other.exe")]), "blocked"),
        (com(rules=[rule(LocalPorts="*")]), "blocked"),
    ],
)
def test_windows_rules_as_objects(told, code):
    found = firewall.windows_rules(told, 9000, HERE)
    assert found.code == code
    assert (code != "blocked") == (not found.command)


PROFILE = """
Public Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
LocalFirewallRules                    N/A (GPO-store only)
Ok.
"""
NETSH = """
Rule Name:                            evdesk chargers
----------------------------------------------------------------------
Enabled:                              Yes
Direction:                            In
Profiles:                             Private,Public
LocalIP:                              Any
RemoteIP:                             Any
Protocol:                             TCP
LocalPort:                            9000
RemotePort:                           Any
Action:                               Allow

Rule Name:                            python
----------------------------------------------------------------------
Enabled:                              Yes
Direction:                            In
Profiles:                             Public
Program:                              C:\\python\\python.exe
Protocol:                             TCP
LocalPort:                            Any
Action:                               Block
"""


def test_netsh_in_english_and_in_other_languages():
    assert firewall.netsh(PROFILE, NETSH, 9000, HERE).code == "open"
    shut = firewall.netsh(PROFILE, NETSH, 9001, HERE)
    assert (shut.code, shut.detail["profile"]) == ("blocked", "public")
    assert "localport=9001" in shut.command
    assert firewall.netsh(PROFILE, NETSH, 9000, "C:\\Python\\python.exe").code == "blocked"
    assert firewall.netsh(PROFILE.replace("ON", "OFF"), NETSH, 9001, HERE).code == "none"
    german = "\nÖffentliches Profil-Einstellungen:\n-----\nStatus                                EIN\n"
    assert firewall.netsh(german, "Regelname:  x\n", 9000, HERE).code == "cannot_check"


# -- clock, name, address ------------------------------------------------------------------------------------------


def test_the_clock_is_judged_by_the_systems_own_service():
    shown = "Timezone=Europe/Berlin\nNTP=yes\nNTPSynchronized={}\n"
    status = "       Server: 192.168.50.1 (192.168.50.1)\n      Offset: -12.5ms\n"
    good = clock.timedatectl(shown.format("yes"), status)
    assert (good.state, good.code, good.detail) == (
        "ok",
        "synchronised",
        {"server": "192.168.50.1", "offset_s": "-0.013"},
    )
    assert clock.timedatectl(shown.format("yes"), "  Offset: +4.2s\n").code == "off"
    assert clock.timedatectl(shown.format("no"), "").code == "not_synchronised"
    assert clock.timedatectl("NTP=no\nNTPSynchronized=no\n", "").code == "service_off"
    assert clock.timedatectl(shown.format("yes"), "").detail == {}


def test_chrony_and_windows_tell_their_offset():
    chrony = (
        "Reference ID    : C0A83201 (192.168.50.1)\nSystem time     : 3.500000000 seconds slow of NTP time\n"
        "Leap status     : Normal\n"
    )
    found = clock.chrony(chrony)
    assert (found.code, found.detail["offset_s"]) == ("off", "-3.500")
    assert clock.chrony("Leap status     : Not synchronised\n").code == "not_synchronised"
    windows = (
        "Leap Indicator: 0(no warning)\nSource: time.windows.com,0x8 \nLast Successful Sync Time: 11/26/2026 6:01:02 PM\n"
        "Phase Offset: 0.1254000s\n"
    )
    assert clock.w32tm(windows).detail == {"server": "time.windows.com", "offset_s": "0.125"}
    assert clock.w32tm("Source: Local CMOS Clock\nPhase Offset: 0.0000000s\n").code == "not_synchronised"
    assert clock.w32tm("Sprungindikator: 0\nQuelle: time.windows.com\n").code == "cannot_check"


def test_a_name_helps_only_where_it_leads_here():
    own = {"192.168.50.10"}
    assert names.judge_name("lab", "", set(), own).code == "unknown_name"
    assert names.judge_name("lab", "", {"127.0.1.1"}, own).code == "only_here"
    assert names.judge_name("lab.site.lan", "site.lan", {"10.1.1.1"}, own).code == "elsewhere"
    assert names.judge_name("lab.site.lan", "site.lan", {"192.168.50.10", "::1"}, own).code == "resolves"
    assert names.search_domain("# x\nnameserver 10.0.0.1\nsearch site.lan lan\n") == "site.lan"
    assert names.search_domain("search .\n") == ""


def again(folder):
    memory = addresses.Memory(folder)
    memory.read()
    return memory


def test_the_address_is_remembered_across_runs(tmp_path):
    memory = again(tmp_path)
    card = Card("eth0", "10.0.0.4", 24, 4, kind="ethernet", assigned="dhcp", dhcp_server="10.0.0.1", lease_s=3600)
    assert memory.see([card], 1000.0)
    assert not memory.see([card], 1500.0)
    memory.save()
    lent = addresses.check_address([card], memory, 2000.0)
    assert (lent.code, lent.state, lent.detail["server"]) == ("lent", "warn", "10.0.0.1")
    later = again(tmp_path)
    assert later.first_seen(card) == 1000.0
    assert addresses.check_address([card], later, 1000.0 + 6 * 86_400).code == "kept"
    moved = Card("eth0", "10.0.0.9", 24, 4, kind="ethernet", assigned="dhcp")
    assert later.see([moved], 5000.0)
    later.save()
    changed = addresses.check_address([moved], again(tmp_path), 6000.0)
    assert (changed.code, changed.detail["before"]) == ("changed", "10.0.0.4")
    (tmp_path / addresses.FILE).write_text("[1, 2")
    assert again(tmp_path).since == {}


def test_no_address_or_one_nobody_gave_is_said(tmp_path):
    memory = addresses.Memory(tmp_path)
    loop = Card("lo", "127.0.0.1", 8, 4, kind="loopback")
    nobody = Card("eth0", "169.254.1.1", 16, 4, kind="ethernet", assigned="self")
    fixed = Card("eth1", "10.0.0.1", 24, 4, kind="ethernet", assigned="fixed")
    assert addresses.check_address([loop], memory, 0.0).code == "none"
    assert addresses.check_address([loop, nobody], memory, 0.0).code == "self_given"
    assert addresses.check_address([nobody, fixed], memory, 0.0).code == "fixed"


# -- who else is there -----------------------------------------------------------------------------------------------


def test_neighbours_are_read_from_the_systems_table():
    linux = [
        {"dst": "192.168.50.77", "dev": "eth0", "lladdr": "00:60:B5:01:02:03", "state": ["REACHABLE"]},
        {"dst": "192.168.50.9", "dev": "eth0", "state": ["FAILED"]},
    ]
    (one,) = neighbours.read_ip_neigh(json.dumps(linux))
    assert (one.address, one.mac, one.interface) == ("192.168.50.77", "00:60:b5:01:02:03", "eth0")
    assert known().by_card(one.mac).maker == "KEBA"
    windows = (
        "\nSchnittstelle: 192.168.50.10 --- 0xc\n  Internetadresse       Physische Adresse     Typ\n"
        "  192.168.50.45         7c-ba-c0-11-22-33     dynamisch\n"
        "  192.168.50.255        ff-ff-ff-ff-ff-ff     statisch\n"
        "  224.0.0.22            01-00-5e-00-00-16     statisch\n"
    )
    (two,) = neighbours.read_arp(windows)
    assert (two.address, known().by_card(two.mac).maker) == ("192.168.50.45", "EVBox")
    assert known().by_card(two.mac).certain
    assert known().by_card("02:00:00:00:00:01") is None


def test_services_become_devices_only_where_something_says_charger():
    kind = "_go-e_go-eCharger._tcp.local."
    one = describe(kind, f"go-eCharger_123456.{kind}", ["10.0.0.5"], 80, {})
    assert (one.maker, one.certain, one.name) == ("go-e", True, "go-eCharger_123456")
    http = "_http._tcp.local."
    assert describe(http, f"Printer.{http}", ["10.0.0.6"], 80, {}) is None
    assert describe(http, f"SmartEVSE-1234.{http}", ["10.0.0.7"], 80, {}).maker == "SmartEVSE"
    ship = describe(
        "_ship._tcp.local.", "Wallbox._ship._tcp.local.", ["10.0.0.8"], 4712, {"brand": "Acme", "model": "X"}
    )
    assert (ship.maker, ship.model, ship.certain) == ("Acme", "X", False)
    assert describe(PLAIN, f"x.{PLAIN}", [], 80, {}) is None


def test_one_line_per_address_and_sure_ones_first():
    found = [
        FoundDevice("10.0.0.9", "mdns", "a"),
        FoundDevice("10.0.0.20", "mdns", "b", certain=True),
        FoundDevice("10.0.0.9", "mdns", "c", maker="KEBA"),
    ]
    assert [(one.address, one.name) for one in merge(found)] == [("10.0.0.20", "b"), ("10.0.0.9", "c")]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Laptop", "evdesk-laptop"),
        ("DESKTOP_4 ü.site.lan", "evdesk-desktop-4"),
        ("...", "evdesk-desk"),
        ("x" * 90, None),
    ],
)
def test_the_announced_name_is_a_valid_label(name, label):
    made = host_label(name)
    assert len(made) <= 63
    assert label is None or made == label
