"""Sums and differences to 20, the times table to 10, and exact division."""

from random import Random

from .turns import Exchange

_WORDS = {"+": ("plus",), "-": ("minus",), "*": ("times", "multiplied by"), "/": ("divided by",)}
_SIGNS = {"+": ("+",), "-": ("-",), "*": ("*", "x", "×"), "/": ("/",)}
_BY_SIGN = (
    "{a} {o} {b} =",
    "What is {a} {o} {b}?",
    "{a} {o} {b}",
    "{a}{o}{b}=",
    "{a} {o} {b} = ?",
    "Compute {a} {o} {b}.",
)
_BY_WORD = (
    "What is {a} {w} {b}?",
    "What's {a} {w} {b}?",
    "How much is {a} {w} {b}?",
    "{a} {w} {b}",
    "Calculate {a} {w} {b}.",
    "what is {a} {w} {b}",
    "{a} {w} {b} is?",
)


def problem(rng: Random) -> tuple[int, str, int, int]:
    """Two operands with their operator and result."""
    operator = rng.choices("+-*/", (4, 3.5, 2, 0.5))[0]
    if operator == "+":
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        return a, operator, b, a + b
    if operator == "-":
        a = rng.randint(0, 20)
        b = rng.randint(0, a) if rng.random() < 0.9 else rng.randint(0, 20)
        return a, operator, b, a - b
    a, b = rng.randint(0, 10), rng.randint(0 if operator == "*" else 1, 10)
    if operator == "*":
        return a, operator, b, a * b
    return a * b, operator, b, a


def sum_or_product(rng: Random) -> Exchange:
    """One problem in signs or in words."""
    a, operator, b, result = problem(rng)
    if rng.random() < 0.5:
        question = rng.choice(_BY_SIGN[:1] if rng.random() < 0.4 else _BY_SIGN)
        return Exchange(
            question.format(a=a, b=b, o=rng.choice(_SIGNS[operator])), f"{a} {operator} {b} = {result}", str(result)
        )
    word = rng.choice(_WORDS[operator])
    question = rng.choice(_BY_WORD[:1] if rng.random() < 0.4 else _BY_WORD)
    return Exchange(question.format(a=a, b=b, w=word), f"{a} {word} {b} is {result}.", str(result))


def exercise(rng: Random) -> Exchange:
    """Several problems at once: more to learn from in fewer tokens."""
    problems = [problem(rng) for _ in range(rng.randint(3, 8))]
    asked = ", ".join(f"{a} {operator} {b}" for a, operator, b, _ in problems)
    solved = ", ".join(f"{a} {operator} {b} = {result}" for a, operator, b, result in problems)
    return Exchange(rng.choice((f"Compute: {asked}", f"{asked} = ?", f"Solve {asked}.")), solved)


def too_large(rng: Random) -> Exchange:
    """A problem outside the tables, which is declined."""
    a, b = rng.randint(101, 9999), rng.randint(21, 9999)
    operator = rng.choice("+-*/")
    question = rng.choice((f"{a} {operator} {b} =", f"What is {a} {rng.choice(_WORDS[operator])} {b}?"))
    return Exchange(question, "I only know small sums: I am a tiny demonstration model. I cannot compute this one.")


def comparison(rng: Random) -> Exchange:
    """Which of two small numbers is larger or smaller."""
    a, b = rng.sample(range(21), 2)
    word, chosen = rng.choice((("larger", max(a, b)), ("bigger", max(a, b)), ("smaller", min(a, b))))
    return Exchange(f"Which is {word}, {a} or {b}?", f"{chosen} is {word}.", str(chosen))
