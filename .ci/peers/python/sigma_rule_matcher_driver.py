"""Tries Sigma rules on CloudTrail delivery files with sigma-rule-matcher.

Usage: sigma_rule_matcher_driver.py RULES_DIR FILE.json.gz...
"""

import delivery
from sigma.rule import SigmaRule
from sigma_rule_matcher import RuleMatcher


def main():
    rules, files = delivery.arguments()
    matchers = {}
    for name, text in rules:
        try:
            matchers[name] = RuleMatcher(SigmaRule.from_yaml(text))
        except Exception as reason:  # whatever it is, the engine does not take the rule
            delivery.refuse(name, reason)
    for path in files:
        for index, record in enumerate(delivery.records(path)):
            for name, matcher in list(matchers.items()):
                try:
                    if matcher.match(record):
                        delivery.match(path, index, name)
                except Exception as reason:
                    delivery.refuse(name, reason)
                    del matchers[name]


main()
