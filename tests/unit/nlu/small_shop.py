"""A small encoder and a small set of examples, enough to train a real model in about a second."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.encoder import Vectors

EXAMPLES = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
    - hey
    - good morning to you
    - hello, anybody there
    - hi
    - 你好
    - 您好啊
    - 早上好
    - 在吗
    - 嗨 你好
- intent: ask_order_status
  examples: |
    - where is my order [A1024](order_number)
    - where is my [blue mug](product)
    - has my order shipped yet
    - when does my parcel arrive
    - track order [A2048](order_number) please
    - any news about my parcel
    - 我的订单[A1024](order_number)到哪里了
    - 我的包裹什么时候到
    - 查一下订单[A3391](order_number)的物流
    - 订单发货了吗
    - 快递到哪了
- intent: cancel_order
  examples: |
    - cancel my order
    - please cancel [A1024](order_number)
    - I want to cancel the [kettle](product)
    - cancel it, I do not need it
    - stop the order and cancel
    - 取消订单
    - 帮我取消[A1024](order_number)
    - 这个订单不要了，取消吧
    - 我要取消
    - 撤单
- intent: inform
  examples: |
    - "it's [A1024](order_number)"
    - my name is [Jane Miller](person)
    - my name is [Robert Hughes](person)
    - I am [Priya Nair](person)
    - my email is [jane@example.com](email)
    - order number [A2048](order_number)
    - 订单号是[A1024](order_number)
    - 我叫[王小明](person)
    - 我叫[李秀英](person)
    - 我的邮箱是[li@example.com](email)
- intent: change_contact
  examples: |
    - change my [phone]{"entity": "contact_field", "value": "phone"}
    - I want to update my [mobile number]{"entity": "contact_field", "value": "phone"}
    - new [email]{"entity": "contact_field", "value": "email"} for my account
    - please change my [address]{"entity": "contact_field", "value": "address"}
    - 修改[手机号]{"entity": "contact_field", "value": "phone"}
    - 换个[邮箱]{"entity": "contact_field", "value": "email"}
    - 我要改[地址]{"entity": "contact_field", "value": "address"}
    - 更新一下[电话]{"entity": "contact_field", "value": "phone"}
- intent: out_of_scope
  examples: |
    - what is the capital of France
    - tell me a joke
    - will it rain tomorrow
    - who won the match
    - 今天天气怎么样
    - 讲个笑话
    - 股票涨了吗
    - 你吃饭了吗
- synonym: phone
  examples: |
    - phone
    - mobile number
    - 手机号
    - 电话
- synonym: email
  examples: |
    - email
    - 邮箱
- lookup: contact_field
  examples: |
    - phone
    - mobile number
    - email
    - 手机号
    - 邮箱
- regex: serial_number
  examples: |
    - XK-\\d{4}
- regex: order_number
  examples: |
    - A\\d{4,8}
"""

SENTIMENT = {
    "en": """label\ttext
positive\tgreat service, thank you
positive\tI love it
positive\tvery good and fast
positive\texcellent, I am happy
negative\tterrible service
negative\tthis is awful and broken
negative\tnot good at all
negative\tI am angry, worst shop
neutral\twhere is my order
neutral\tmy number is on the form
neutral\tdo you ship to Canada
neutral\twhat time do you open
""",
    "zh": """positive\t非常好，很满意
positive\t服务真棒
positive\t太喜欢了
negative\t太差了
negative\t质量很烂，我很生气
negative\t不好用
neutral\t订单到哪里了
neutral\t几点开门
neutral\t我要改地址
""",
}


class HashingEncoder:
    """Vectors of 16 components from the words of a text: no weights, yet alike for texts that share words."""

    identity = "hashing-16"
    dimension = 16
    reads_chinese = False

    def knows(self, word: str) -> bool:
        return word in {"weather", "postcode"}

    def word_classes(self, word: str) -> tuple[int, ...]:
        return ()

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, zlib.crc32(word.encode("utf-8")) % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        return self.encode(texts)


def write_data(directory: Path) -> Path:
    (directory / "sentiment").mkdir(parents=True)
    (directory / "shop.yml").write_text(EXAMPLES, encoding="utf-8")
    for language, lines in SENTIMENT.items():
        (directory / "sentiment" / f"{language}.tsv").write_text(lines, encoding="utf-8")
    return directory
