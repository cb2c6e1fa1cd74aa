"""Hearing and seeing: bytes of a voice note or a photo become facts. Knows no bot and no database."""
