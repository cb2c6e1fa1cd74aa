"""Understanding of one utterance: language, intent, entities and sentiment, in English and Chinese."""
