"""What is said in an encoding that lacks our characters: lines and bars of ASCII, letters without their accents."""

import codecs
import sys
import unicodedata
from typing import TextIO

PLAIN = "plain"
"""The name of the error handler, as `open(errors=...)` takes it."""

_OURS = "│█▏⣿–…"
_ASCII = {
    **dict.fromkeys("│┃║╎▏▎▍▌▐", "|"),
    **dict.fromkeys("─━═╌–—−‐‑", "-"),
    **dict.fromkeys("█▉▊▋▇▆▅▄▓▒░■▪", "#"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╞╡╪┏┓┗┛┡┩╇", "+"),
    **dict.fromkeys("▁▂▃", "_"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **{"…": "...", "×": "x", "±": "+/-", "•": "*", "·": ".", "●": "o", "✓": "v", "→": "->", "≥": ">=", "≤": "<="},
}


def lacking_encoding(stream: TextIO | None) -> str:
    """The name of a stream's encoding where that lacks the characters that we draw with; else empty."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        _OURS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return str(encoding)
    return ""


def speak_plainly() -> None:
    """Have standard output and error say what their encoding lacks in plain letters, where it lacks any."""
    for stream in (sys.stdout, sys.stderr):
        if lacking_encoding(stream) and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_plain_letter(letter) for letter in lacking), error.end


def _plain_letter(letter: str) -> str:
    if letter in _ASCII:
        return _ASCII[letter]
    if "\ud800" <= letter <= "\udfff":  # a byte of a path that is no text in any encoding
        return letter.encode("ascii", "backslashreplace").decode()
    without_accents = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return without_accents or "?"


codecs.register_error(PLAIN, _plain)
