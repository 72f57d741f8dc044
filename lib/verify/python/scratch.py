"""A folder of its own for a program that writes files and reads them again: empty at first, limited, gone with the child.

At level jail it is a file system in memory that nobody else sees. At the others it lies among the temporary files of the
machine, and the fork server looks after its size: what is written between two looks is beyond the limit.
"""

import os
import re
import shutil
import tempfile

import jail

# What makes files, or shows those of the working folder. A wrong yes costs only time.
WANTED = re.compile(
    r'\bopen\s*\(|\b(?:tempfile|Path|makedirs|listdir|scandir|getcwd|glob|shutil|sqlite3|shelve|fdopen)\b'
    r'|\bos\.walk|\bfilename\s*=|FileHandler|to_csv|savetxt|\bsave\b'
)
MOST_BYTES = 8 << 20  # of one file, and of all together
MOST_FILES = 256
LOOK = 0.05  # seconds between two looks


def is_wanted(steps):
    return any(WANTED.search(text) for text in steps)


class Scratch:
    def __init__(self, level, base):
        """`base`: a folder to make for those of the children; None: one of any name. Raises OSError where it is there."""
        self.is_in_memory = level == 'jail'
        if self.is_in_memory:
            self.base = None
        elif base is None:
            self.base = tempfile.mkdtemp(prefix='asterism-steps-')
        else:
            os.mkdir(base)
            self.base = base
        if self.base is not None:
            os.chmod(self.base, 0o711)

    def folder_of(self, pid):
        return jail.SCRATCH if self.is_in_memory else os.path.join(self.base, str(pid))

    def make(self, uid):
        """In the child, while it may: makes the folder for the user `uid` (None: as it is now). Result: its path."""
        folder = self.folder_of(os.getpid())
        if self.is_in_memory:
            jail.mount_scratch(MOST_BYTES, MOST_FILES, uid or 0)
        else:
            os.mkdir(folder, 0o700)
            if uid is not None:
                os.chown(folder, uid, uid)
        os.chdir(folder)
        os.environ['TMPDIR'] = folder
        tempfile.tempdir = None  # to be asked for anew
        return folder

    def is_full(self, pid):
        """Whether the folder of a child holds more than it may. Looks no further than that takes."""
        if self.is_in_memory:
            return False  # the kernel looks after it
        files, size, folders = 0, 0, [self.folder_of(pid)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
                        if files > MOST_FILES or size > MOST_BYTES:
                            return True
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
            except OSError:
                pass  # not made yet, or removed meanwhile
        return False

    def remove(self, pid):
        if not self.is_in_memory:
            shutil.rmtree(self.folder_of(pid), ignore_errors=True)

    def close(self):
        if self.base is not None:
            shutil.rmtree(self.base, ignore_errors=True)
