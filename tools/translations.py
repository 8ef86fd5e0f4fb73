"""Extract, check and compile the translations.

``python -m tools.translations compile`` merges ``resources/translations/*.po`` into
``zh_CN.mo``; ``check`` lists every ``tr()`` string without a translation, every string
translated in two ways, every unused one, and fails on the first two.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"
_IN_TEMPLATE = re.compile(r'\btr\("([^"]+)"\)')


def source_strings() -> dict[str, list[str]]:
    """Every literal given to ``tr()`` in ``app/`` and in the print templates, with its places."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and _is_tr(node.func)):
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            for text in _literals(node.args[0]) if node.args else []:
                found.setdefault(text, []).append(place)
    for path in sorted((ROOT / "resources" / "print").glob("*.html")):
        for said in _IN_TEMPLATE.finditer(path.read_text(encoding="utf-8")):
            found.setdefault(said[1], []).append(str(path.relative_to(ROOT)))
    return found


def _is_tr(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "tr") or (
        isinstance(function, ast.Attribute) and function.attr == "tr"
    )


def _literals(argument: ast.expr) -> list[str]:
    """The literals an argument can be: one string, or either branch of a choice."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.IfExp):
        return _literals(argument.body) + _literals(argument.orelse)
    return []


def marked_strings() -> dict[str, list[str]]:
    """Strings marked for later translation with ``N_("…")`` (tables of words)."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "N_" and node.args:
                for text in _literals(node.args[0]):
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    found.setdefault(text, []).append(place)
    return found


def merged() -> tuple[polib.POFile, list[str]]:
    """All areas in one catalogue, and the strings translated in two ways."""
    whole = polib.POFile(check_for_duplicates=False)
    whole.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": "zh_CN"}
    seen: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for path in sorted(FOLDER.glob("*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            if entry.obsolete:
                continue
            before = seen.get(entry.msgid)
            if before is not None:
                if before[0] != entry.msgstr:
                    problems.append(
                        f"{entry.msgid!r}: {before[1]} says {before[0]!r}, "
                        f"{path.name} says {entry.msgstr!r}"
                    )
                continue
            seen[entry.msgid] = (entry.msgstr, path.name)
            whole.append(polib.POEntry(msgid=entry.msgid, msgstr=entry.msgstr))
    whole.sort(key=lambda entry: entry.msgid)
    return whole, problems


def missing() -> list[str]:
    """Strings of the program that have no Chinese translation, with their places."""
    catalogue, _ = merged()
    translated = {entry.msgid for entry in catalogue if entry.msgstr}
    needed = source_strings()
    for text, places in marked_strings().items():
        needed.setdefault(text, []).extend(places)
    return [
        f"{text!r} at {places[0]}"
        for text, places in sorted(needed.items())
        if text and text not in translated
    ]


def unused() -> list[str]:
    """Translations whose source string the program no longer says."""
    catalogue, _ = merged()
    used = set(source_strings()) | set(marked_strings())
    return [entry.msgid for entry in catalogue if entry.msgid not in used]


def compiled() -> bytes:
    catalogue, _ = merged()
    data: bytes = catalogue.to_binary()
    return data


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "check"
    if command == "compile":
        # Beside it, then renamed: a program that is just starting never reads half of it.
        fresh = FOLDER / "zh_CN.mo.new"
        fresh.write_bytes(compiled())
        fresh.replace(FOLDER / "zh_CN.mo")
        return 0
    if command == "check":
        _, twice = merged()
        gaps = missing()
        for line in gaps:
            print("not translated:", line)
        for line in twice:
            print("translated twice:", line)
        for line in unused():
            print("unused:", repr(line))
        return 1 if gaps or twice else 0
    print("usage: python -m tools.translations compile|check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
