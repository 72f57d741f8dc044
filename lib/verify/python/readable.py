"""Which files a step may read: Python itself and what is installed in it as a whole; of other folders on its path, as an
editable install, a .pth file or a project adds them, only the modules, so that no .env, .git or notes can be read.
"""

import importlib.machinery
import os
import site
import sys
import sysconfig

LIBRARIES = ('/lib', '/lib32', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/nix/store')
ZONES = ('/usr/share/zoneinfo', '/usr/lib/zoneinfo', '/usr/share/lib/zoneinfo', '/etc/zoneinfo')  # where zoneinfo looks
DEVICES = (os.devnull, '/dev/urandom')
MOST_LOOKED_AT = 20_000  # files of one folder: far more than any project has modules
SUFFIXES = tuple(importlib.machinery.all_suffixes())


def readable_paths():
    """Result: folders and files that may be read whole, none of them below another one; modules outside of these; the
    folders that hold such modules. Raises OSError for a folder that is too large to look for modules in."""
    own = {path for path in (*LIBRARIES, *ZONES, *installed()) if path != '/'}
    own |= {os.path.realpath(path) for path in own}
    whole = {path for path in (*own, '/etc/ld.so.cache', *DEVICES) if path != '/' and os.path.exists(path)}
    others = {os.path.abspath(path) for path in (*sys.path, *edited()) if path and os.path.exists(path)}
    whole |= {path for path in others if os.path.isfile(path) and not path.endswith(SUFFIXES)}  # an archive of modules
    others = sorted(path for path in others | set(map(os.path.realpath, others)) if not is_below(path, whole))
    modules, folders = set(), set()
    for path in others:
        (folders if os.path.isdir(path) else modules).add(path)
        if os.path.isdir(path):
            modules.update(modules_of(path, whole))
    return sorted(path for path in whole if not is_below(os.path.dirname(path), whole)), sorted(modules), sorted(folders)


def installed():
    """Folders of the interpreter: its library, and what package managers install into."""
    paths = sysconfig.get_paths()
    return {os.path.abspath(path) for path in (*(paths[name] for name in ('stdlib', 'platstdlib', 'purelib', 'platlib')), *site.getsitepackages())}


def edited():
    """Modules and packages that finders of editable installs take from elsewhere: setuptools' and those of `editables`."""
    found = []
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, '__module__', None))
        for mapping in (getattr(module, 'MAPPING', None), getattr(finder, '_redirections', None)):
            if isinstance(mapping, dict):
                for path in map(str, mapping.values()):
                    found += [path, *(path + suffix for suffix in SUFFIXES)]
        namespaces = getattr(module, 'NAMESPACES', None)
        if isinstance(namespaces, dict):
            found += [str(path) for paths in namespaces.values() for path in paths]
    return found


def is_below(path, folders):
    """Whether `path` is one of `folders` or lies in one."""
    return path in folders or any(path.startswith(folder + '/') for folder in folders)


def modules_of(top, whole):
    """The files of a folder that an import can reach: in folders with a name that Python can write."""
    looked_at = 0
    for folder, inner, names in os.walk(top):
        inner[:] = sorted(name for name in inner if name.isidentifier() and os.path.join(folder, name) not in whole)
        looked_at += len(names) + len(inner)
        if looked_at > MOST_LOOKED_AT:
            raise OSError(f'{top} is on the path of {sys.executable} and holds more than {MOST_LOOKED_AT} files: take it off (a .pth file of {site.getsitepackages()[0]} may name it)')
        for name in names:
            if name.endswith(SUFFIXES) and name.split('.')[0].isidentifier():
                yield os.path.join(folder, name)
