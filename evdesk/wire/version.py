"""Raised when a method or event changes so that an older client would misread it."""

API_VERSION = 1
