"""The few things the server itself says to customers, when the dialogue engine cannot or need not be asked."""

from __future__ import annotations

from typing import Literal

Phrase = Literal[
    "technical_problem",
    "heard",
    "silent_note",
    "unreadable_note",
    "long_note",
    "large_note",
    "lost_note",
    "unreadable_photo",
    "large_photo",
    "lost_photo",
    "slow_media",
    "too_long_text",
    "location_seen",
    "contact_seen",
    "contact_of_another",
    "contact_unknown",
    "sticker_seen",
    "video_unwatched",
    "document_unread",
    "kind_unknown",
]

_PHRASES: dict[Phrase, dict[str, str]] = {
    "technical_problem": {
        "en": "I'm sorry, something went wrong on our side and I could not answer that. "
        "Your message is saved and a colleague can see it. Please try again in a moment.",
        "zh": "非常抱歉，我们这边出了点问题，暂时没能回答您。您的消息已经保存，同事可以看到，请稍后再试。",
    },
    "heard": {
        "en": "I heard: “{words}”",
        "zh": "我听到的是：“{words}”",
    },
    "silent_note": {
        "en": "I could not hear anything in that voice note. Please record it again a little closer to the "
        "microphone, or type your message.",
        "zh": "这条语音里我没有听到声音。请靠近麦克风再录一次，或者直接打字告诉我。",
    },
    "unreadable_note": {
        "en": "I could not open that voice note; it may have been cut off. "
        "Please record it again, or type your message.",
        "zh": "这条语音无法打开，可能没有录完整。请您重新录一次，或者直接打字告诉我。",
    },
    "long_note": {
        "en": "That voice note is longer than I can listen to. "
        "Please keep it under {minutes} minutes, or type your message.",
        "zh": "这条语音太长了，我听不完。请控制在{minutes}分钟以内，或者直接打字告诉我。",
    },
    "large_note": {
        "en": "That recording is too large for me, so nobody here has it. "
        "Please send a shorter one, or type your message.",
        "zh": "这条录音文件太大，我们没有收到内容。请发一条短一些的，或者直接打字告诉我。",
    },
    "lost_note": {
        "en": "I could not fetch that recording, so nobody here has heard it. "
        "Please send it again, or type your message.",
        "zh": "这条录音没有接收成功，我们听不到内容。请您再发一次，或者直接打字告诉我。",
    },
    "unreadable_photo": {
        "en": "I could not open that picture. Please send it again as a JPEG, PNG or WebP photo.",
        "zh": "这张图片无法打开，请以 JPEG、PNG 或 WebP 格式重新发送。",
    },
    "large_photo": {
        "en": "That picture is too large for me to look at. Please send a smaller one, or describe it in a few words.",
        "zh": "这张图片太大，我看不了。请发一张小一些的，或者用几句话描述一下。",
    },
    "lost_photo": {
        "en": "I could not fetch that picture, so nobody here has seen it. "
        "Please send it again, or describe it in a few words.",
        "zh": "这张图片没有接收成功，我们看不到内容。请您再发一次，或者用几句话描述一下。",
    },
    "slow_media": {
        "en": "That took me too long to look at, so I stopped. A colleague can still see what you sent. "
        "Please describe it in a few words.",
        "zh": "这个文件处理时间过长，我先停下了。同事仍然可以看到您发的内容，请用几句话描述一下。",
    },
    "too_long_text": {
        "en": "That message is longer than I can read in one go. "
        "Please send the important part again in at most {characters} characters.",
        "zh": "这条消息太长了，我一次读不完。请把要点重新发一遍，不超过 {characters} 个字符。",
    },
    "location_seen": {
        "en": "Thank you. I can't read maps, but my colleagues can see the location here. "
        "Please tell me in words what you need.",
        "zh": "谢谢。我看不懂地图，不过同事可以在这里看到您发的位置。请用文字告诉我您的需要。",
    },
    "contact_seen": {
        "en": "Thank you. I can't use this contact myself, but my colleagues can see it here. "
        "Please tell me in words what you need.",
        "zh": "谢谢。我无法直接使用这个联系人，不过同事可以在这里看到。请用文字告诉我您的需要。",
    },
    "contact_of_another": {
        "en": "Thank you. To protect our customers' data, I can only take your own phone number, shared by yourself. "
        "My colleagues can see this contact here.",
        "zh": "谢谢。为了保护客户信息，我只能使用您本人分享的自己的手机号。同事可以在这里看到这个联系人。",
    },
    "contact_unknown": {
        "en": "Thank you. I find no customer with this phone number. Did you order with another number or an e-mail "
        "address? Then please send me that, together with your order number.",
        "zh": "谢谢。没有找到使用这个手机号的客户。如果您下单时留的是其他号码或邮箱，请把它和订单号一起发给我。",
    },
    "sticker_seen": {
        "en": "Thank you for the sticker! I understand words, photos and voice notes best.",
        "zh": "谢谢您的表情！我能看懂文字、照片，也能听语音。",
    },
    "video_unwatched": {
        "en": "I can't watch videos, so nobody here has seen it. "
        "Please send photos instead, or tell me in a few words what it shows.",
        "zh": "我看不了视频，视频内容也没有保存。请改发照片，或者用几句话说说视频里的情况。",
    },
    "document_unread": {
        "en": "I can't open documents, so nobody here has read it. "
        "Please send a photo of it, or tell me in a few words what it says.",
        "zh": "我打不开文档，文档内容也没有保存。请把它拍成照片发给我，或者用几句话说说内容。",
    },
    "kind_unknown": {
        "en": "I can't read this kind of message. Please write it in words, or send a photo or a voice note.",
        "zh": "我看不懂这种消息。请用文字告诉我，也可以发照片或语音。",
    },
}


def phrase(key: Phrase, language: str, **values: object) -> str:
    """The words in the customer's language, English where there is none."""
    return _PHRASES[key].get(language, _PHRASES[key]["en"]).format(**values)
