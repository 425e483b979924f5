"""This computer's network as chargers meet it: addresses, port, firewall, clock, names, and who else is there.

Only this computer is asked, and only what it knows already: no address is scanned. mDNS is the one thing that is sent,
when a person switches it on or asks to look for chargers.
"""

from evdesk.engine.network.service import Network

__all__ = ["Network"]
