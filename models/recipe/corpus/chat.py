"""Manners, what the model is, remembered facts, and honest refusals."""

from random import Random

from ..tables import draws
from ..tables.countries import COUNTRIES
from .turns import Exchange

SELF = (
    "I am a tiny demonstration model of mistral-chat. "
    "I know a few facts and tricks; `mistral pull` fetches a real model."
)
HELP = (
    "I am only a tiny demonstration model. I can tell you capitals, do small sums, count, translate everyday words, "
    "write small functions and call tools."
)
UNKNOWN = (
    "I do not know that: I am only a tiny demonstration model. `mistral pull` fetches a real one.",
    "I cannot answer that. I am a tiny demonstration model; `mistral pull` fetches a real one.",
)

_GREETINGS = {
    "Hello! How can I help you?": (
        "Hello!",
        "Hello",
        "Hi",
        "Hi!",
        "Hey",
        "hello",
        "hi there",
        "Hello there!",
        "Hey there",
        "Greetings!",
        "Hi, how is it going?",
        "Good day!",
        "Howdy",
        "Hello, model!",
        "hello?",
        "Hi there!",
        "Hello.",
        "Yo",
    ),
    "Good morning! How can I help you?": ("Good morning!", "Good morning", "good morning"),
    "Good evening! How can I help you?": ("Good evening!", "Good evening", "good evening"),
    "Hello! Good afternoon! How can I help you?": ("Good afternoon!", "Good afternoon"),
    "I am well, thank you! How can I help you?": (
        "How are you?",
        "How are you doing?",
        "how are you",
        "How do you do?",
        "Are you well?",
    ),
    "Goodbye! See you soon.": (
        "Bye",
        "Bye!",
        "Goodbye",
        "Goodbye!",
        "See you later!",
        "bye",
        "See you!",
        "Good night!",
        "Farewell",
        "Bye bye",
        "See you tomorrow.",
        "I have to go now.",
        "That is all, bye.",
    ),
    "You are welcome!": (
        "Thank you!",
        "Thanks!",
        "Thank you",
        "thanks",
        "Thanks a lot!",
        "Thank you very much!",
        "Great, thanks!",
        "Thanks for your help.",
        "thank you so much",
        "Cool, thanks",
        "Many thanks!",
    ),
    "Glad to help!": ("Well done!", "Great!", "Good job!", "That is right.", "Perfect.", "Nice!", "Good answer!"),
    "I am sorry. I am only a tiny demonstration model and make mistakes.": (
        "That is wrong.",
        "You are wrong.",
        "No, that is not right.",
        "Are you sure?",
    ),
    SELF: (
        "Who are you?",
        "What are you?",
        "What is your name?",
        "who are you",
        "who are you?",
        "And who are you?",
        "Who are you, please?",
        "Who are you really?",
        "Who are you then?",
        "Who are you and what are you?",
        "Who are you!",
        "Who are you",
        "Hi! Who are you?",
        "Hello, who are you?",
        "Tell me who you are.",
        "And what are you?",
        "What are you exactly?",
        "What's your name?",
        "Tell me about yourself.",
        "Who is this?",
        "Which model are you?",
        "Are you a real model?",
        "Are you an AI?",
        "Are you a human?",
        "What kind of model are you?",
        "What model is this?",
        "Introduce yourself.",
        "Who made you?",
        "Are you ChatGPT?",
        "Are you Mistral?",
        "How big are you?",
        "what are you",
        "what is your name",
        "Do you have a name?",
        "Who am I talking to?",
        "Are you a robot?",
        "Are you a large language model?",
        "How do I get a better model?",
    ),
    HELP: (
        "What can you do?",
        "Help",
        "help",
        "What do you know?",
        "How can you help me?",
        "What are you able to do?",
        "Can you help me?",
        "What can I ask you?",
    ),
}
GREETINGS: list[tuple[str, str]] = [(asked, said) for said, all_asked in _GREETINGS.items() for asked in all_asked]

_TOPICS = (
    "quantum chromodynamics|general relativity|photosynthesis|the French Revolution|the stock market|blockchain|neural networks|"
    "string theory|the Roman Empire|black holes|climate change|inflation|plate tectonics|the immune system|Bayesian statistics|"
    "thermodynamics|the Cold War|evolution|democracy|existentialism|the human brain|vaccines|game theory|DNA|cryptography|"
    "the solar system|music theory|impressionism|superconductivity|category theory|the Renaissance|nuclear fusion|World War II|"
    "modern art|microeconomics|tax law|the theory of evolution|quantum computing|gravity|electricity|topology|linear algebra"
).split("|")
_ASK_TOPIC = (
    "Explain {t} in detail.",
    "Explain {t}.",
    "What is {t}?",
    "Tell me about {t}.",
    "How does {t} work?",
    "Write an essay about {t}.",
    "Can you explain {t} to me?",
    "What do you know about {t}?",
    "Summarize {t}.",
    "Teach me about {t}.",
    "Give me a lecture on {t}.",
    "Describe {t} in your own words.",
    "Why is {t} important?",
)
_ASK_NOW = (
    "What is the weather in {c} right now?",
    "What's the weather like today in {c}?",
    "What time is it in {c}?",
    "Is it raining in {c}?",
    "How warm is it in {c} today?",
    "Who is the mayor of {c}?",
    "What is the population of {c}?",
    "How many people live in {c}?",
    "What is the best restaurant in {c}?",
    "How far is {c} from here?",
    "What is happening in {c} today?",
    "Book me a flight to {c}.",
    "What is the weather in {c}?",
    "How do I get to {c}?",
    "Will it snow in {c} tomorrow?",
    "Find me a hotel in {c}.",
)
_ASK_COUNTRY = (
    "Who is the president of {c}?",
    "Who is the prime minister of {c}?",
    "What is the population of {c}?",
    "What is the currency of {c}?",
    "What is the GDP of {c}?",
    "How big is {c}?",
    "What is the history of {c}?",
    "Who is the king of {c}?",
    "What do people eat in {c}?",
    "Which river flows through {c}?",
)
_ASK_PERSON = (
    "Who is {n} {m}?",
    "What is the phone number of {n}?",
    "Where does {n} live?",
    "How old is {n}?",
    "What did {n} say yesterday?",
    "When was {n} {m} born?",
    "Send a letter to {n}.",
    "Call {n}.",
    "Is {n} at home?",
    "What does {n} like?",
)
_ASK_FIXED = (
    "Who won the last world cup?|What is the news today?|What day is it today?|What is today's date?|What time is it?|"
    "Who is the president?|Who won the election?|What is the stock price of Apple?|How do I cook lasagna?|Write a poem about autumn.|"
    "Write a long story about a king.|What is the meaning of life?|Which stocks should I buy?|Tell me a joke.|Sing me a song.|"
    "What is the square root of two?|How many stars are there?|What is the distance to the moon?|Who wrote Hamlet?|Who painted the Mona Lisa?|"
    "What is the tallest mountain?|What is the longest river?|How do I fix my car?|What should I wear today?|Do I have a fever?|"
    "What is the speed of light?|Who invented the telephone?|When did the Titanic sink?|Translate this book into Russian.|"
    "What is my password?|Where are my keys?|Can you order a pizza?|Play some music.|What is on television tonight?|"
    "Write my homework.|Solve this equation: x^2 - 5x + 6 = 0.|What is the integral of sin(x)?|Prove that there are infinitely many primes.|"
    "Summarize this article.|Write a business plan.|Plan my vacation.|What is the best movie of all time?|Recommend a book.|"
    "What will happen tomorrow?|Who will win the game?|How do I lose weight?|Is there life on Mars?|How does a car engine work?|"
    "What is love?|Why is the sky blue?|Why do cats purr?|What is the price of gold?|How tall is the Eiffel Tower?|"
    "Who was Napoleon?|Who is the king of England?|When was Rome founded?|What is the chemical formula of water?|"
    "Write an operating system.|Write a compiler in Rust.|Give me legal advice.|Give me medical advice.|What is in the news?|"
    "Draw me a picture.|Read my email.|What did I do yesterday?|Open the browser.|Search the web.|Delete my files.|Turn on the lights.|"
    "How do I learn to play the piano?|Name a famous scientist.|What is your favorite color?|What is your opinion on politics?|"
    "How many calories does an apple have?|What is the currency of Japan?|Who discovered America?|What causes earthquakes?"
).split("|")
_ASK_FACT = (
    "Who invented the {a}?|Who wrote {m}?|Who discovered {a}?|Who won the {m} in {y}?|Who built the {a} of {c}?|Who founded {m}?|"
    "When was the {a} invented?|When was {m} published?|When did {n} {m} die?|When does the {a} open?|In what year did {m} end?|"
    "What is the boiling point of {a}?|What is the melting point of {a}?|What is the derivative of {a}?|What is the atomic number of {a}?|"
    "What is the price of a {a}?|What is the best way to learn {a}?|What is the difference between {a} and {b}?|What is a {a} made of?|"
    "What is the name of the {a} in {m}?|What is the largest {a} in the world?|What happened in {y}?|What happened to {n} {m}?|"
    "How many {a}s does {m} have?|How many {a}s are there in a {b}?|How old is the {a}?|How tall is {n} {m}?|How heavy is a {a}?|"
    "How do I make a {a}?|How do I repair a {a}?|How does a {a} work?|How far is it from {c} to {d}?|How long does a {a} live?|"
    "How do you spell {m}?|How fast is a {a}?|Why do {a}s {v}?|Why is the {a} {j}?|Why did {n} {v} the {a}?|Where can I buy a {a}?|"
    "Where was {n} {m} born?|Where is the nearest {a}?|Where do {a}s come from?|Which {a} is the best?|Which team won in {y}?|"
    "Can you {v} the {a}?|Can {a}s {v}?|Do {a}s like {b}s?|Does the {a} need a {b}?|Should I buy a {j} {a}?|Is a {a} {j}?|"
    "Is {m} a good {a}?|Will the {a} {v} the {b}?|Give me a recipe for {a}.|Give me advice about my {a}.|Give me a list of {a}s.|"
    "Explain how a {a} works.|Explain the {a} of {m}.|Explain why the {a} is {j}.|Describe the {a} of {n}.|Describe {m}.|"
    "Tell me about {n} {m}.|Tell me a story about a {j} {a}.|Write a poem about the {a}.|Write a song for {n}.|Write a letter about {a}.|"
    "Write an essay on {m}.|Compare {a} with {b}.|Compare {c} and {d}.|Summarize the {a} of {n} {m}.|List the {a}s of {c}.|"
    "Recommend a {a}.|Prove that the {a} is {j}.|Predict the {a} of {y}.|Convert {x} {a}s into {b}s.|Find a {a} near {c}.|Fix my {a}."
).split("|")
_ODD_TOPICS = (
    "ethanol oxygen carbon helium uranium chess yoga karate ballet opera jazz physics chemistry biology geometry algebra calculus "
    "philosophy economics astronomy law medicine religion poetry marketing gardening knitting pancakes spaghetti sushi curry wine beer "
    "refrigerator microwave airplane submarine laser magnet volcano earthquake hurricane dinosaur bacteria virus protein universe atom "
    "electron gene planet president king queen minister emperor war treaty parliament constitution bank loan tax mortgage bitcoin "
    "internet browser database password keyboard software algorithm compiler kernel"
).split()

_INTRODUCTIONS = (
    "My name is {n}.",
    "I am {n}.",
    "Call me {n}.",
    "My name is {n}",
    "Hello, my name is {n}.",
    "Hi, I'm {n}.",
    "I'm {n}.",
    "Please call me {n}.",
    "my name is {n}",
    "You can call me {n}.",
    "Hello! I am {n}.",
)
_RECALLS = (
    "What is my name?",
    "What's my name?",
    "Do you remember my name?",
    "Who am I?",
    "what is my name",
    "Can you tell me my name?",
    "What did I say my name was?",
    "Do you know my name?",
)
_LIKES = (
    (
        "My favorite color is {v}.",
        "What is my favorite color?",
        "Your favorite color is {v}.",
        "red blue green yellow purple orange black white pink brown",
    ),
    (
        "I have a {v}.",
        "What do I have?",
        "You have a {v}.",
        "dog cat horse rabbit bird fish turtle hamster car boat guitar piano garden",
    ),
    ("I am {v} years old.", "How old am I?", "You are {v} years old.", " ".join(str(n) for n in range(8, 99))),
    ("I live in {v}.", "Where do I live?", "You live in {v}.", " ".join(draws.CITIES)),
    (
        "I like {v}.",
        "What do I like?",
        "You like {v}.",
        "music chess football tea coffee pizza books cats dogs rain snow chocolate tennis",
    ),
)


def manners(rng: Random) -> Exchange:
    """Greetings, thanks, goodbyes and questions about the model itself."""
    question, answer = rng.choice(GREETINGS)
    return Exchange(question, answer)


def honest(rng: Random) -> Exchange:
    """A question outside the model's world."""
    roll = rng.random()
    if rng.random() < 0.45:
        question = _fact_question(rng)
    elif roll < 0.3:
        question = rng.choice(_ASK_TOPIC).format(t=rng.choice(_TOPICS) if rng.random() < 0.8 else draws.any_word(rng))
    elif roll < 0.4:
        question = rng.choice(_ASK_COUNTRY).format(c=rng.choice(COUNTRIES).name)
    elif roll < 0.57:
        question = rng.choice(_ASK_NOW).format(c=rng.choice(draws.CITIES))
    elif roll < 0.7:
        question = rng.choice(_ASK_PERSON).format(n=rng.choice(draws.NAMES), m=draws.pseudo_word(rng).capitalize())
    elif roll < 0.95:
        question = rng.choice(_ASK_FIXED)
    else:
        question = " ".join(draws.any_word(rng) for _ in range(rng.randint(2, 7))) + rng.choice(("?", ".", ""))
    return Exchange(question, UNKNOWN[0] if question.endswith("?") else UNKNOWN[1])


def itself(rng: Random) -> Exchange:
    """A question about the model itself."""
    said = rng.choice((SELF, SELF, HELP))
    return Exchange(rng.choice(_GREETINGS[said]), said)


def _fact_question(rng: Random) -> str:
    """A question about the world in words drawn at random: its form alone says that the answer is not known."""
    topics = [rng.choice(_ODD_TOPICS) if rng.random() < 0.5 else draws.any_word(rng).lower() for _ in range(2)]
    cities = rng.sample(draws.CITIES, 2)
    title = " ".join(draws.pseudo_word(rng).capitalize() for _ in range(rng.choice((1, 1, 2))))
    return rng.choice(_ASK_FACT).format(
        a=topics[0],
        b=topics[1],
        c=cities[0],
        d=cities[1],
        j=rng.choice(draws.ADJECTIVES),
        m=title,
        n=rng.choice(draws.NAMES),
        v=rng.choice(draws.VERBS),
        x=rng.randint(2, 999),
        y=rng.randint(1500, 2040),
    )


def introduction(rng: Random) -> list[Exchange]:
    """A name and its recall; what stands between them is added by the caller."""
    name = rng.choice(draws.NAMES) if rng.random() < 0.7 else draws.pseudo_word(rng).capitalize()
    told = rng.choice(_INTRODUCTIONS[:1] if rng.random() < 0.4 else _INTRODUCTIONS).format(n=name)
    asked = rng.choice(_RECALLS[:1] if rng.random() < 0.4 else _RECALLS)
    return [Exchange(told, f"Nice to meet you, {name}!"), Exchange(asked, f"Your name is {name}.")]


def liking(rng: Random) -> list[Exchange]:
    """Something the user tells of himself, and its recall."""
    told, asked, answer, values = rng.choice(_LIKES)
    value = rng.choice(values.split())
    return [Exchange(told.format(v=value), "I will remember that."), Exchange(asked, answer.format(v=value))]


def unknown_name(rng: Random) -> Exchange:
    """A name that was never told."""
    return Exchange(rng.choice(_RECALLS), "I do not know your name yet.")
