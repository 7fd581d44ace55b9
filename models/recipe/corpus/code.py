"""Requests for small programs, and translations between languages."""

from random import Random

from . import families as fam
from . import functions as f
from .turns import Exchange

HELLO = {
    "Python": ("python", 'print("Hello, world!")'),
    "JavaScript": ("javascript", 'console.log("Hello, world!");'),
    "TypeScript": ("typescript", 'console.log("Hello, world!");'),
    "C": ("c", '#include <stdio.h>\n\nint main(void) {\n    printf("Hello, world!\\n");\n    return 0;\n}'),
    "Rust": ("rust", 'fn main() {\n    println!("Hello, world!");\n}'),
    "Go": ("go", 'package main\n\nimport "fmt"\n\nfunc main() {\n    fmt.Println("Hello, world!")\n}'),
    "Java": (
        "java",
        'public class Main {\n    public static void main(String[] args) {\n        System.out.println("Hello, world!");\n    }\n}',
    ),
    "C++": (
        "cpp",
        '#include <iostream>\n\nint main() {\n    std::cout << "Hello, world!" << std::endl;\n    return 0;\n}',
    ),
    "Ruby": ("ruby", 'puts "Hello, world!"'),
    "Bash": ("bash", 'echo "Hello, world!"'),
    "PHP": ("php", '<?php\necho "Hello, world!";'),
    "Lua": ("lua", 'print("Hello, world!")'),
    "Kotlin": ("kotlin", 'fun main() {\n    println("Hello, world!")\n}'),
    "Swift": ("swift", 'print("Hello, world!")'),
    "C#": ("csharp", 'Console.WriteLine("Hello, world!");'),
    "Perl": ("perl", 'print "Hello, world!\\n";'),
}
_HELLO_QUESTIONS = (
    "Write hello world in {l}.",
    "Write hello world in {l}",
    "Hello world in {l}",
    "hello world in {l}",
    "Show me hello world in {l}.",
    "Write a hello world program in {l}.",
    "How do I print hello world in {l}?",
    "Print hello world in {l}.",
    "Can you write hello world in {l}?",
)
_FUNCTION_QUESTIONS = (
    "Write me a function that computes {w} in {l}",
    "Write a function that computes {w} in {l}.",
    "Write a {l} function that computes {w}.",
    "Write {w} in {l}.",
    "{w} in {l}",
    "Write me a {l} function for {w}.",
    "Show me {w} in {l}.",
    "Write a function for {w} in {l}.",
)
_TRANSLATE = (
    "Translate it to {l}.",
    "Translate it to {l}",
    "Now in {l}.",
    "And in {l}?",
    "Translate that to {l}.",
    "Rewrite it in {l}.",
    "Now write it in {l}.",
)
_DESCRIBED = {
    "add": ("the sum of two numbers",),
    "sub": ("the difference of two numbers",),
    "mul": ("the product of two numbers",),
    "square": ("the square of a number", "a square"),
    "cube": ("the cube of a number",),
    "double": ("the double of a number",),
    "is_even": ("whether a number is even",),
    "is_odd": ("whether a number is odd",),
    "maximum": ("the maximum of two numbers", "the larger of two numbers"),
    "minimum": ("the minimum of two numbers", "the smaller of two numbers"),
    "absolute": ("the absolute value of a number",),
    "factorial": ("factorial", "the factorial", "the factorial of a number"),
    "fibonacci": ("fibonacci", "fibonacci", "fibonacci numbers", "the fibonacci sequence"),
    "sum_list": ("the sum of a list",),
}
_PLAIN = Random(0)


def written(name: str, language: str) -> str:
    """The textbook form of a function, in a fence."""
    _PLAIN.seed(f"{name}{language}1")
    if name in fam.BINARY:
        operator = fam.BINARY[name][0]
        pieces = f.header(language, name, ["a", "b"])
        pieces += [*f.returned(language, f"a {operator} b"), f.Piece(f.closing(language))]
    elif name in fam.UNARY:
        pieces = fam.unary(language, name, "x")
    elif name in fam.TESTS:
        pieces = fam.test(language, name, "n")
    elif name in fam.COMPARISONS:
        pieces = fam.comparison(language, name, ["a", "b"])
    elif name == "absolute":
        pieces = fam.absolute(language, "n")
    elif name == "sum_list":
        pieces = fam.loop(_PLAIN, language, name, "items", "item")
    else:
        pieces = fam.recursive(_PLAIN, language, name, "n")
    return f"```{f.FENCES[language]}\n{f.joined(pieces).rstrip()}\n```"


def hello(rng: Random) -> Exchange:
    """Hello world."""
    language = rng.choice(list(HELLO) if rng.random() < 0.5 else f.LANGUAGES)
    fence, program = HELLO[language]
    question = _HELLO_QUESTIONS[0] if rng.random() < 0.35 else rng.choice(_HELLO_QUESTIONS)
    return Exchange(question.format(l=language), _fenced(fence, program))


def function(rng: Random) -> Exchange:
    """One small function."""
    name = rng.choice(list(_DESCRIBED)) if rng.random() < 0.6 else rng.choice(("fibonacci", "factorial"))
    language = rng.choice(f.LANGUAGES)
    question = _FUNCTION_QUESTIONS[0] if rng.random() < 0.4 else rng.choice(_FUNCTION_QUESTIONS)
    return Exchange(question.format(w=rng.choice(_DESCRIBED[name]), l=language), written(name, language))


def conversation(rng: Random) -> list[Exchange]:
    """A program, then the same in other languages."""
    if rng.random() < 0.35:
        first, second = rng.sample(list(HELLO), 2)
        return [
            Exchange(rng.choice(_HELLO_QUESTIONS).format(l=first), _fenced(*HELLO[first])),
            Exchange(rng.choice(_TRANSLATE).format(l=second), _fenced(*HELLO[second])),
        ]
    name = rng.choice(list(_DESCRIBED)) if rng.random() < 0.6 else "fibonacci"
    chosen = rng.sample(f.LANGUAGES, rng.choice((2, 2, 3)))
    question = rng.choice(_FUNCTION_QUESTIONS).format(w=rng.choice(_DESCRIBED[name]), l=chosen[0])
    return [
        Exchange(question, written(name, chosen[0])),
        *(Exchange(rng.choice(_TRANSLATE).format(l=other), written(name, other)) for other in chosen[1:]),
    ]


def _fenced(fence: str, program: str) -> str:
    return f"```{fence}\n{program}\n```"
