"""Tries Sigma rules on CloudTrail delivery files with zargunlite: a table a file in
SQLite, a query a rule, made by the SQLite backend of pySigma.

Usage: zargunlite_driver.py RULES_DIR FILE.json.gz...
"""

import json

import delivery
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetection
from zargunlite.core import ZargunCore

INDEX = "recordIndex"


def fields_of(detection):
    """Yields the names of the fields that a search reads."""
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from fields_of(item)
        elif item.field is not None:
            yield item.field


def flatten(row, columns, prefix, value):
    """Puts what value holds under dotted names into row, as far as columns has them."""
    for name, inner in value.items():
        name = prefix + name
        if name in columns and inner is not None:
            row[name] = inner if isinstance(inner, str) else json.dumps(inner)
        if isinstance(inner, dict):
            flatten(row, columns, name + ".", inner)


def main():
    rules, files = delivery.arguments()
    queries, columns = [], {INDEX}
    for name, text in rules:
        try:
            collection = SigmaCollection.from_yaml(text)
            for query in sqliteBackend().convert(collection):
                queries.append((name, query.replace("<TABLE_NAME>", "logs")))
            for rule in collection.rules:
                for detection in rule.detection.detections.values():
                    columns.update(fields_of(detection))
        except Exception as reason:  # whatever it is, the engine does not take the rule
            delivery.refuse(name, reason)
    # SQLite takes at most 2,000 columns, and a file of CloudTrail has more fields:
    # only those that a rule reads become columns.
    typed = [(column, int if column == INDEX else str) for column in sorted(columns)]
    for path in files:
        rows = []
        for index, record in enumerate(delivery.records(path)):
            row = {INDEX: index}
            flatten(row, columns, "", record)
            rows.append(row)
        with ZargunCore() as core:
            core.load_data(rows, fields=typed, strict_field_name=False)
            found = []
            for name, query in list(queries):
                try:
                    found += ((row[INDEX], name) for row in core.execute_sqlite_query(query))
                except Exception as reason:
                    delivery.refuse(name, reason)
                    queries.remove((name, query))
            for index, name in sorted(found):
                delivery.match(path, index, name)


main()
