"""What the fork server reads from a child's report. The child may have written anything, so only known fields are taken."""

import json
import re
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


def parse_flags(bodies):
    """The first line of flags, which was written before any step ran; None when there is none."""
    for body in bodies:
        if body.startswith(b'flags '):
            found = parse(body[len(b'flags ') :])
            return found if found and {key: type(value) for key, value in found.items()} == FLAGS else None
    return None


def parse_report(body, statuses):
    """The known fields of a child's report; None when it is not one that a child makes."""
    found = parse(body)
    if found is None or found.get('status') not in statuses:
        return None
    return {key: found[key] for key, kind in REPORTED.items() if type(found.get(key)) is kind}


def ending(code):
    if code >= 0:
        return f'exit {code}'
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f'signal {-code}'


def told(report, nonce, word):
    """The process id that a report names after `word`, once it does; else None."""
    found = re.search(rb'\n%s %s ([0-9]{1,9})\n' % (nonce.encode(), word), report)
    return int(found[1]) if found else None
