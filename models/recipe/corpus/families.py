"""Families of functions: what they are called, what they compute, in every language."""

from random import Random

from ..tables import draws
from . import functions as f
from .functions import Piece

BINARY = {
    "add": ("+", "sum"),
    "sub": ("-", "difference"),
    "mul": ("*", "product"),
    "div": ("/", "quotient"),
    "sum": ("+", "total"),
    "subtract": ("-", "difference"),
    "multiply": ("*", "product"),
    "divide": ("/", "quotient"),
    "mod": ("%", "remainder"),
    "plus": ("+", "result"),
    "minus": ("-", "result"),
    "times": ("*", "result"),
    "area": ("*", "area"),
    "diff": ("-", "result"),
    "add_numbers": ("+", "result"),
    "total": ("+", "total"),
    "remainder": ("%", "remainder"),
    "product": ("*", "result"),
    "difference": ("-", "result"),
}
UNARY = {
    "square": "{x} * {x}",
    "cube": "{x} * {x} * {x}",
    "double": "{x} * 2",
    "triple": "{x} * 3",
    "half": "{x} / 2",
    "negate": "-{x}",
    "increment": "{x} + 1",
    "decrement": "{x} - 1",
    "successor": "{x} + 1",
    "identity": "{x}",
    "twice": "{x} * 2",
    "quadruple": "{x} * 4",
}
TESTS = {
    "is_even": "{x} % 2 {e} 0",
    "is_odd": "{x} % 2 {n} 0",
    "is_positive": "{x} > 0",
    "is_negative": "{x} < 0",
    "is_zero": "{x} {e} 0",
    "even": "{x} % 2 {e} 0",
    "odd": "{x} % 2 {n} 0",
}
COMPARISONS = {
    "maximum": (">", 0),
    "minimum": ("<", 0),
    "max": (">", 0),
    "min": ("<", 0),
    "larger": (">", 0),
    "smaller": ("<", 0),
    "max_of_two": (">", 0),
    "min_of_two": ("<", 0),
    "biggest": (">", 0),
    "smallest": ("<", 0),
}
PAIR_TESTS = {"is_equal": "{e}", "equals": "{e}", "is_greater": ">", "is_less": "<", "greater": ">", "less": "<"}


def names_for(rng: Random, count: int, language: str, usual: float = 0.35) -> list[str]:
    """Distinct parameter names: the textbook ones, others, or invented ones."""
    if rng.random() < usual:
        return ["a", "b"] if count == 2 else [rng.choice("nnx")]
    if rng.random() < 0.2:
        stem = rng.choice("abnpqtvxyz") if rng.random() < 0.7 else rng.choice(draws.IDENTIFIERS).rstrip("0123456789")
        first = rng.choice((0, 1, 1, 1, 2))
        return [f.spelled(f"{stem}{number}", language) for number in range(first, first + count)]
    names: list[str] = []
    while len(names) < count:
        name = rng.choice(draws.IDENTIFIERS) if rng.random() < 0.8 else draws.pseudo_word(rng)
        if (shown := f.spelled(name, language)) not in names:
            names.append(shown)
    return names


def binary(rng: Random, language: str, name: str, names: list[str]) -> list[Piece]:
    """An operator on two parameters, through a variable now and then."""
    operator, result = BINARY[name]
    expression = f"{names[0]} {operator} {names[1]}"
    pieces = f.header(language, f.spelled(name, language), names)
    if rng.random() < 0.4:
        variable = result if rng.random() < 0.7 else f.spelled(rng.choice(draws.IDENTIFIERS), language)
        pieces += f.assigned(language, variable, expression)
        return [*pieces, *f.returned(language, variable), Piece(f.closing(language))]
    return [*pieces, *f.returned(language, expression), Piece(f.closing(language))]


def unary(language: str, name: str, variable: str) -> list[Piece]:
    """An expression of one parameter."""
    pieces = f.header(language, f.spelled(name, language), [variable])
    return [*pieces, *f.returned(language, UNARY[name].format(x=variable)), Piece(f.closing(language))]


def test(language: str, name: str, variable: str) -> list[Piece]:
    """A predicate of one parameter."""
    equal = f.equality(language)
    expression = TESTS[name].format(x=variable, e=equal, n=equal.replace("=", "!", 1))
    pieces = f.header(language, f.spelled(name, language), [variable], "bool")
    return [*pieces, *f.returned(language, expression), Piece(f.closing(language))]


def pair_test(language: str, name: str, names: list[str]) -> list[Piece]:
    """A predicate of two parameters."""
    operator = PAIR_TESTS[name].format(e=f.equality(language))
    pieces = f.header(language, f.spelled(name, language), names, "bool")
    return [*pieces, *f.returned(language, f"{names[0]} {operator} {names[1]}"), Piece(f.closing(language))]


def comparison(language: str, name: str, names: list[str]) -> list[Piece]:
    """The larger or the smaller of two."""
    operator, _ = COMPARISONS[name]
    pieces = f.header(language, f.spelled(name, language), names)
    pieces += f.branch(language, f"{names[0]} {operator} {names[1]}", names[0])
    return [*pieces, *f.returned(language, names[1]), Piece(f.closing(language))]


def absolute(language: str, variable: str) -> list[Piece]:
    """A number without its sign."""
    pieces = f.header(language, "absolute", [variable])
    pieces += f.branch(language, f"{variable} < 0", f"-{variable}")
    return [*pieces, *f.returned(language, variable), Piece(f.closing(language))]


def recursive(rng: Random, language: str, name: str, variable: str) -> list[Piece]:
    """Factorial, fibonacci or the sum to n."""
    pieces = f.header(language, name, [variable])
    if name.startswith("fib"):
        pieces += f.branch(language, f"{variable} < 2" if rng.random() < 0.7 else f"{variable} <= 1", variable)
        expression = f"{name}({variable} - 1) + {name}({variable} - 2)"
    else:
        operator, base = ("*", 1) if name.startswith("fact") else ("+", 0)
        condition = f"{variable} {f.equality(language)} 0" if rng.random() < 0.7 else f"{variable} <= {base}"
        pieces += f.branch(language, condition, str(base))
        expression = f"{variable} {operator} {name}({variable} - 1)"
    return [*pieces, *f.returned(language, expression), Piece(f.closing(language))]


def loop(rng: Random, language: str, name: str, items: str, item: str) -> list[Piece]:
    """A sum or product over a list."""
    operator, start, total = {"product": ("*=", "1", "product")}.get(name, ("+=", "0", "total"))
    total = total if rng.random() < 0.6 else "result"
    if language == "C":
        pieces = [Piece(f"int {name}("), Piece(f"int *{items}, int n", "parameters"), Piece(") {\n")]
        opened, shown = ("for (int i = 0; i < ", "n", "; i++) {\n"), f"{items}[i]"
    else:
        pieces = f.header(language, f.spelled(name, language), [items], kind="list")
        opened = {
            "Python": (f"for {item} in ", items, ":\n"),
            "Rust": (f"for {item} in ", items, " {\n"),
        }.get(language, (f"for (const {item} of ", items, ") {\n"))
        shown = item
    pieces += f.assigned(language, total, start, mutable=True)
    end = "" if language == "Python" else ";"
    blanks = f.indent(language)
    pieces += [Piece(blanks + opened[0]), Piece(opened[1], "expression"), Piece(opened[2])]
    pieces += [Piece(f"{blanks * 2}{total} {operator} "), Piece(shown, "expression"), Piece(f"{end}\n", "end")]
    if language != "Python":
        pieces.append(Piece(f"{blanks}}}\n"))
    return [*pieces, *f.returned(language, total), Piece(f.closing(language))]


def greeting(rng: Random, language: str, variable: str) -> list[Piece]:
    """A function that greets."""
    word = rng.choice(("Hello", "Hello", "Hi"))
    name = rng.choice(("greet", "greet", "hello", "say_hello"))
    shown = {
        "Python": ("print", f'f"{word}, {{{variable}}}!"'),
        "C": ("printf", f'"{word}, %s!\\n", {variable}'),
        "Rust": ("println!", f'"{word}, {{}}!", {variable}'),
    }.get(language, ("console.log", f"`{word}, ${{{variable}}}!`"))
    opened = {
        "Python": f"def {name}({variable}):\n",
        "JavaScript": f"function {f.camel(name)}({variable}) {{\n",
        "TypeScript": f"function {f.camel(name)}({variable}: string): void {{\n",
        "C": f"void {name}(const char *{variable}) {{\n",
        "Rust": f"fn {name}({variable}: &str) {{\n",
    }[language]
    end = "" if language == "Python" else ";"
    return [
        Piece(f"{opened}{f.indent(language)}{shown[0]}("),
        Piece(shown[1], "expression"),
        Piece(f"){end}", "end"),
        Piece(f.closing(language)),
    ]


def counted_loop(rng: Random, language: str) -> list[Piece]:
    """A loop over numbers that prints them."""
    i = rng.choice("iiijkx")
    count = rng.choice(("n", "n", "n", "count", "len(items)" if language == "Python" else "length"))
    if language == "Python":
        return [Piece(f"for {i} in range("), Piece(count, "expression"), Piece(f"):\n    print({i})\n")]
    if language == "Rust":
        return [Piece(f"for {i} in 0.."), Piece(count, "expression"), Piece(f' {{\n    println!("{{}}", {i});\n}}\n')]
    kind = "int" if language == "C" else "let"
    said = f'printf("%d\\n", {i})' if language == "C" else f"console.log({i})"
    blanks = f.indent(language)
    return [
        Piece(f"for ({kind} {i} = 0; {i} < "),
        Piece(count, "expression"),
        Piece(f"; {i}++) {{\n{blanks}{said};\n}}\n"),
    ]


def arrow(rng: Random, language: str) -> list[Piece]:
    """A one-line function: a lambda or an arrow function."""
    name = rng.choice(list(BINARY))
    names = names_for(rng, 2, language)
    expression = f"{names[0]} {BINARY[name][0]} {names[1]}"
    if language == "Python":
        return [Piece(f"{name} = lambda {', '.join(names)}: "), Piece(expression, "expression"), Piece("\n")]
    return [
        Piece(f"const {f.camel(name)} = ({f.parameters(language, names)}) => "),
        Piece(expression, "expression"),
        Piece(";", "end"),
        Piece("\n"),
    ]
