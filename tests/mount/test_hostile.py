#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps that nobody would save: endless ones, one long line, NULs, every byte there is.

ALLOCFS_TEST_LINES: how many lines the longest has. Each ends in a mount that shows what there is to
show, or in one message; time and memory are in proportion to what was read.
"""
import os
import subprocess
import tempfile
import unittest

import allocfs_mount as am
from allocfs_mount import ALLOCFS, HEADER, Listing, Mount, main

LINES = int(os.environ.get('ALLOCFS_TEST_LINES', 300_000))
LONG_LINE = 100 << 20  # bytes
PER_LINE = 800  # bytes of memory at the most, while it is read
WITHOUT = 64 << 10  # kilobytes: of a daemon, besides
ROUND = 4096


class Hostile(unittest.TestCase):
    def mounted(self, pieces):
        mount = Mount(pieces, foreground=True, stack=False)
        self.addCleanup(mount.close)
        return mount

    def check_memory(self, mount, allowed):
        """The most that was taken since the start, kilobytes."""
        if not am.is_sanitized():
            self.assertLess(am.memory(mount.process.pid, 'VmHWM'), WITHOUT + allowed / 1024)

    def test_many_lines(self):
        def lines():
            yield HEADER
            for i in range(LINES):
                yield b'%12d %8d d%d/e%d/file%d.c:%d func:function_%d \n' % (
                    ROUND * (i % 100), i % 100, i % 90, i % 1000, i % 9000, i, i % 70_000)

        mount = self.mounted(lines())
        total = sum(ROUND * (i % 100) for i in range(LINES))
        calls = sum(i % 100 for i in range(LINES))
        self.assertEqual(mount.read(b'.total'), b'%12d %8d tags:%d /\n' % (total, calls, LINES))
        last = LINES - 1
        name = b'd%d,e%d,file%d.c,%d,function_%d' % (last % 90, last % 1000, last % 9000, last,
                                                    last % 70_000)
        self.assertEqual(mount.read(b'all/' + name).split()[:2],
                         [b'%d' % (ROUND * (last % 100)), b'%d' % (last % 100)])
        self.assertEqual(len(mount.list(b'top/50')), 50)
        self.check_memory(mount, LINES * PER_LINE)

    def test_equal_lines(self):
        """All of one name: only ordinals tell them apart."""
        count = LINES // 3
        mount = self.mounted([HEADER] + [b'1 1 a.c:1 func:f \n'] * count)
        self.assertEqual(mount.read(b'.total').split()[:3], [b'%d' % count] * 2 + [b'tags:%d' % count])
        self.assertEqual(mount.read(b'all/a.c,1,f,vmlinux,%d' % count), b'%12d %8d a.c:1 func:f \n' % (1, 1))
        self.assertEqual(am.errno_of(mount.read, b'all/a.c,1,f,vmlinux,%d' % (count + 1)), 2)
        self.check_memory(mount, count * PER_LINE)

    def test_deep_and_different(self):
        """No two have a directory in common, and each has a hundred."""
        count = LINES // 300
        mount = self.mounted([HEADER] + [
            b'1 1 %s.c:1 func:f \n' % b'/'.join(b'%d_%d' % (i, depth) for depth in range(100))
            for i in range(count)])
        self.assertEqual(mount.read(b'.total').split()[2], b'tags:%d' % count)
        self.assertEqual(len(mount.list(b'by-file')), count)
        self.check_memory(mount, 100 * count * PER_LINE)

    def long_line(self):
        piece = b'x' * (1 << 20)
        for _ in range(LONG_LINE // len(piece)):
            yield piece

    def test_one_long_line(self):
        with tempfile.TemporaryDirectory(prefix='allocfs-test-') as place:
            dump = os.path.join(place, 'dump.txt')
            am.write_pieces(dump, self.long_line())
            done = subprocess.run([ALLOCFS, dump, place], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count(b'\n'), 1, done.stderr)
        self.assertIn(b'no line of it is one of a listing', done.stderr)

    def test_long_line_among_others(self):
        def pieces():
            yield HEADER + b'1 1 a.c:1 func:f \n9 9 '
            yield from self.long_line()
            yield b' func:g \n2 2 b.c:2 func:h \n'

        mount = self.mounted(pieces())
        self.assertEqual(mount.read(b'.allocinfo'), HEADER + b'%12d %8d a.c:1 func:f \n'
                         % (1, 1) + b'%12d %8d b.c:2 func:h \n' % (2, 2))
        self.assertEqual(mount.status('skipped-lines'), '1')
        self.check_memory(mount, 0)

    def test_every_byte(self):
        """In file, module and function; a line with a newline or a NUL in it is no line of a tag."""
        rows = [b'%d 1 d/%c.c:1 [m%c] func:f%c \n' % (byte + 1, byte, byte, byte)
                for byte in range(256)]
        data = HEADER + b''.join(rows)
        mount = self.mounted([data])
        good = [i for i in range(256) if bytes([i]) not in (b'\0', b'\n')]
        shown = mount.read(b'.allocinfo')
        sums = int(mount.read(b'.total').split()[0])
        names = set(os.listdir(mount(b'all')))
        self.assertEqual(len(names), int(mount.read(b'.total').split()[2][5:]))
        for byte in good:
            if bytes([byte]) not in (b' ', b':', b'[', b']'):  # they are of the grammar
                self.assertIn(b'%12d %8d d/%c.c:1 [m%c] func:f%c \n' % (byte + 1, 1, byte, byte, byte),
                              shown)
        for name in names:
            self.assertEqual(len(mount.read(b'all/' + name).splitlines()[-1:]), 1)
        self.assertNotIn(b'\0', shown)
        self.assertEqual(sums, sum(int(line.split()[0]) for line in shown.split(b'\n')
                                   if line[:1] == b' ' and len(line) > 12))

    def test_nul(self):
        mount = self.mounted([HEADER, b'1 1 a.c:1 func:f \n', b'\0' * 3_000_000, b'\n',
                              b'2 2 b\0.c:1 func:f \n', b'4 4 c.c:1 func:f \n'])
        self.assertEqual(mount.read(b'.total').split()[:3], [b'5', b'5', b'tags:2'])
        self.assertEqual(mount.status('skipped-lines'), '2')


if __name__ == '__main__':
    main()
