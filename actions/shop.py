"""The shop: whether it has a product and at what price, and what it has written down of shipping, returns and more."""

from __future__ import annotations

from actions.base import CrmAction, Desk
from actions.outcome import Button, Outcome, Say, payload, say
from actions.turn import KNOWLEDGE_TOLD, Answer, Language
from actions.wording import money, one_line, product_name
from crm.models import Product
from crm.shop import GOOD_MATCH, ProductMatch, find_products


class TellProduct(CrmAction):
    """Answers with price and stock of the product that was named, or offers the nearest ones."""

    action_name = "action_tell_product"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        words = desk.turn.entity("product")
        matches = find_products(desk.session, words or desk.turn.text)
        language = desk.turn.language
        if matches and matches[0].likeness >= GOOD_MATCH:
            return Outcome((_told(matches[0].product, language, _buttons(matches[1:], language)),))
        if words is None:
            return Outcome((say("utter_product_wanted", *_buttons(matches, language)),))
        response = "utter_product_nearest" if matches else "utter_product_unknown"
        return Outcome((say(response, *_buttons(matches, language), product=one_line(words)),))


class TellKnowledge(CrmAction):
    """Answers with the passage of the shop's knowledge that was found; without one says that it does not know."""

    action_name = "action_tell_knowledge"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        if desk.turn.answer is None:
            return Outcome((say("utter_knowledge_missing", offer="ask_human"),))
        return Outcome((knowledge_told(desk.turn.answer),))


def knowledge_told(answer: Answer) -> Say:
    """The passage under its title, with the buttons of its file; one that may miss the question says so."""
    buttons = tuple(Button(title, pressed) for title, pressed in answer.buttons)
    if not answer.exact:
        return say("utter_knowledge_near", *buttons, title=answer.title, passage=answer.text, offer="ask_human")
    return say("utter_knowledge_told", *buttons, title=answer.title, passage=answer.text, done=KNOWLEDGE_TOLD)


def _told(product: Product, language: Language, others: tuple[Button, ...]) -> Say:
    response = "utter_product_told" if product.stock > 0 else "utter_product_sold_out"
    return say(
        response,
        *others,
        product=product_name(product, language),
        price=money(product.price_minor, product.currency),
        stock=str(product.stock),
        done="product_told",
    )


def _buttons(matches: list[ProductMatch], language: Language) -> tuple[Button, ...]:
    names = (product_name(each.product, language) for each in matches)
    return tuple(Button(name, payload("ask_product", product=name)) for name in names)
