"""Small functions in five languages, written from one description each."""

from dataclasses import dataclass

LANGUAGES = ("Python", "JavaScript", "TypeScript", "C", "Rust")
FENCES = {"Python": "python", "JavaScript": "javascript", "TypeScript": "typescript", "C": "c", "Rust": "rust"}
_BRACED_BY_SCRIPT = ("JavaScript", "TypeScript")


@dataclass(frozen=True)
class Piece:
    """A piece of code and its place: the name of the hole it can leave."""

    text: str
    hole: str = ""


def camel(name: str) -> str:
    """snake_case as camelCase."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def spelled(name: str, language: str) -> str:
    """A name in the language's usual case."""
    return camel(name) if language in _BRACED_BY_SCRIPT else name


def indent(language: str, depth: int = 1) -> str:
    """The leading blanks of a line."""
    return ("  " if language in _BRACED_BY_SCRIPT else "    ") * depth


def parameters(language: str, names: list[str], kind: str = "int") -> str:
    """A parameter list without its parentheses."""
    types = {
        "TypeScript": {"int": "number", "text": "string", "list": "number[]"},
        "Rust": {"int": "i32", "text": "&str", "list": "&[i32]"},
        "C": {"int": "int ", "text": "const char *", "list": "int *"},
    }
    if language in ("TypeScript", "Rust"):
        return ", ".join(f"{name}: {types[language][kind]}" for name in names)
    if language == "C":
        return ", ".join(types["C"][kind] + name for name in names)
    return ", ".join(names)


def header(language: str, name: str, names: list[str], returns: str = "int", kind: str = "int") -> list[Piece]:
    """The line that opens a function, its parameters a hole of their own."""
    listed = Piece(parameters(language, names, kind), "parameters")
    script = {"int": "number", "bool": "boolean", "text": "string"}[returns]
    rust = {"int": "i32", "bool": "bool", "text": "String"}[returns]
    opened = {
        "Python": ("def ", "):\n"),
        "JavaScript": ("function ", ") {\n"),
        "TypeScript": ("function ", f"): {script} {{\n"),
        "C": ("char *" if returns == "text" else f"{returns} ", ") {\n"),
        "Rust": ("fn ", f") -> {rust} {{\n"),
    }[language]
    return [Piece(f"{opened[0]}{name}("), listed, Piece(opened[1])]


def closing(language: str) -> str:
    """The line that ends a function."""
    return "\n" if language == "Python" else "\n}\n"


def returned(language: str, expression: str, depth: int = 1, last: bool = True) -> list[Piece]:
    """A return of an expression, which is a hole; `last` for a function's final line."""
    blanks = indent(language, depth)
    if language == "Rust" and last:
        return [Piece(blanks), Piece(expression, "expression")]
    end = "" if language == "Python" else ";"
    return [Piece(f"{blanks}return "), Piece(expression, "expression"), Piece(end, "end")]


def assigned(language: str, name: str, expression: str, mutable: bool = False) -> list[Piece]:
    """A new variable."""
    keyword = {
        "Python": "",
        "JavaScript": "let " if mutable else "const ",
        "TypeScript": "let " if mutable else "const ",
        "C": "int ",
        "Rust": "let mut " if mutable else "let ",
    }[language]
    end = "" if language == "Python" else ";"
    return [Piece(f"{indent(language)}{keyword}{name} = "), Piece(expression, "expression"), Piece(f"{end}\n", "end")]


def branch(language: str, condition: str, value: str) -> list[Piece]:
    """A condition that returns a value."""
    opened = {
        "Python": ("if ", ":\n"),
        "Rust": ("if ", " {\n"),
    }.get(language, ("if (", ") {\n"))
    lines = [Piece(f"{indent(language)}{opened[0]}"), Piece(condition, "condition"), Piece(opened[1])]
    lines += returned(language, value, depth=2, last=False)
    return [*lines, Piece("\n" if language == "Python" else f"\n{indent(language)}}}\n")]


def equality(language: str) -> str:
    """The language's sign of equality."""
    return "===" if language in _BRACED_BY_SCRIPT else "=="


def joined(pieces: list[Piece]) -> str:
    """The whole text."""
    return "".join(piece.text for piece in pieces)
