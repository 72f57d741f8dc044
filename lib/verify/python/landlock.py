"""Which files a step may open, by the kernel's landlock: for machines that refuse namespaces.

Assumes Linux 5.13 or later with landlock switched on; else an OSError says so. From kernel 6.7 on it denies TCP, from
6.12 on signals to processes outside; the system call filter denies both everywhere.
"""

import os
import struct

from linux import LIBC, check

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE = 2, 4, 8, 16, 32, 128, 256
REFER, TRUNCATE = 1 << 13, 1 << 14  # known from versions 2 and 3 on
IN_OWN_FOLDER = WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE
PATH_BENEATH = 1


def ruleset(whole, modules, folders, own=None):
    """A descriptor of rules that allow reading `whole` and what is below, and `modules`; listing `folders`; writing /dev/null;
    making files in `own`; and nothing else."""
    version = check(LIBC.syscall(CREATE_RULESET, None, 0, 1), 'landlock')
    rights = 13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16
    handled = struct.pack('QQQ', (1 << rights) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = check(LIBC.syscall(CREATE_RULESET, handled, size, 0), 'landlock_create_ruleset')
    for path in (*whole, *modules, *folders, *([own] if own else ())):
        allowed = READ_DIR if path in folders else READ_FILE | READ_DIR if os.path.isdir(path) else READ_FILE
        if path == os.devnull:
            allowed |= WRITE_FILE
        if path == own:
            allowed = IN_OWN_FOLDER | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack('=Qi', allowed, target)
        check(LIBC.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0), f'landlock_add_rule {path}')
        os.close(target)
    return rules


def restrict(rules):
    """Puts the rules in force for this process, for good. Needs PR_SET_NO_NEW_PRIVS."""
    check(LIBC.syscall(RESTRICT_SELF, rules, 0), 'landlock_restrict_self')
