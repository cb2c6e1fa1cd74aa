"""Rasa custom actions, one file per conversation goal. Flat: rasa-sdk walks the package."""
