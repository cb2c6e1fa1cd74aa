"""The conversation server: channels, inbox, turn, outbox, and the program's command line."""
