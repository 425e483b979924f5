"""evdesk: the desk for commissioning, balancing and monitoring EV charging stations."""

__version__ = "0.1.0"
