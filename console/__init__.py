"""The staff's pages: sign-in, conversations, transcripts."""
