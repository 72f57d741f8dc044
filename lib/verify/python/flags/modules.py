"""Which modules a solution may use, and which of their names. Tables only; introspection.py and flags.py read them."""

import sys

USUAL = frozenset(
    """__future__ __main__ abc argparse array ast asyncio atexit base64 binascii bisect builtins bz2 calendar cmath codecs
    collections colorsys concurrent contextlib contextvars copy csv dataclasses datetime decimal difflib doctest enum errno
    fnmatch fractions functools gc getopt glob graphlib gzip hashlib heapq hmac html inspect io itertools json keyword
    locale logging lzma math mpmath networkx numbers numpy operator os pandas pathlib pickle platform pprint queue random re
    reprlib resource sched scipy secrets shutil stat statistics string struct sympy sys tempfile textwrap threading time
    timeit traceback types typing typing_extensions unicodedata unittest uuid warnings weakref zipfile zlib
    zoneinfo""".split()
)
UNUSUAL_PARTS = frozenset(('unittest.mock', 'logging.config', 'logging.handlers', 'concurrent.futures.process'))
# Their modules are many and have names such as signal and trace; what they hold of the interpreter has the names of SURE.
OTHERS = frozenset('mpmath networkx numpy pandas scipy sympy matplotlib sklearn typing_extensions'.split())
EVALUATING = frozenset(('sympy', 'pandas'))  # make code of texts that they are given

REFUSED = frozenset(
    """bdb code codeop ctypes faulthandler imp importlib mmap nt pdb pkgutil posix pty runpy signal site socket subprocess
    sysconfig trace tracemalloc zipimport""".split()
)
# Of these only the names listed: all else looks at the interpreter or the process, or changes them.
ALLOWED = {
    name: frozenset(names.split())
    for name, names in {
        'sys': """argv byteorder copyright exc_info executable exit flags float_info float_repr_style getdefaultencoding
            getfilesystemencoding getrecursionlimit getrefcount getsizeof getswitchinterval get_int_max_str_digits
            hash_info hexversion implementation int_info intern is_finalizing maxsize maxunicode path platform
            setrecursionlimit setswitchinterval set_int_max_str_digits stderr stdin stdlib_module_names stdout thread_info
            tracebacklimit version version_info warnoptions __stdin__ __stdout__ __stderr__""",
        'os': """DirEntry F_OK PathLike R_OK W_OK X_OK access altsep chdir close cpu_count curdir devnull environ error
            extsep fdopen fspath fsync getcwd getenv getpid get_terminal_size linesep listdir makedirs mkdir name pardir
            path pathsep remove removedirs rename replace rmdir scandir SEEK_CUR SEEK_END SEEK_SET sep stat strerror
            unlink urandom walk""",
        'builtins': """abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict dir divmod
            enumerate filter float format frozenset hash hex input int isinstance issubclass iter len list map max min next
            object oct open ord pow print property range repr reversed round set slice sorted staticmethod str sum super
            tuple type zip""",
        'gc': 'collect disable enable freeze get_count get_threshold isenabled set_threshold',
        'inspect': """Parameter Signature cleandoc getdoc getfullargspec isabstract isasyncgenfunction isclass
            iscoroutinefunction isfunction isgenerator isgeneratorfunction ismethod isroutine signature""",
        'types': """BuiltinFunctionType EllipsisType FunctionType GeneratorType GenericAlias LambdaType MappingProxyType
            MethodType NoneType NotImplementedType SimpleNamespace UnionType""",
        'traceback': """extract_tb format_exc format_exception format_exception_only format_tb print_exc print_exception
            print_tb""",
        'resource': 'RLIMIT_STACK RLIM_INFINITY RUSAGE_SELF getrlimit getrusage setrlimit',
    }.items()
}
SET = {'sys': frozenset('argv stdin stdout stderr tracebacklimit'.split())}  # what may be given another value
OWN_PARTS = frozenset(
    (('os', 'path'), ('collections', 'abc'), ('datetime', 'time'), ('concurrent', 'futures'), ('importlib', 'import_module'))
)
MODULE_NAMES = getattr(sys, 'stdlib_module_names', None) or frozenset(sys.builtin_module_names) | USUAL | REFUSED

# Modules that give the interpreter away, by the names under which other modules hold them.
SURE = frozenset('bltns builtins ctypes ctypeslib gc importlib inspect os posix subprocess sys'.split())
# Attributes that lead from an object to the frames, modules and code around it, or that take another's name as text.
TELLING = frozenset(
    """__base__ __bases__ __builtins__ __closure__ __code__ __getattr__ __getattribute__ __globals__ __import__ __loader__
    __mro__ __reduce__ __reduce_ex__ __self__ __spec__ __subclasses__ __traceback__ _current_exceptions _current_frames
    _evaluate _exit _getframe _os _sys ag_await ag_code ag_frame cell_contents cr_await cr_code cr_frame cr_origin
    currentframe dictConfig exec_module f_back f_builtins f_code f_globals f_locals f_trace find_class find_module
    find_spec get_coro get_field get_objects get_referents get_referrers get_stack get_type_hints getargvalues
    getinnerframes getouterframes gi_code gi_frame gi_yieldfrom load_module loadTestsFromName loadTestsFromNames modules
    resolve_name setprofile settrace tb_frame walk_stack walk_tb""".split()
)
TELLING_BUILTINS = frozenset('__build_class__ __loader__ __spec__ breakpoint get_type_hints _exit _getframe'.split())
HARMLESS_PRIVATE = frozenset('__all__ __doc__ __file__ __name__ __path__ __version__ _asdict _fields _make _replace'.split())
