"""What the fork server reads from a child's report. The child may have written anything, so only known fields are taken."""

import json
import signal

REPORTED = {'status': str, 'type': str, 'message': str, 'module': str, 'line': int}
FLAGS = {
    'introspection': bool,
    'swallowedException': bool,
    'nothingComputed': bool,
    'onlyLiteralsPrinted': bool,
    'unusualImports': list,
}


def parse(body):
    """The object in `body`; None when there is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is dict else None


def parse_flags(found):
    """The flags in a report; None where they are not such as a child makes."""
    flags = found.get('flags') if found else None
    return flags if type(flags) is dict and {key: type(value) for key, value in flags.items()} == FLAGS else None


def known_fields(found):
    """The known fields of a report on an error."""
    return {key: found[key] for key, kind in REPORTED.items() if type(found.get(key)) is kind}


def ending(code):
    if code >= 0:
        return f'exit {code}'
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f'signal {-code}'
