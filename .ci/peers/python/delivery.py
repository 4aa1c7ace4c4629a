"""What the drivers of the Python engines share: rules, delivery files, printed lines."""

import gzip
import json
import pathlib
import sys


def arguments():
    """Returns the rules, pairs of name and text in order of their names, and the files."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} RULES_DIR FILE.json.gz...")
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.yml"))
    rules = [(path.stem, path.read_text(encoding="utf-8")) for path in paths]
    return rules, [pathlib.Path(name) for name in sys.argv[2:]]


def records(path):
    """Returns the records of a delivery file."""
    with gzip.open(path) as file:
        return json.load(file)["Records"]


def refuse(name, reason):
    """Says on standard error that the engine does not take a rule."""
    print("refused", name, " ".join(f"{type(reason).__name__}: {reason}".split()), sep="\t", file=sys.stderr)


def match(path, index, name):
    """Prints that a rule matches the record of that index in a file."""
    sys.stdout.write(f"{path.name}\t{index}\t{name}\n")
