"""Nodes of an SVG drawing, made by the standard library's XML so that no text can break out of its place."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "http://www.w3.org/2000/svg"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text without the characters that XML does not have (control characters, bytes that are no text)."""
    return _NOT_IN_XML.sub("\ufffd", text)


def number(value: float) -> str:
    """A length with one decimal, which is finer than a screen shows."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def node(parent: Element | None, tag: str, text: str = "", /, **attributes: str | float) -> Element:
    """A node below `parent`; of attribute names a _ at the end is dropped (class_) and one within becomes a -."""
    named = {
        name.rstrip("_").replace("_", "-"): xml_text(value) if isinstance(value, str) else number(value)
        for name, value in attributes.items()
    }
    made = Element(tag, named) if parent is None else ElementTree.SubElement(parent, tag, named)
    made.text = xml_text(text) or None
    return made


def drawing(width: float, height: float, title: str) -> Element:
    """An empty drawing of a size in pixels, which scales; screen readers say its title."""
    root = node(
        None,
        "svg",
        xmlns=NAMESPACE,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=title,
    )
    node(root, "title", title)
    return root


def svg_text(root: Element) -> str:
    """The drawing as text, without a declaration."""
    return ElementTree.tostring(root, encoding="unicode")
