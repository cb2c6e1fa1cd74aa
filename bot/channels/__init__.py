"""Channels convert between a vendor's payloads and our messages, and do nothing else."""
