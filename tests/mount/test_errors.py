#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors: what each system call answers, on each kind of file. None of them is ENOSYS."""
import ctypes
import errno
import fcntl
import mmap
import os
import select
import stat
import struct
from errno import (EACCES, EBADF, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENODATA, ENOENT, ENOSYS,
                   ENOTDIR, ENOTEMPTY, ENOTTY, ENXIO, EOPNOTSUPP, EPERM, EROFS, EXDEV)

from allocfs_mount import MountCase, errno_of, main, run

LIBC = ctypes.CDLL(None, use_errno=True)
READ_ONLY = {EROFS, EACCES}
NO_CHANGE = {EROFS, EACCES, EPERM}
NO_XATTR = {EOPNOTSUPP, ENODATA}
BIG = 2 ** 64

LOOKUPS = [
    # Unknown names
    ('nothing', ENOENT), ('.', 0), ('..', 0), ('.nothing', ENOENT), ('.summar', ENOENT),
    ('.summaryx', ENOENT), ('..summary', ENOENT), ('README/', ENOTDIR), ('README/x', ENOTDIR),
    ('readme', ENOENT), ('all/nothing', ENOENT), ('all/all', ENOENT), ('all/live', 0),
    ('live/all', 0), ('all/live/all', ENOENT), ('by-file/nothing', ENOENT),
    ('by-file/mm/nothing.c', ENOENT), ('by-file/mm/slub.c/1,nothing', ENOENT),
    ('by-file/mm/slub.c/slub.c', ENOENT), ('by-module/nothing', ENOENT),
    ('by-module/VMLINUX', ENOENT), ('by-function/nothing', ENOENT), ('by-module/vmlinux/x', ENOENT),
    ('by-file/mm/README', ENOENT), ('all/README', ENOENT), ('all/status', ENOENT),
    ('all/allocinfo', ENOENT), ('all/sized', ENOENT), ('all/raw', ENOENT),
    ('sized/README', ENOENT), ('sized/status', ENOENT), ('raw/README', ENOENT),
    ('raw/status', ENOENT), ('sized/raw', ENOENT), ('raw/sized', ENOENT), ('sized/sized', ENOENT),
    ('sized/allocinfo', 0), ('raw/allocinfo', 0), ('sized/snapshots', ENOENT),
    ('raw/since', ENOENT),
    # Each filter at most once
    ('all/by-module/vmlinux/by-module', ENOENT), ('by-module/by-module', ENOENT),
    ('by-file/mm/by-file', ENOENT), ('top/10/top', ENOENT), ('top/10/top-calls/5', 0),
    ('min-size/1M/min-size', ENOENT), ('accurate/accurate', ENOENT), ('live/live', ENOENT),
    ('min-size/1M/max-size/2M', 0), ('min-size/1M/max-size/1M', 0),
    ('by-line/1/by-line', ENOENT),
    # Values that are no numbers
    ('min-size/abc', ENOENT), ('min-size/-1', ENOENT), ('min-size/+1', ENOENT),
    ('min-size/ 1', ENOENT), ('min-size/K', ENOENT), ('min-calls/x', ENOENT), ('top/x', ENOENT),
    ('top/-1', ENOENT), ('top-calls/first', ENOENT), ('max-size/M1', ENOENT),
    ('max-calls/none', ENOENT), ('by-line/x', ENOENT), ('at/x', ENOENT), ('at/-1', ENOENT),
    # Malformed numbers
    ('min-size/1Q', EINVAL), ('min-size/1KK', EINVAL), ('min-size/1k', EINVAL),
    ('min-size/1m', EINVAL), ('min-size/1B', EINVAL), ('min-size/1.5M', EINVAL),
    ('min-size/01', EINVAL), ('min-size/00', EINVAL), ('min-size/1 ', EINVAL),
    ('min-size/1Ki', EINVAL), ('min-size/1KB', EINVAL), ('min-size/0x10', EINVAL),
    ('min-size/1,000', EINVAL), ('min-calls/1K', EINVAL), ('min-calls/01', EINVAL),
    ('max-calls/1.0', EINVAL), ('top/0', EINVAL), ('top/01', EINVAL), ('top/00', EINVAL),
    ('top/1x', EINVAL), ('top/1K', EINVAL), ('top-calls/0', EINVAL), ('at/01', EINVAL),
    ('at/1x', EINVAL), ('by-line/1x', EINVAL), ('by-line/01', EINVAL),
    # Numbers that do not fit
    (f'min-size/{BIG}', EINVAL), (f'min-size/{BIG - 1}', 0), (f'min-calls/{BIG}', EINVAL),
    (f'min-calls/{BIG - 1}', 0), (f'top/{BIG}', EINVAL), (f'top/{BIG - 1}', 0),
    ('min-size/16384P', EINVAL), ('min-size/16383P', 0), ('max-size/18447PB', EINVAL),
    ('max-size/18446PB', 0), (f'at/{BIG}', EINVAL), (f'at/{BIG - 1}', ENOENT),
    (f'by-line/{BIG}', EINVAL), (f'by-line/{BIG - 1}', ENOENT), ('min-size/' + '9' * 250, EINVAL),
    # Numbers as they may be
    ('min-size/0', 0), ('min-size/1KiB', 0), ('min-size/1kB', 0), ('min-size/3TB', 0),
    ('min-size/1PiB', 0), ('min-size/1GiB', 0), ('max-calls/0', 0), ('top/1', 0),
    # Contradictions
    ('min-size/2M/max-size/1M', EINVAL), ('max-size/1M/min-size/2M', EINVAL),
    ('min-calls/2/max-calls/1', EINVAL), ('max-calls/1/min-calls/2', EINVAL),
    ('min-size/2M/by-file/mm/max-size/1M', EINVAL), ('accurate/inaccurate', EINVAL),
    ('inaccurate/accurate', EINVAL), ('accurate/live/inaccurate', EINVAL),
    # Places
    ('by-file/mm/slub.c:0', ENOENT), ('by-file/mm/slub.c:x', ENOENT),
    ('by-file/mm/slub.c:', ENOENT), ('by-file/mm/slub.c:01', EINVAL),
    (f'by-file/mm/slub.c:{BIG}', EINVAL), ('by-file/mm:1', ENOENT), ('all/slub.c:1', ENOENT),
    # Ranks
    ('top/10/mm,slub.c', ENOENT), ('top/10/,x', ENOENT), ('top/10/' + '1' * 200, ENOENT),
    # Lengths
    ('x' * 255, ENOENT), ('x' * 256, ENAMETOOLONG), ('all/' + 'x' * 255, ENOENT),
    ('all/' + 'x' * 256, ENAMETOOLONG), ('by-file/' + '\udcff' * 255, ENOENT),
    ('by-module/' + 'x' * 255, ENOENT), ('min-size/' + '1' * 256, ENAMETOOLONG),
    # Bytes that no name has
    ('\x01', ENOENT), ('all/\n', ENOENT), ('by-module/\udcff', ENOENT), ('all/%', ENOENT),
    ('by-function/%00', ENOENT), ('*', ENOENT),
]


def syscall(name, *args):
    """A libc function that python does not have; returns the errno or 0."""
    ctypes.set_errno(0)
    return ctypes.get_errno() if getattr(LIBC, name)(*args) == -1 else 0


def closed(descriptor):
    os.close(descriptor)


class Errors(MountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tag = next(tag for tag in cls.listing.tags if tag.bytes > 0)
        other = cls.listing.tags[9]
        cls.tag, cls.other = b'all/' + tag.flat, b'all/' + other.flat
        cls.text = tag.text
        cls.files = [cls.tag, b'raw/' + cls.tag, b'sized/' + cls.tag, b'README', b'status',
                     b'allocinfo', b'.summary', b'all/.total', b'by-module/.totals', b'at/0',
                     b'by-file/' + b'/'.join(tag.path) + b':%d' % tag.line]
        cls.dirs = [b'', b'all', b'live', b'by-file', b'by-file/mm', b'by-file/mm/slub.c',
                    b'by-module', b'by-module/vmlinux', b'min-size', b'min-size/1M', b'top/10',
                    b'sized', b'raw', b'at']

    def check(self, what, got, wanted):
        """One errno of one call, and whether the mount still answers."""
        wanted = wanted if isinstance(wanted, set) else {wanted}
        with self.subTest(what):
            self.assertNotEqual(got, ENOSYS, 'Function not implemented')
            names = [errno.errorcode.get(number, number) for number in (got, *wanted)]
            self.assertIn(got, wanted, f'{names[0]}, not {names[1:]}')
        self.assertEqual(self.mount.read(self.tag), self.text, f'after {what}')

    def table(self, rows):
        """Rows: (what, errnos that are right, function, arguments...)."""
        for what, wanted, call, *args in rows:
            self.check(what, errno_of(call, *args), wanted)

    def open(self, path, flags=os.O_RDONLY):
        descriptor = os.open(self.mount(path), flags)
        self.addCleanup(closed, descriptor)
        return descriptor

    def test_lookup(self):
        for path, wanted in LOOKUPS:
            name = os.fsencode(path)
            self.check(f'stat {path!r}', errno_of(os.stat, self.mount(name)), wanted)
            for view in (b'sized/', b'raw/'):
                if b'/' in name and not name.startswith((b'README', b'sized', b'raw')):
                    self.check(f'stat {view + name}', errno_of(os.stat, self.mount(view + name)),
                               wanted)

    def test_lookup_twice(self):
        """An answer that the kernel remembers is the same answer."""
        for _ in range(3):
            for path, wanted in LOOKUPS[::7]:
                name = os.fsencode(path)
                self.check(f'open {path!r}', errno_of(lambda: closed(os.open(
                    self.mount(name), os.O_PATH))), wanted)

    def test_open_for_writing(self):
        flags = {'write': os.O_WRONLY, 'read and write': os.O_RDWR,
                 'append': os.O_WRONLY | os.O_APPEND, 'truncate': os.O_WRONLY | os.O_TRUNC,
                 'create': os.O_WRONLY | os.O_CREAT, 'read, truncate': os.O_RDONLY | os.O_TRUNC}
        for file in self.files:
            self.table([(f'open to {what}: {file}', READ_ONLY, os.open, self.mount(file), flag)
                        for what, flag in flags.items()])
            self.check(f'create what exists: {file}',
                       errno_of(os.open, self.mount(file), os.O_CREAT | os.O_EXCL | os.O_WRONLY),
                       {EEXIST} | READ_ONLY)

    def test_open_wrong_kind(self):
        for path in self.dirs:
            self.table([
                (f'write {path}', EISDIR, os.open, self.mount(path), os.O_WRONLY),
                (f'read {path}', EISDIR, lambda p=path: os.read(self.open(p), 1)),
                (f'rmdir {path}', NO_CHANGE | {errno.EBUSY}, os.rmdir, self.mount(path)),
                (f'unlink {path}', NO_CHANGE | {EISDIR}, os.unlink, self.mount(path)),
                (f'O_TMPFILE {path}', {EOPNOTSUPP} | NO_CHANGE, os.open, self.mount(path),
                 os.O_TMPFILE | os.O_WRONLY),
                (f'readlink {path}', EINVAL, os.readlink, self.mount(path)),
                (f'truncate {path}', {EISDIR} | NO_CHANGE, os.truncate, self.mount(path), 0)])
        for path in self.files:
            self.table([
                (f'opendir {path}', ENOTDIR, os.listdir, self.mount(path)),
                (f'O_DIRECTORY {path}', ENOTDIR, os.open, self.mount(path), os.O_DIRECTORY),
                (f'below {path}', ENOTDIR, os.stat, self.mount(path + b'/x')),
                (f'rmdir {path}', {ENOTDIR} | NO_CHANGE, os.rmdir, self.mount(path)),
                (f'readlink {path}', EINVAL, os.readlink, self.mount(path)),
                (f'execute {path}', EACCES, os.execv, self.mount(path), [b'x'])])

    def test_make_names(self):
        for path in self.dirs:
            name = self.mount(os.path.join(path, b'new-name'))
            made = NO_CHANGE if path != b'at' else NO_CHANGE | {ENOENT}
            self.table([
                (f'create {name}', READ_ONLY, os.open, name, os.O_CREAT | os.O_WRONLY),
                (f'mkdir {name}', NO_CHANGE, os.mkdir, name),
                (f'mknod {name}', made, os.mknod, name, stat.S_IFREG | 0o644),
                (f'fifo {name}', made, os.mkfifo, name),
                (f'device {name}', made, os.mknod, name, stat.S_IFCHR | 0o644, os.makedev(1, 3)),
                (f'symlink {name}', made, os.symlink, b'x', name),
                (f'link {name}', made, os.link, self.mount(self.tag), name),
                (f'link from elsewhere {name}', EXDEV, os.link, self.mount.dump, name),
                (f'rename from elsewhere {name}', EXDEV, os.rename, self.mount.dump, name),
                (f'unlink {name}', ENOENT, os.unlink, name),
                (f'rmdir {name}', ENOENT, os.rmdir, name)])
        self.assertEqual(run('ls', '-A', self.mount(b'at')), b'')

    def test_make_what_exists(self):
        for path in self.dirs[1:] + self.files:
            name = self.mount(path)
            self.table([
                (f'mkdir {path}', {EEXIST} | NO_CHANGE, os.mkdir, name),
                (f'mknod {path}', {EEXIST} | NO_CHANGE, os.mknod, name),
                (f'symlink {path}', {EEXIST} | NO_CHANGE, os.symlink, b'x', name),
                (f'rename {path}', NO_CHANGE, os.rename, name, self.mount(b'new-name')),
                (f'rename {path} away', EXDEV, os.rename, name, self.mount.base + '/away')])
        self.table([
            ('rename to a name that is there', NO_CHANGE, os.rename, self.mount(self.tag),
             self.mount(self.other)),
            ('rename a directory over another', NO_CHANGE | {ENOTEMPTY}, os.rename,
             self.mount(b'all'), self.mount(b'live')),
            ('unlink a report', NO_CHANGE, os.unlink, self.mount(b'.summary')),
            ('unlink a tag', NO_CHANGE, os.unlink, self.mount(self.tag)),
            ('exchange', NO_CHANGE | {EINVAL}, lambda: self.rename2(2)),
            ('no replace', NO_CHANGE | {EEXIST, EINVAL}, lambda: self.rename2(1))])

    def rename2(self, flags):
        error = syscall('renameat2', -100, self.mount(self.tag), -100, self.mount(self.other),
                        flags)
        raise OSError(error, 'renameat2')

    def test_change_attributes(self):
        for path in self.dirs + self.files:
            name = self.mount(path)
            self.table([
                (f'chmod {path}', NO_CHANGE, os.chmod, name, 0o777),
                (f'chown {path}', NO_CHANGE, os.chown, name, 1, 1),
                (f'lchown {path}', NO_CHANGE, os.lchown, name, 0, 0),
                (f'utime {path}', NO_CHANGE, os.utime, name, (1, 1)),
                (f'touch {path}', NO_CHANGE, os.utime, name),
                (f'setxattr {path}', NO_XATTR | NO_CHANGE, os.setxattr, name, 'user.x', b'1'),
                (f'removexattr {path}', NO_XATTR | NO_CHANGE, os.removexattr, name, 'user.x'),
                (f'getxattr {path}', NO_XATTR, os.getxattr, name, 'user.x'),
                (f'security {path}', NO_XATTR, os.getxattr, name, 'security.capability'),
                (f'acl {path}', NO_XATTR, os.getxattr, name, 'system.posix_acl_access'),
                (f'listxattr {path}', {0, EOPNOTSUPP}, os.listxattr, name)])
        for path in self.files:
            self.table([(f'truncate {path}', NO_CHANGE, os.truncate, self.mount(path), n)
                        for n in (0, 10, 1 << 40)])

    def test_descriptors(self):
        for path in self.files:
            fd = self.open(path)
            arg = bytearray(464)
            self.table([
                (f'write {path}', EBADF, os.write, fd, b'x'),
                (f'ftruncate {path}', {EINVAL, EBADF} | NO_CHANGE, os.ftruncate, fd, 0),
                (f'fallocate {path}', {EBADF, EOPNOTSUPP} | NO_CHANGE, os.posix_fallocate, fd, 0,
                 10),
                (f'fchmod {path}', NO_CHANGE, os.fchmod, fd, 0o777),
                (f'flock {path}', 0, fcntl.flock, fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
                (f'unlock {path}', 0, fcntl.flock, fd, fcntl.LOCK_UN),
                (f'lockf {path}', 0, fcntl.lockf, fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
                (f'fsync {path}', {0, EINVAL, EROFS}, os.fsync, fd),
                (f'fdatasync {path}', {0, EINVAL, EROFS}, os.fdatasync, fd),
                (f'syncfs {path}', 0, lambda f=fd: self.raise_errno('syncfs', f)),
                (f'ioctl {path}', ENOTTY, fcntl.ioctl, fd, 0x5401, arg),
                (f'ioctl with data {path}', ENOTTY, fcntl.ioctl, fd, 0xC0085800, arg),
                (f'ioctl without data {path}', ENOTTY, fcntl.ioctl, fd, 0x5800),
                (f'FS_IOC_GETFLAGS {path}', ENOTTY, fcntl.ioctl, fd, 0x80086601, arg),
                (f'SEEK_DATA {path}', {0, ENXIO, EINVAL}, os.lseek, fd, 0, os.SEEK_DATA),
                (f'SEEK_HOLE {path}', {0, ENXIO, EINVAL}, os.lseek, fd, 0, os.SEEK_HOLE),
                (f'seek before 0 {path}', EINVAL, os.lseek, fd, -1, os.SEEK_SET),
                (f'mmap to write {path}', {EACCES, errno.ENODEV}, mmap.mmap, fd, 10,
                 mmap.MAP_SHARED, mmap.PROT_WRITE),
                (f'fadvise {path}', 0, os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_DONTNEED)])
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            self.assertEqual(poll.poll(0), [(fd, select.POLLIN)], path)
            self.assertEqual(os.pread(fd, 1, 1 << 40), b'', path)
            self.assertEqual(os.lseek(fd, 0, os.SEEK_SET), 0)
            self.assertTrue(os.read(fd, 1 << 20), path)
        for path in self.dirs:
            fd = self.open(path, os.O_DIRECTORY)
            self.table([
                (f'fsync {path}', {0, EINVAL, EROFS}, os.fsync, fd),
                (f'ioctl {path}', ENOTTY, fcntl.ioctl, fd, 0x5401, bytearray(8)),
                (f'flock {path}', 0, fcntl.flock, fd, fcntl.LOCK_SH),
                (f'fchmod {path}', NO_CHANGE, os.fchmod, fd, 0o777)])

    def raise_errno(self, name, *args):
        error = syscall(name, *args)
        if error:
            raise OSError(error, name)

    def test_other_calls(self):
        file, copy = self.open(self.tag), os.path.join(self.mount.base, 'copy')
        out = os.open(copy, os.O_RDWR | os.O_CREAT)
        self.addCleanup(closed, out)
        self.check('copy_file_range', errno_of(os.copy_file_range, file, out, 1000),
                   {0, EXDEV, EINVAL, EOPNOTSUPP})
        self.check('copy into the mount', errno_of(os.copy_file_range, out, file, 1), EBADF)
        buffer = ctypes.create_string_buffer(256)
        self.check('statx', syscall('statx', -100, self.mount(self.tag), 0, 0xFFF, buffer), 0)
        handle = ctypes.create_string_buffer(struct.pack('Ii', 128, 0) + bytes(128))
        mount_id = ctypes.c_int()
        self.check('name_to_handle_at', syscall('name_to_handle_at', -100, self.mount(self.tag),
                                                handle, ctypes.byref(mount_id), 0),
                   {0, EOPNOTSUPP})
        self.check('access to read', 0 if os.access(self.mount(self.tag), os.R_OK) else EACCES, 0)
        self.check('access to execute',
                   0 if os.access(self.mount(self.tag), os.X_OK) else EACCES, EACCES)
        self.check('faccess to write a directory',
                   0 if os.access(self.mount(b'all'), os.W_OK) else EROFS, {0, EROFS})
        self.check('chdir to a file', errno_of(os.chdir, self.mount(self.tag)), ENOTDIR)
        self.check('statfs of a file', errno_of(os.statvfs, self.mount(self.tag)), 0)
        self.check('pathconf', errno_of(os.pathconf, self.mount(b'all'), 'PC_NAME_MAX'), 0)
        self.assertEqual(os.pathconf(self.mount(b'all'), 'PC_NAME_MAX'), 255)

    def test_long_paths(self):
        deep = b'/'.join([b'all', b'live', b'by-module/vmlinux', b'min-size/1', b'max-size/1P',
                          b'min-calls/1', b'max-calls/100000000', b'top/1000', b'top-calls/500',
                          b'accurate', b'by-file/mm'])
        self.assertTrue(self.mount.list(deep))
        name = b'by-file/' + b'mm/' * 1300
        self.check('a long path', errno_of(os.stat, self.mount(name)), ENOENT)


if __name__ == '__main__':
    main()
