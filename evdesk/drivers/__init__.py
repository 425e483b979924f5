"""Floor 3: asyncio shells around one device each."""
