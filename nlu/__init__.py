"""Understanding of one utterance: language, intent, entities and sentiment, in English and Chinese.

Preparing (once, at set-up; each does nothing when it is done already)::

    from nlu.encoder_export import export_encoder
    from nlu.provenance import is_current
    from nlu.training import train

    export_encoder(encoder_dir)                       # torch to ONNX int8, in a process of its own
    if not is_current(data_dir, encoder_dir, model_dir):
        report = train(data_dir, encoder_dir, model_dir)  # data_dir: data/nlu

Serving (imports neither torch nor transformers nor scikit-learn)::

    from nlu.understander import Understander
    from nlu.rasa_format import to_rasa
    from nlu.server import parse_router

    understander = Understander.load(model_dir, encoder_dir=encoder_dir, products=names, now=shop_time)
    understanding = understander.parse("where is my order A1024?")
    to_rasa(understanding)                            # the dictionary for POST /model/parse
    app.include_router(parse_router(lambda text, sender: understander.parse(text)))  # that endpoint itself

What can go wrong is listed in ``nlu.errors``; the values are in ``nlu.understanding``.
"""
