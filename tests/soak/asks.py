# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a mount by system calls, and what a tree of the model has to answer.

A question is a class: ask() says what the mount answers, wanted() what the tree does.
"""
import ctypes
import fcntl
import os
import stat
import struct
from errno import (EBUSY, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, ENOTTY,
                   EXDEV)

from allocfs_ioctl import (FILE, FUNCTION, INACCURATE, LINE, MAX_SIZE, MIN_SIZE, MODULE, Allocinfo,
                           Filter, passes, record_of)
from model import Errors, File, Special
from reports import Test, attributes, content

LIBC = ctypes.CDLL(None, use_errno=True)


class Question:
    """About one path; random choices are made once, so that it can be said what was asked."""

    def __init__(self, rand, layout):
        self.rand, self.layout = rand, layout

    def __str__(self):
        return type(self).__name__.lower()


class Stat(Question):
    """Kind, mode, links, size and blocks."""
    call = staticmethod(os.stat)

    def ask(self, path):
        info = self.call(path)
        kind = 'directory' if stat.S_ISDIR(info.st_mode) else 'file'
        return [kind, stat.S_IMODE(info.st_mode), info.st_nlink, info.st_blocks, info.st_size]

    def wanted(self, found, tree):
        if not isinstance(found, File):
            mode = 0o700 if isinstance(found, Special) and found.name == b'snapshots' else 0o500
            return Test(f'a directory of mode {mode:o}',
                        lambda got: got[:4] == ['directory', mode, 1, 0])
        size, blocks = attributes(found)
        return Test(f'a file of {blocks} blocks, {size} bytes',
                    lambda got: got[:3] == ['file', 0o400, 1] and
                    (blocks is None or got[3] == blocks) and (size is None or got[4] == size))


class Lstat(Stat):
    call = staticmethod(os.lstat)


class Names(Question):
    """A directory, by names alone."""

    def ask(self, path):
        return [os.fsencode(name) for name in os.listdir(path)]

    def wanted(self, found, tree):
        if isinstance(found, File):
            raise Errors(ENOTDIR)
        return names_wanted(found, tree, lambda row: row[0])


class Scandir(Question):
    """Names with their kinds."""

    def ask(self, path):
        with os.scandir(path) as entries:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]

    def wanted(self, found, tree):
        if isinstance(found, File):
            raise Errors(ENOTDIR)
        return names_wanted(found, tree, lambda row: row)


def names_wanted(found, tree, of):
    """The list of entries, each as of() gives it: (name, whether it is a directory)."""
    if isinstance(found, Special):
        own = {of((name, True)) for name in tree.snapshots}
        return Test(f'names in order, among them {sorted(own)}',
                    lambda got: got == sorted(got) and own <= set(got))
    rows = [of(row) for row in found.entries()]
    if found.waiting == b'by-line':  # in which order is not said
        rows.sort()
        return Test(f'in any order: {rows[:30]}', lambda got: sorted(got) == rows)
    return rows


class Rewind(Names):
    """A directory by small getdents, which is left, and read again from places in it."""

    def ask(self, path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            first = list(self.pieces(descriptor))
            names = [name for _, name, _ in first]
            for _ in range(2):
                back = self.rand.randrange(len(first) + 1)
                os.lseek(descriptor, first[back - 1][2] if back else 0, os.SEEK_SET)
                rest = [name for _, name, _ in self.pieces(descriptor)]
                if rest != names[back:]:
                    return [b'other names after a seek to', back, *rest[:10]]
            os.lseek(descriptor, 0, os.SEEK_SET)
            again = [os.fsencode(name) for name in os.listdir(descriptor)]
            names = [name for name in names if name not in (b'.', b'..')]
            return names if again == names else [b'other names after a rewind', *again]
        finally:
            os.close(descriptor)

    def pieces(self, descriptor):
        """(type, name, where to go on) of entries."""
        while True:
            data = ctypes.create_string_buffer(self.rand.choice([300, 500, 1 << 12, 1 << 16]))
            size = LIBC.getdents64(descriptor, data, len(data))
            if size < 0:
                raise OSError(ctypes.get_errno(), 'getdents64')
            if size == 0:
                return
            at = 0
            while at < size:
                _, offset, length, kind = struct.unpack_from('=QqHB', data.raw, at)
                yield kind, data.raw[at + 19:at + length].split(b'\0')[0], offset
                at += length


class Read(Question):
    """A whole file, by small reads, some of them at other places, and some again."""

    def ask(self, path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data, most = b'', self.rand.choice([1, 7, 100, 4096, 5000, 1 << 17])
            while True:
                size = self.rand.randint(1, most)
                piece = os.read(descriptor, size)
                if not piece:
                    break
                data, most = data + piece, min(most * 2, 1 << 17)
            for _ in range(3):
                at, size = self.rand.randrange(len(data) + 10), self.rand.randint(1, 9000)
                if os.pread(descriptor, size, at) != data[at:at + size]:
                    return b'other bytes by pread at %d' % at
                os.lseek(descriptor, at, os.SEEK_SET)
                if os.read(descriptor, size) != data[at:at + size]:
                    return b'other bytes by a seek to %d' % at
            if os.lseek(descriptor, 0, os.SEEK_CUR) > len(data) + 10:
                return b'a position behind the end'
            return data
        finally:
            os.close(descriptor)

    def wanted(self, found, tree):
        if not isinstance(found, File):
            raise Errors(EISDIR)
        return content(found)


class Statvfs(Question):
    """Of any path that there is."""

    def ask(self, path):
        return os.statvfs(path).f_namemax

    def wanted(self, found, tree):
        return 255


class Walk(Question):
    """allocinfo by its ioctls; other files have none."""

    def __init__(self, rand, layout):
        super().__init__(rand, layout)
        self.rule, self.position = Filter(), rand.choice([None, None, 0, 1, 5, 10 ** 6])

    def aim(self, listing):
        """A filter that lets something through, or should."""
        rand = self.rand
        record = record_of(rand.choice(listing.tags))
        sizes = sorted((record.bytes, record_of(rand.choice(listing.tags)).bytes))
        if rand.random() < 0.05:
            sizes.reverse()
        mask = sum(bit for bit in (MODULE, FUNCTION, FILE, LINE, INACCURATE, MIN_SIZE, MAX_SIZE)
                   if rand.random() < 0.25) | (rand.random() < 0.03) << rand.randrange(7, 64)
        self.rule = Filter(mask, *record[:4], int(not record.accurate), *sizes)

    def __str__(self):
        return f'walk {self.rule} from {self.position}'

    def ask(self, path):
        with Allocinfo(path, self.layout) as file:
            if self.position is None:
                return file.walk(self.rule)
            return [file.get_at(self.position, self.rule)]

    def wanted(self, found, tree):
        if not isinstance(found, File) or found.kind != 'allocinfo':
            raise Errors(ENOTTY)
        rule = self.rule
        if rule.mask >> 7 or rule.mask & MIN_SIZE and rule.mask & MAX_SIZE and \
                rule.min_size > rule.max_size:
            raise Errors(EINVAL)
        records = [record for record in map(record_of, found.query.listing.tags)
                   if passes(record, rule)]
        if self.position is None:
            return records
        if self.position >= len(records):
            raise Errors(ENOENT)
        return records[self.position:self.position + 1]


def opening(flags):
    return lambda path: os.close(os.open(path, flags))


# Each has to fail, with EROFS, EACCES or EPERM, or as reading would; and what else it may say.
WRITES = {
    'write': (opening(os.O_WRONLY), {EISDIR}),
    'append': (opening(os.O_RDWR | os.O_APPEND), {EISDIR}),
    'truncate at open': (opening(os.O_RDONLY | os.O_TRUNC), {EISDIR}),
    'create': (opening(os.O_WRONLY | os.O_CREAT), {EISDIR}),
    'create new': (opening(os.O_WRONLY | os.O_CREAT | os.O_EXCL), {EEXIST, EISDIR}),
    'mkdir': (os.mkdir, {EEXIST}),
    'mknod': (os.mknod, {EEXIST}),
    'symlink': (lambda path: os.symlink(b'x', path), {EEXIST}),
    'unlink': (os.unlink, {EISDIR, ENOTDIR}),
    'rmdir': (os.rmdir, {EBUSY, EINVAL, ENOTDIR, ENOTEMPTY}),
    'truncate': (lambda path: os.truncate(path, 10), {EISDIR}),
    'chmod': (lambda path: os.chmod(path, 0o777), set()),
    'utime': (lambda path: os.utime(path, (1, 1)), set()),
    'rename': (lambda path: os.rename(path, path + b'x'),
               {EBUSY, EEXIST, EINVAL, ENAMETOOLONG, ENOTDIR, EXDEV}),
    'rename away': (lambda path: os.rename(path, b'/allocfs-soak'), {EBUSY, EXDEV}),
}


class Write(Question):
    """An attempt to change something."""

    def __init__(self, rand, layout):
        super().__init__(rand, layout)
        self.kind = rand.choice(sorted(WRITES))
        self.call, self.also = WRITES[self.kind]

    def __str__(self):
        return self.kind

    def ask(self, path):
        self.call(path)
        return 'done'

    def wanted(self, found, tree):
        raise Errors(*self.also)


class Other(Question):
    """A command that is no one's."""

    def ask(self, path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, self.rand.choice([0x5401, 0xC0085800, 0x5800]), bytearray(464))
            return 'done'
        finally:
            os.close(descriptor)

    def wanted(self, found, tree):
        raise Errors(ENOTTY)
