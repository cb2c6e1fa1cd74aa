"""The customer records: people, orders, tickets, conversations and scores, in one database."""
