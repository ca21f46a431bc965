"""Reads `{"rule": text, "events": [fields, ...]}` a line and prints, for each, what pySigma makes of it:
`{"matches": [bool, ...]}` or `{"refused": reason}`.

pySigma parses the rule and applies its modifiers and conditions; it has no matcher, so the values that it ends with
are compared with the events here, as literally as can be.
"""

import ipaddress
import json
import re
import sys

from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

MISSING = object()


def look_up(event, field):
    if field in event:
        return event[field]
    found = event
    for part in field.split("."):
        if not isinstance(found, dict) or part not in found:
            return MISSING
        found = found[part]
    return found


def scalars(found):
    if found is MISSING or found is None:
        return []
    if isinstance(found, list):
        return [one for each in found for one in scalars(each)]
    return [found]


def everything(event):
    for value in event.values():
        if isinstance(value, dict):
            yield from everything(value)
        else:
            yield from scalars(value)


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def number_of(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value)
    except ValueError:
        return None


def pattern_of(value):
    parts = []
    for part in value.s:
        if part == SpecialChars.WILDCARD_MULTI:
            parts.append(".*")
        elif part == SpecialChars.WILDCARD_SINGLE:
            parts.append(".")
        else:
            parts.append(re.escape(part if isinstance(value, SigmaCasedString) else part.lower()))
    return re.compile("".join(parts), re.DOTALL)


FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}
COMPARE = {
    CompareOperators.LT: lambda a, b: a < b,
    CompareOperators.LTE: lambda a, b: a <= b,
    CompareOperators.GT: lambda a, b: a > b,
    CompareOperators.GTE: lambda a, b: a >= b,
}


def holds(value, found, event):
    """Whether the values of a field, or all of the event, satisfy a value of the rule."""
    values = scalars(found)
    if isinstance(value, SigmaExpansion):
        return any(holds(each, found, event) for each in value.values)
    if isinstance(value, SigmaNull):
        return not values
    if isinstance(value, SigmaExists):
        return (found is not MISSING) == bool(value)
    if isinstance(value, SigmaBool):
        return any(text_of(each).lower() == str(value).lower() for each in values)
    if isinstance(value, SigmaCompareExpression):
        compare = COMPARE[value.op]
        numbers = [number_of(each) for each in values]
        return any(compare(each, value.number.number) for each in numbers if each is not None)
    if isinstance(value, SigmaNumber):
        return any(number_of(each) == value.number for each in values)
    if isinstance(value, SigmaRegularExpression):
        flags = 0
        for flag in value.flags:
            flags |= FLAGS[flag]
        pattern = re.compile(value.regexp.to_plain(True) if hasattr(value.regexp, "to_plain") else value.regexp, flags)
        return any(pattern.search(text_of(each)) for each in values)
    if isinstance(value, SigmaCIDRExpression):
        network = ipaddress.ip_network(value.cidr)
        for each in values:
            try:
                if ipaddress.ip_address(text_of(each)) in network:
                    return True
            except ValueError:
                continue
        return False
    if isinstance(value, SigmaFieldReference):
        others = [text_of(each).lower() for each in scalars(look_up(event, value.field))]
        starts, ends = value.starts_with, value.ends_with
        for text in (text_of(each).lower() for each in values):
            for other in others:
                if starts and ends:
                    if other in text:
                        return True
                elif starts:
                    if text.startswith(other):
                        return True
                elif ends:
                    if text.endswith(other):
                        return True
                elif text == other:
                    return True
        return False
    if isinstance(value, SigmaString):
        pattern = pattern_of(value)
        texts = [text_of(each) for each in values]
        if not isinstance(value, SigmaCasedString):
            texts = [text.lower() for text in texts]
        return any(pattern.fullmatch(text) for text in texts)
    raise NotImplementedError(type(value).__name__)


def found_in(value, texts):
    """A keyword is looked for inside of every value of the event (specification, "Keywords")."""
    if isinstance(value, SigmaExpansion):
        return any(found_in(each, texts) for each in value.values)
    if isinstance(value, SigmaString):
        pattern = pattern_of(value)
        return any(pattern.search(text_of(each) if isinstance(value, SigmaCasedString) else text_of(each).lower()) for each in texts)
    return holds(value, texts, {})


def evaluate(condition, event):
    if isinstance(condition, ConditionAND):
        return all(evaluate(each, event) for each in condition.args)
    if isinstance(condition, ConditionOR):
        return any(evaluate(each, event) for each in condition.args)
    if isinstance(condition, ConditionNOT):
        return not evaluate(condition.args[0], event)
    if isinstance(condition, ConditionFieldEqualsValueExpression):
        return holds(condition.value, look_up(event, condition.field), event)
    if isinstance(condition, ConditionValueExpression):
        return found_in(condition.value, list(everything(event)))
    raise NotImplementedError(type(condition).__name__)


def answer(case):
    try:
        collection = SigmaCollection.from_yaml(case["rule"])
        rule = collection.rules[0]
        conditions = [condition.parsed for condition in rule.detection.parsed_condition]
        if any(condition is None for condition in conditions):
            return {"refused": "a condition is empty"}
    except Exception as error:  # whatever it is, pySigma did not take the rule
        return {"refused": f"{type(error).__name__}: {error}"}
    try:
        return {"matches": [any(evaluate(each, event) for each in conditions) for event in case["events"]]}
    except NotImplementedError as error:
        return {"unknown": f"{error}"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
