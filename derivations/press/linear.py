"""Formulas on one line of Unicode, for a terminal: LaTeX by way of MathML."""

import unicodedata
from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert

RAISED = dict(zip("0123456789+-−=()niktdT⊤*′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵏᵗᵈᵀᵀ*′", strict=True))
LOWERED = dict(zip("0123456789+-−=()aeijkmnoprstux*", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₖₘₙₒₚᵣₛₜᵤₓ⁎", strict=True))
ACCENTS = {"˙": "\u0307", "^": "\u0302", "¯": "\u0304", "~": "\u0303", "→": "\u20d7", "ˆ": "\u0302"}
SIGNS = "=≤≥<>≠≈∼≪≫≲≳≍→∈≡∝⇔⇒±"
OPENING = "([{⟨"


def linear(latex: str) -> str:
    r"""A formula as a line of Unicode.

    >>> linear(r"\dot w_i = 4 \lambda_i (s_* - 3 s) w_i + \frac{1}{2 d}")
    'ẇᵢ = 4 λᵢ (s⁎ − 3 s) wᵢ + 1/(2 d)'
    >>> linear(r"\int_0^t e^{\rho t} dt"), linear(r"\sqrt{a + b}")
    ('∫₀ᵗ e^(ρ t) d t', '√(a + b)')
    >>> linear(r"\tfrac{1}{2} 2^{- \gamma}")
    '1/2 · 2^(−γ)'
    """
    tree = fromstring(convert(latex))
    return unicodedata.normalize("NFC", " ".join(_row(tree).split()))


def plain(text: str) -> str:
    """A text with its formulas, which stand between dollar signs, on one line each.

    >>> plain(r"the overlap $u^{(2)}$")
    'the overlap u⁽²⁾'
    """
    return "".join(linear(piece) if number % 2 else piece for number, piece in enumerate(text.split("$")))


def _row(node: Element) -> str:
    """The children of a node, spaced like a formula."""
    text, upright, number = "", False, False
    for child in node:
        joined, upright = upright, child.get("mathvariant") == "normal"
        digits, number = number, child.tag.endswith("}mn")
        piece = unicodedata.normalize("NFC", _linear(child))
        symbol, before = piece.strip(), text.rstrip()
        if not symbol:
            text += piece
        elif symbol in "+−":
            text += f" {symbol} " if before and before[-1] not in OPENING + SIGNS else symbol
        elif symbol in SIGNS:
            text = f"{before} {symbol} "
        elif symbol in ",;":
            text = f"{before}{symbol} "
        elif symbol == "/":
            text = f"{before}/"
        elif before and before[-1].isdecimal() and symbol[0].isdecimal() and not (digits and number):
            text = f"{before} · {symbol}"
        else:
            text += piece if _joins(text, symbol) or (joined and upright) else f" {piece}"
    return text


def _joins(text: str, symbol: str) -> bool:
    """Whether a symbol follows without a space."""
    if not text or text[-1] in f" /{OPENING}" or symbol[0] in ")]}⟩‖|'′!":
        return True
    if text[-1] in "−-" or (symbol[0].isdigit() and text[-1].isdigit()):
        return True
    return symbol[0] in "([" and unicodedata.category(text[-1]) in ("Ll", "Lu")


def _linear(node: Element) -> str:
    """One node."""
    tag = node.tag.rpartition("}")[2]
    parts = [_linear(child) for child in node]
    match tag:
        case "mi" | "mn" | "mo" | "mtext" | "ms":
            return _letters(node.text or "")
        case "mspace":
            return "" if node.get("width", "").startswith("-") else " "
        case "mfrac":
            return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
        case "msqrt":
            return f"√{_grouped(_row(node))}"
        case "mroot":
            return f"{_grouped(parts[0])}^(1/{parts[1]})"
        case "msup":
            return parts[0] + _shifted(parts[1], RAISED, "^")
        case "msub" | "munder":
            return parts[0] + _shifted(parts[1], LOWERED, "_")
        case "msubsup" | "munderover":
            return parts[0] + _shifted(parts[1], LOWERED, "_") + _shifted(parts[2], RAISED, "^")
        case "mover":
            accent = ACCENTS.get(parts[1].strip(), "")
            return parts[0] + accent if accent else parts[0] + _shifted(parts[1], RAISED, "^")
        case "mtable":
            return "; ".join(part.strip() for part in parts)
    return _row(node)


def _letters(text: str) -> str:
    """A token: compatibility letters of mathematics as plain ones, the star of an index raised."""
    text = "".join(unicodedata.normalize("NFKC", c) if 0x1D400 <= ord(c) <= 0x1D7FF else c for c in text)
    return text.replace("-", "−").replace("\u2061", "")


def _shifted(text: str, letters: dict[str, str], mark: str) -> str:
    """A superscript or subscript, in letters of its own where all of them exist."""
    if set(tight := "".join(text.split())) <= set(letters):
        return "".join(letters[letter] for letter in tight)
    return f"{mark}{_grouped(text)}"


def _grouped(text: str) -> str:
    """A text in parentheses, unless it is one symbol."""
    text = text.strip()
    whole = text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]
    return text if whole or len(text) == 1 or text.isalnum() else f"({text})"
