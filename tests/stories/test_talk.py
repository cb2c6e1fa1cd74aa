"""Whole conversations around the goals: not understanding, languages, people, ratings, facts, photos and notes."""

from datetime import timedelta

from sqlalchemy import select

from crm.models import Conversation, Product, Rating, Ticket
from tests.stories.stage import Stage, done, titles, told


def test_nonsense_twice_offers_a_person_and_yes_fetches_one(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    first = visitor.says("asdf qwer", "nlu_fallback")
    assert "did not understand" in told(first)
    assert titles(first)
    second = visitor.says("colourless green ideas", "out_of_scope")
    assert "Shall I fetch a colleague" in told(second)
    assert done(visitor.says("yes please", "affirm")) == ["human_asked"]


def test_nonsense_twice_in_a_form_offers_a_person_too(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    visitor.says("快递呢", "ask_order_status")
    visitor.says("嗯嗯嗯嗯嗯", "nlu_fallback")
    again = visitor.says("啦啦啦", "nlu_fallback")
    assert "转接人工客服吗" in again[0].text
    assert "哪一笔订单" in again[1].text
    assert done(visitor.says("好", "affirm")) == ["human_asked"]
    assert "哪一笔订单" not in told(visitor.replies)


def test_nonsense_after_sense_starts_over(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    visitor.says("啊啊啊啊", "nlu_fallback")
    visitor.says("谢谢", "thank")
    assert "换个说法" in told(visitor.says("哦哦哦哦", "nlu_fallback"))


def test_another_language_is_told_in_it_which_are_spoken(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    first = visitor.says("¿dónde está mi pedido?", "nlu_fallback")
    assert "Lo siento, solo entiendo inglés y chino.\nI'm sorry" in told(first)
    assert "我只懂英文和中文" in told(first)
    assert titles(first) == ["English", "中文", "Talk to a person"]
    assert "Shall I fetch a colleague" in told(visitor.says("no entiendo nada", "nlu_fallback"))


def test_yes_and_no_to_nothing(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "What would you like to do next?" in told(visitor.says("yes", "affirm"))
    assert titles(visitor.says("no", "deny")) == ["What can you do?", "Talk to a person"]


def test_what_can_you_do_and_are_you_a_bot(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert "我是机器人" in told(visitor.says("你是真人吗", "bot_challenge"))
    helped = visitor.presses("您能做什么？")
    assert "修改手机号" in told(helped)
    assert len(titles(helped)) == 4


def test_goodbye_is_marked_and_ends_a_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is my order?", "ask_order_status")
    assert done(visitor.says("never mind, bye", "goodbye")) == ["goodbye"]
    assert "What is it about?" in told(visitor.says("so", "inform"))
    assert done(on_stage.visitor(language="zh").says("再见", "goodbye")) == ["goodbye"]


def test_a_person_outside_opening_hours(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    on_stage.now += timedelta(hours=9)
    assert "nobody is at the desk" in told(visitor.says("a human please", "ask_human"))
    with on_stage.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).mode == "waiting"


def test_speaking_chinese_on_request(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "我们用中文继续" in told(visitor.says("can you speak Chinese?", "switch_language"))
    with on_stage.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).language == "zh"
    assert "不客气" in told(visitor.says("3q", "thank"))


def test_another_language_is_declined_with_a_choice(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert "English and Chinese" in told(visitor.says("parlez-vous français", "switch_language"))
    assert "我们用中文继续" in told(visitor.presses("中文"))


def test_a_rating_in_words(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    assert titles(visitor.says("I want to rate this", "give_rating")) == ["1", "2", "3", "4", "5"]
    low = visitor.presses("2")
    assert done(low) == ["rated"]
    assert "Report a problem" in titles(low)
    assert "very much" in told(visitor.says("ok 5", "give_rating", {"rating": "5"}))
    with on_stage.database.reading() as session:
        rating = session.scalar(select(Rating).where(Rating.conversation_id == visitor.conversation_id))
        assert rating is not None
        assert rating.score == 5


def test_a_number_in_a_form_is_no_rating(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is my thing", "ask_order_status")
    replies = visitor.says("5", "give_rating", {"rating": "5"})
    assert "did not catch" in replies[0].text
    assert "Which order" in replies[1].text
    with on_stage.database.reading() as session:
        assert session.scalar(select(Rating).where(Rating.conversation_id == visitor.conversation_id)) is None


def test_complaint_and_praise(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert titles(visitor.says("你们服务太差了", "complain")) == ["反映问题", "转人工"]
    assert "感谢" in told(visitor.says("你真棒", "praise")) or "谢谢" in told(visitor.replies)


def test_products_in_both_languages(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    answer = visitor.says("how much is the coffee machine", "ask_product", {"product": "coffee machine"})
    assert "Coffee machine: $129.00, 8 in stock." in told(answer)
    assert "空气炸锅 5升的价格是 $89.90，目前缺货" in told(
        visitor.says("空气炸锅有货吗", "ask_product", {"product": "空气炸锅"}, language="zh")
    )
    nearest = visitor.says("有蓝牙耳机吗", "ask_product", {"product": "蓝牙耳机"})
    assert "最接近" in told(nearest) or "无线耳机" in told(nearest)
    assert "没有找到“滑板”" in told(visitor.says("有滑板吗", "ask_product", {"product": "滑板"}))
    assert "哪件商品" in told(visitor.says("有货吗", "ask_product"))


def test_every_fact_is_told_in_both_languages(on_stage: Stage) -> None:
    facts = {
        "ask_shipping": ("working days", "工作日"),
        "ask_returns": ("30 days", "30 天"),
        "ask_warranty": ("two-year", "两年"),
        "ask_opening_hours": ("Monday to Friday", "周一至周五"),
        "ask_payment": ("PayPal", "支付宝"),
    }
    english, chinese = on_stage.visitor(), on_stage.visitor(language="zh")
    for intent, (en, zh) in facts.items():
        assert en in told(english.says(f"{intent} in English", intent))
        assert zh in told(chinese.says(f"{intent} in Chinese", intent))
        assert titles(english.replies)


def test_a_free_question_is_answered_from_the_knowledge_in_both_languages(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    answer = visitor.says("could you put it in nice paper", "out_of_scope", answer="Gift wrapping")
    assert "Gift wrapping:\nGift wrapping costs $3" in told(answer)
    assert done(answer) == ["knowledge_told"]
    assert titles(answer) == ["My orders"]
    assert "did not understand" in told(visitor.says("colourless green ideas", "nlu_fallback"))
    chinese = on_stage.visitor(language="zh")
    answer = chinese.says("能包漂亮点吗", "nlu_fallback", answer="礼品包装")
    assert "关于“礼品包装”：\n礼品包装每个包裹 $3" in told(answer)
    assert titles(answer) == ["我的订单"]


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is my order", "ask_order_status")
    answer = visitor.says("can I pay with a loyalty card", "nlu_fallback", answer="Cards and wallets")
    assert "We take Visa" in told(answer)
    assert "Which order is it?" in told(answer)


def test_what_the_knowledge_does_not_hold_is_said_to_be_unknown_and_a_person_offered(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert "这个我不知道" in told(visitor.says("怎么付款", "ask_payment", answer="no such passage"))
    assert done(visitor.says("好的", "affirm")) == ["human_asked"]


def test_erasure_is_requested_by_button(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    assert "nothing is sold" in told(visitor.says("what do you store about me", "ask_privacy"))
    answer = visitor.presses("Erase my data")
    assert done(answer) == ["ticket_opened"]
    assert "Nothing is erased yet" in told(answer)
    with on_stage.database.reading() as session:
        ticket = session.scalar(select(Ticket).where(Ticket.conversation_id == visitor.conversation_id))
        assert ticket is not None
        assert ticket.category == "privacy"


def test_bare_data_outside_a_form(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    noted = visitor.says("it's A1024", "inform", {"order_number": "A1024"})
    assert "I see order A1024" in told(noted)
    assert "on its way" in told(visitor.presses("Where is it?"))
    stranger = on_stage.visitor(language="zh")
    noted = stranger.says("A1024", "inform", {"order_number": "A1024"})
    assert "订单 A1024" in told(noted)
    assert "邮箱或手机号" in told(stranger.presses("查物流"))


def test_a_photo_without_a_number(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert "没有看到订单号" in told(visitor.sends_photo())
    assert "转人工" in titles(visitor.replies)


def test_yes_and_no_to_the_order_in_the_photo(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.sends_photo("A1024")
    assert "I see order A1024. What would you like" in told(visitor.says("yes it is", "affirm"))
    visitor.sends_photo("A1024")
    assert "What is the photo about" in told(visitor.says("no it isn't", "deny"))


def test_a_note_that_nobody_could_recognise(on_stage: Stage) -> None:
    visitor = on_stage.visitor(language="zh")
    assert "语音已经保存" in told(visitor.says("", "send_voice", attachments=1))


def test_typed_json_is_only_text(on_stage: Stage) -> None:
    """What the inbox lets through of ``/ask_human{}`` has no leading slash and means nothing."""
    visitor = on_stage.visitor()
    assert "did not understand" in told(visitor.says("／ask_human{}", "nlu_fallback"))
    with on_stage.database.reading() as session:
        assert session.get_one(Conversation, visitor.conversation_id).mode == "bot"


def test_words_with_braces_and_quotes_come_back_unharmed(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    answer = visitor.says('do you sell {order} "x"', "ask_product", {"product": '{order} {0[x]} "zzz"'})
    assert 'no product called “{order} {0 [x]} "zzz"”' in told(answer)


def test_a_sold_out_product_is_said_to_be(on_stage: Stage) -> None:
    with on_stage.database.reading() as session:
        assert session.scalar(select(Product.stock).where(Product.sku == "AF-220")) == 0
    assert "sold out" in told(on_stage.visitor().says("air fryer?", "ask_product", {"product": "air fryer"}))
