# SPDX-License-Identifier: GPL-2.0-or-later
"""What the mount tests share: mounting a listing, and an own idea of what the tree must show.

Nothing here is taken from the program: the grammar, the names and the sets are computed anew from
the rules of the tree, so that a mistake shows unless it was made twice.
"""
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ALLOCFS = os.environ.get('ALLOCFS', 'allocfs')
DATA = os.environ.get('ALLOCFS_TEST_DATA',
                      os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data'))
DUMP_A, DUMP_B = os.path.join(DATA, 'allocinfo-a.txt'), os.path.join(DATA, 'allocinfo-b.txt')

# A layout of the ioctls, mainline or v3: then the dump is mounted on a directory of its own, and
# what is tested is a second mount, of the first one's allocinfo, which asks that by ioctls.
STACK = os.environ.get('ALLOCFS_TEST_STACK')
STACK_OPTIONS = f'max_age=0,abi={STACK}'  # of the first mount
INTERFACE = f'ioctl {STACK}' if STACK else 'dump'  # as status has to name it

HEADER = b'allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n'
LINE = re.compile(rb' *(-?\d+) +(\d+) '  # bytes, calls
                  rb'(.*?):(\d+)(?: \[(.*?)\])?'  # file, line, module
                  rb' func:([^ ]*)((?: [^ ]+)*) *$', re.S)  # function, KEY:VALUE...
PLAIN = frozenset(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-')
FILTERS = frozenset(b'live all by-file by-module by-function top min-size min-calls top-calls '
                    b'max-size max-calls by-line accurate inaccurate at'.split())
ROOT = (b'README status allocinfo live all by-file by-module by-function top min-size min-calls '
        b'snapshots since').split()
LATER = {b'snapshots', b'since'}  # may be there; empty for a dump
UNITS = {b'': 1, b'K': 1 << 10, b'M': 1 << 20, b'G': 1 << 30, b'kB': 1000, b'MB': 1000 ** 2,
         b'KiB': 1 << 10, b'MiB': 1 << 20}
RECORD = struct.Struct('=64s64s64sQQQB7x')  # modname function filename lineno bytes calls accurate


def escape(word, reserved=False):
    """The name of one component."""
    if not word:
        return b'%00'
    return b''.join(b'%c' % byte if byte in PLAIN and not (i == 0 and (byte == 46 or reserved))
                    else b'%%%02X' % byte for i, byte in enumerate(word))


def normalise(path):
    """The components of a source path in by-file/, escaped."""
    parts = []
    for part in path.split(b'/'):
        if part == b'..':
            del parts[-1:]
        elif part not in (b'', b'.'):
            parts.append(part)
    return tuple(escape(part, part in FILTERS) for part in parts) or (b'%00',)


class Tag:
    """One line of a listing."""

    def __init__(self, number, match):
        size, calls, self.file, line, self.module, self.function, tail = match.groups()
        self.number, self.bytes, self.calls, self.line = number, int(size), int(calls), int(line)
        if self.calls >= 1 << 63:
            self.calls -= 1 << 64
        self.accurate = b' accurate:no' not in tail
        self.text = match.group(0) + b'\n'
        self.site = self.text[match.start(3):]  # without the counters
        self.path = normalise(self.file)
        self.module_name = b'vmlinux' if self.module is None else escape(self.module)
        self.function_name = escape(self.function)
        self.key = (self.path, self.line, self.function, self.module)

    def set_names(self, ordinal):
        end = b'' if self.module is None else b',' + self.module_name
        if ordinal > 1:
            end = b',%s,%d' % (self.module_name, ordinal)
        self.in_file = b'%d,%s%s' % (self.line, self.function_name, end)
        self.flat = b','.join(self.path) + b',' + self.in_file

    @property
    def blocks(self):
        return -(-max(self.bytes, 0) // 512)

    @property
    def record(self):
        return RECORD.pack((self.module or b'')[-63:], self.function[-63:], self.file[-63:],
                           self.line, self.bytes % 2 ** 64, self.calls % 2 ** 64, self.accurate)

    def content(self, view=b''):
        return self.record if view == b'raw' else self.text

    @property
    def live(self):
        return self.bytes != 0 or self.calls != 0


class Listing:
    """A whole listing: its tags in order, and sums over some of them."""

    def __init__(self, data):
        self.data, self.tags, seen = data, [], {}
        for line in data.split(b'\n'):
            match = LINE.match(line)
            if match:
                tag = Tag(len(self.tags), match)
                seen[tag.key] = seen.get(tag.key, 0) + 1
                tag.set_names(seen[tag.key])
                self.tags.append(tag)
        self.by_flat = {tag.flat: tag for tag in self.tags}

    @classmethod
    def read(cls, path):
        with open(path, 'rb') as file:
            return cls(file.read())

    def groups(self, key):
        """Tags by key(tag), both in listing order."""
        groups = {}
        for tag in self.tags:
            groups.setdefault(key(tag), []).append(tag)
        return groups

    def paths(self):
        """Tags by each directory and file of by-file/, as a tuple of components."""
        groups = {(): list(self.tags)}
        for tag in self.tags:
            for depth in range(1, len(tag.path) + 1):
                groups.setdefault(tag.path[:depth], []).append(tag)
        return groups


def recount(listing, count):
    """The same names with other counters: count(tag) gives bytes and calls."""
    return Listing(HEADER + b''.join(b'%12d %8d %s' % (*count(tag), tag.site)
                                     for tag in listing.tags))


def total_line(tags, path):
    """What .total says of tags."""
    tags = list(tags)
    calls = sum(tag.calls for tag in tags) % 2 ** 64
    return b'%12d %8d tags:%d %s\n' % (sum(tag.bytes for tag in tags), calls, len(tags), path)


def size_of(text):
    return int(re.match(rb'\d+', text)[0]) * UNITS[text.lstrip(b'0123456789')]


def utf8(words, percent=False):
    """What is not of UTF-8 as %XX."""
    if percent:
        words = words.replace(b'%', b'%25')
    out = ''
    while words:
        try:
            return out + words.decode()
        except UnicodeDecodeError as error:
            out += words[:error.start].decode() + f'%{words[error.start]:02X}'
            words = words[error.start + 1:]
    return out


def slurp(path):
    with open(path, 'rb') as file:
        return file.read()


def write_pieces(path, pieces):
    with open(path, 'wb', buffering=1 << 20) as file:
        for piece in pieces:
            file.write(piece)


def is_sanitized():
    """Whether the program under test is built with a sanitizer, which needs memory of its own."""
    return b'__asan_init' in slurp(shutil.which(ALLOCFS))


def memory(pid, what='VmRSS'):
    """Kilobytes of a process, as its status in /proc has them."""
    return int(re.search(rb'%s:\s+(\d+)' % what.encode(), slurp(f'/proc/{pid}/status'))[1])


def run(*command, **options):
    """A command that has to succeed; returns its standard output as bytes."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f'{command}: exit {done.returncode}: {done.stderr!r}')
    return done.stdout


def errno_of(call, *args, **options):
    """The errno that a call fails with, or 0."""
    try:
        call(*args, **options)
    except OSError as error:
        return error.errno
    return 0


def wait_until(condition, seconds=5.0):
    """Whether condition() came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def mounts():
    """Rows of /proc/self/mounts by mountpoint."""
    rows = (line.split(b' ') for line in slurp('/proc/self/mounts').splitlines())
    return {row[1].decode('unicode_escape').encode('latin-1'): row for row in rows}


def is_mounted(path):
    """Asks nothing of the mount itself, which may not answer."""
    parent, name = os.path.split(os.fsencode(path))
    return os.path.join(os.path.realpath(parent), name) in mounts()


class Mount:
    """A listing mounted on a directory of its own, from start to unmount.

    dump is the file that the listing is in, source the one that allocfs was told to mount: the
    same, or the allocinfo of a mount of it.
    """

    def __init__(self, source, options='', foreground=False, stack=bool(STACK), **popen):
        """source: a file, which is copied, the bytes of a listing, at once or in pieces, or a
        mount to be mounted again.

        stack: whether it is to be the second mount. popen: for a process in the foreground.
        """
        self.base = tempfile.mkdtemp(prefix='allocfs-test-')
        os.chmod(self.base, 0o755)
        self.path = os.path.join(self.base, 'mnt')
        self.inner = self.process = None
        os.mkdir(self.path)
        try:
            self.set_source(source, stack)
            self.start([ALLOCFS, self.source, self.path] + (['-o', options] if options else []),
                       foreground, popen)
        except BaseException:
            self.close()
            raise

    def set_source(self, source, stack):
        if stack and not isinstance(source, Mount):
            source = self.inner = Mount(source, STACK_OPTIONS, foreground=True, stack=False)
        if isinstance(source, Mount):
            self.dump, self.source = source.dump, os.path.join(source.path, 'allocinfo')
            return
        self.dump = self.source = os.path.join(self.base, 'allocinfo.txt')
        if isinstance(source, bytes):
            self.write(source)
        elif isinstance(source, str):
            shutil.copyfile(source, self.dump)
        else:
            write_pieces(self.dump, source)

    def start(self, command, foreground, popen):
        if not foreground:
            subprocess.run(command, check=True, timeout=60)
            return
        self.process = subprocess.Popen(command + ['-f'], **popen)
        wait_until(lambda: is_mounted(self.path) or self.process.poll() is not None, 600)
        if not is_mounted(self.path):
            raise AssertionError(f'{command}: not mounted')

    def __call__(self, path=b''):
        """A path in the mount, as bytes."""
        return os.path.join(os.fsencode(self.path), path)

    def read(self, path):
        return slurp(self(path))

    def list(self, path=b''):
        return os.listdir(self(path))

    def status(self, key):
        """The value of a line of status."""
        rows = dict(row.split(': ', 1) for row in self.read(b'status').decode().splitlines())
        return rows[key]

    def write(self, data):
        """A new listing by rename."""
        with open(self.dump + '.new', 'wb') as file:
            file.write(data)
        os.rename(self.dump + '.new', self.dump)

    def close(self):
        if is_mounted(self.path):
            done = subprocess.run(['fusermount3', '-u', self.path], check=False,
                                  capture_output=True)
            if done.returncode != 0:
                subprocess.run(['fusermount3', '-uz', self.path], check=False)
        if self.process and not self.has_ended(5):
            self.kill()
        if self.inner:
            self.inner.close()
        shutil.rmtree(self.base, ignore_errors=True)

    def has_ended(self, seconds):
        """Whether a process in the foreground ends in time."""
        return wait_until(lambda: self.process.poll() is not None, seconds)

    def kill(self):
        """What waits for the first mount cannot end before that does."""
        self.process.kill()
        if not self.has_ended(0.5) and self.inner:
            self.inner.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Worker:
    """A function in a process of its own; what it returns goes through json."""

    def __init__(self, function, *arguments):
        end, start = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                said = [function(*arguments), None]
            except BaseException as error:  # pylint: disable=broad-except
                said = [[], repr(error)]
            os.close(end)
            with open(start, 'w', encoding='ascii') as file:
                json.dump(said, file)
            os._exit(0)
        os.close(start)
        self.file = open(end, encoding='ascii')

    def wait(self):
        """What the function returned, and the error that it raised or None."""
        with self.file:
            said = self.file.read()
        os.waitpid(self.pid, 0)
        return json.loads(said)


class MountCase(unittest.TestCase):
    """Tests that share one mount, which they do not change."""
    dump, options = DUMP_A, ''
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.mount = Mount(cls.dump, cls.options)
        cls.addClassCleanup(cls.mount.close)
        cls.listing = Listing.read(cls.mount.dump)

    def assert_same(self, got, wanted, what=''):
        """Equal lists; shows the first difference instead of thousands of lines."""
        for i, (mine, theirs) in enumerate(zip(got, wanted)):
            if mine != theirs:
                self.fail(f'{what}: entry {i} is {mine!r}, not {theirs!r}')
        self.assertEqual(len(got), len(wanted), what)


def seeded(seed):
    """Random numbers that are the same at each run; ALLOCFS_TEST_SEED gives others."""
    seed = int(os.environ.get('ALLOCFS_TEST_SEED', seed))
    return seed, random.Random(seed)


def main():
    """Runs the tests of the program, or says why it cannot: 77 is meson's 'skipped'."""
    reason = None
    if not os.path.exists('/dev/fuse'):
        reason = '/dev/fuse is missing'
    elif not shutil.which('fusermount3'):
        reason = 'fusermount3 is not installed'
    elif not shutil.which(ALLOCFS):
        sys.exit(f'failed: {ALLOCFS}: no such program; set ALLOCFS to its path')
    if reason and os.environ.get('ALLOCFS_TESTS_MUST_RUN'):
        sys.exit(f'failed: {reason}')
    if reason:
        print(f'skipped: {reason}')
        sys.exit(77)
    # At a time limit too, what is mounted is unmounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('failed: ended by SIGTERM'))
    unittest.main(module='__main__')
