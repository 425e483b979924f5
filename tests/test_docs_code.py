"""The code in docs/balance-api.md runs, in the order of the page."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "balance-api.md"


def test_the_code_of_the_balance_api_page_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 4
    scope: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), scope)
