"""Deterministic fuzzing of what chargers can send: OCPP frames through a dialogue, bytes through a WebSocket peer."""
