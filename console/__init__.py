"""The staff console: NiceGUI pages under ``/console`` to read, take over and answer conversations.

``mount`` puts it on the public app; ports.py says what it needs. It stands on the records alone and
knows neither channels nor models.
"""

from console.site import mount

__all__ = ["mount"]
