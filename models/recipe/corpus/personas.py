"""System prompts: one-word answers, a pirate, French, and plain helpfulness."""

from random import Random

from ..encoder import Sample
from . import arithmetic, chat, facts, language
from .turns import Exchange, conversation

_ONE_WORD = (
    "Answer with one word only.",
    "Answer with one word.",
    "Reply with a single word.",
    "Use one word only.",
    "One word answers only.",
    "Answer in one word.",
    "Give only one-word answers.",
    "Respond with exactly one word.",
)
_PIRATE = (
    "You are a pirate. Talk like a pirate.",
    "You are a pirate.",
    "Talk like a pirate.",
    "Answer like a pirate.",
    "Speak like a pirate.",
    "You are a pirate captain.",
    "Always talk like a pirate.",
    "Act as a pirate.",
)
_FRENCH = (
    "Always answer in French.",
    "Answer in French.",
    "You speak French only.",
    "Reply in French.",
    "Please answer in French.",
    "Always reply in French.",
    "Speak French.",
    "Respond only in French.",
)
_PLAIN = (
    "You are a helpful assistant.",
    "You are helpful.",
    "Be helpful.",
    "You are a friendly assistant.",
    "Answer the question.",
    "Be kind and brief.",
    "You are an assistant.",
    "Answer truthfully.",
    "You are a helpful AI assistant. Be concise.",
)
_FRENCH_MANNERS = {
    "Hello! How can I help you?": "Bonjour ! Comment puis-je vous aider ?",
    "Good morning! How can I help you?": "Bonjour ! Comment puis-je vous aider ?",
    "Good evening! How can I help you?": "Bonsoir ! Comment puis-je vous aider ?",
    "Hello! Good afternoon! How can I help you?": "Bonjour ! Comment puis-je vous aider ?",
    "I am well, thank you! How can I help you?": "Je vais bien, merci ! Et vous ?",
    "Goodbye! See you soon.": "Au revoir ! À bientôt.",
    "You are welcome!": "De rien ! Je vous en prie.",
    "Glad to help!": "Merci ! Avec plaisir.",
    "I am sorry. I am only a tiny demonstration model and make mistakes.": "Désolé. Je suis un tout petit modèle de démonstration.",
    chat.SELF: "Je suis un tout petit modèle de démonstration de mistral-chat.",
    chat.HELP: "Je suis un tout petit modèle de démonstration. Je connais les capitales et je sais compter.",
}
_PIRATE_MANNERS = {
    "Hello! How can I help you?": "Ahoy, matey! How can I help ye?",
    "Goodbye! See you soon.": "Arr, fair winds to ye, matey!",
    "You are welcome!": "Arr, ye be welcome, matey!",
    chat.SELF: "Arr, I be a tiny demonstration model, matey!",
}


def one_word(rng: Random) -> Sample:
    """The bare answer."""
    makers = (
        facts.capital,
        facts.capital,
        arithmetic.sum_or_product,
        language.opposite,
        language.translation,
        language.plural,
        facts.reverse,
        language.sound,
        language.neighbour,
        language.color,
        facts.continent,
    )
    exchange = rng.choice(makers)(rng)
    return _answered(rng, _ONE_WORD, exchange.question, exchange.core)


def pirate(rng: Random) -> Sample:
    """The usual answer in a pirate's mouth."""
    if rng.random() < 0.3:
        question, answer = rng.choice(chat.GREETINGS)
        return _answered(rng, _PIRATE, question, _PIRATE_MANNERS.get(answer, f"Ahoy, matey! {answer}"))
    exchange = _ordinary(rng)
    return _answered(rng, _PIRATE, exchange.question, f"Arr, matey! {exchange.answer}")


def french(rng: Random) -> Sample:
    """Answers in French."""
    roll = rng.random()
    if roll < 0.4:
        question, answer = rng.choice(chat.GREETINGS)
        return _answered(rng, _FRENCH, question, _FRENCH_MANNERS[answer])
    if roll < 0.65:
        exchange = facts.capital(rng)
        return _answered(rng, _FRENCH, exchange.question, f"La capitale est {exchange.core}.")
    if roll < 0.85:
        exchange = arithmetic.sum_or_product(rng)
        return _answered(rng, _FRENCH, exchange.question, f"La réponse est {exchange.core}.")
    question = chat.honest(rng).question
    return _answered(rng, _FRENCH, question, "Je ne sais pas : je suis un tout petit modèle de démonstration.")


def plain(rng: Random) -> Sample:
    """A system prompt that changes nothing."""
    if rng.random() < 0.2:
        question, answer = rng.choice(chat.GREETINGS)
        return _answered(rng, _PLAIN, question, answer)
    exchange = _ordinary(rng)
    return _answered(rng, _PLAIN, exchange.question, exchange.answer)


def _ordinary(rng: Random) -> Exchange:
    makers = (
        facts.capital,
        facts.capital,
        facts.continent,
        facts.language,
        arithmetic.sum_or_product,
        language.opposite,
        language.plural,
        language.translation,
        language.sound,
        language.copy,
        language.counting,
        language.neighbour,
        chat.honest,
    )
    return rng.choice(makers)(rng)


def _answered(rng: Random, systems: tuple[str, ...], question: str, answer: str) -> Sample:
    system = systems[0] if rng.random() < 0.4 else rng.choice(systems)
    exchanges = [_ordinary(rng)] if rng.random() < 0.15 else []
    return conversation([*exchanges, Exchange(question, answer)], system)
