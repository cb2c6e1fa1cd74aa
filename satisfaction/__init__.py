"""How satisfied a customer was, and why: a transcript goes in, a score with reasons comes out. Pure."""
