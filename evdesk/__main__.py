"""`python -m evdesk`."""

import sys

from evdesk.cli import main

if __name__ == "__main__":
    sys.exit(main())
