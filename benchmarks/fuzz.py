"""Fuzzing: python benchmarks/fuzz.py [--frames N] [--handshakes N] [--seed N].

Mutated frames of the three versions through the protocol code, mutated openings and WebSocket frames through the charger
port, each held to the invariants in tests/fuzz. The same as `make fuzz`; N=1000000 there is the long run.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from tests.fuzz.__main__ import main

    main()
