#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that runs out of memory or of descriptors: who asks is told, and all is well afterwards."""
import os
import random
import resource
import subprocess
import tempfile
import time
import unittest
from errno import EIO, ENOMEM

import allocfs_mount as am
from allocfs_ioctl import LAYOUTS, Allocinfo, Filter
from allocfs_mount import HEADER, Listing, Mount, Worker, main, slurp, wait_until

MIB = 1 << 20
TAGS = int(os.environ.get('ALLOCFS_TEST_ROOM_TAGS', 50_000))
# What is left of the address space of the daemon, in MiB.
ROOMS = (5, 8, 12, 16, 24, 32, 48, 96, 256)
READERS = 16


def listing(more):
    """Many tags; with more, others among them too."""
    lines = [b'%12d %8d drivers/dir%d/file%d.c:%d func:function_%d \n' %
             (4096 * i, i, i % 50, i % 700, i, i % 9000) for i in range(1, TAGS + 1)]
    if more:
        lines[::7] = [b'%12d %8d new/place.c:%d func:new_%d \n' % (i, i, i, i)
                      for i in range(len(lines[::7]))]
    return HEADER + b''.join(lines)


def limit(pid, what, number):
    """Sets a soft limit of a process; returns what it was."""
    soft, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (number, hard))
    return soft


class Leaves:
    """The daemon of a mount has so much address space left, while in here."""

    def __init__(self, mount, mib):
        self.pid, self.mib = mount.process.pid, mib

    def __enter__(self):
        size = am.memory(self.pid, 'VmSize') * 1024
        self.before = limit(self.pid, resource.RLIMIT_AS, size + int(self.mib * MIB))

    def __exit__(self, *_):
        limit(self.pid, resource.RLIMIT_AS, self.before)


REPORTS = (b'.json', b'.csv', b'.raw', b'.prom', b'.folded', b'.allocinfo', b'.totals',
           b'by-function/.totals', b'by-line/.totals', b'all/.summary', b'allocinfo',
           b'by-module/vmlinux/top/20/.json')


@unittest.skipIf(am.is_sanitized(), 'a sanitizer takes an address space of its own')
class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.small = listing(False)
        cls.large = listing(True)

    def mounted(self, options='max_age=0', source=None):
        self.log = tempfile.TemporaryFile()
        self.addCleanup(self.log.close)
        mount = Mount(source or self.small, options, foreground=True, stderr=self.log)
        self.addCleanup(mount.close)
        # Who cannot start one thread does not serve at all: the room is taken from one that does.
        mount.read(b'README')
        return mount

    def logged(self):
        self.log.seek(0)
        return self.log.read().splitlines()

    def check_alive(self, mount, room):
        self.assertIsNone(mount.process.poll(), f'ended with {room} MiB: {self.logged()[-3:]}')

    def check(self, mount, questions, all_large=True):
        """Each is answered rightly or by ENOMEM. all_large: the least room is not enough for all."""
        right = {name: ask() for name, ask in questions.items()}
        answered = []
        for room in ROOMS:
            with Leaves(mount, room):
                good = 0
                for name, ask in questions.items():
                    try:
                        self.assertTrue(ask() == right[name], f'{name} with {room} MiB')
                        good += 1
                    except OSError as error:
                        self.assertEqual(error.errno, ENOMEM, f'{name} with {room} MiB')
            answered.append(good)
            self.check_alive(mount, room)
        if all_large:
            self.assertLess(answered[0], len(questions), answered)
        self.assertEqual(answered[-1], len(questions), answered)
        for name, ask in questions.items():
            self.assertTrue(ask() == right[name], f'{name} afterwards')

    def test_reports(self):
        mount = self.mounted()
        self.check(mount, {name: lambda name=name: mount.read(name) for name in REPORTS})
        self.check(mount, {'stat ' + name.decode(): lambda name=name: os.stat(mount(name)).st_size
                           for name in REPORTS})

    def test_listings(self):
        mount = self.mounted()
        self.check(mount, {name: lambda name=name: sorted(mount.list(name))
                           for name in (b'all', b'top/5000', b'by-function', b'by-line',
                                        b'by-file/drivers/dir1')})

    def test_nodes(self):
        """What there is no memory to remember is listed without."""
        mount = self.mounted()
        names, without = sorted(mount.list(b'all')), 0
        for room in ROOMS:
            with Leaves(mount, room):
                try:
                    entries = list(os.scandir(mount(b'live')))
                    self.assertEqual(len(entries), TAGS)
                    errors = [am.errno_of(entry.stat) for entry in entries[::100]]
                    self.assertLessEqual(set(errors), {0, ENOMEM})
                    without += ENOMEM in errors
                except OSError as error:
                    self.assertEqual(error.errno, ENOMEM)
            self.check_alive(mount, room)
        self.assertGreater(without, 0, 'no name was ever without a node')
        self.assertEqual(sorted(mount.list(b'all')), names)

    def test_names(self):
        """A listing of other names, for which there is no memory, and then there is."""
        mount = self.mounted()
        wanted = {True: Listing(self.large).tags[-1].flat, False: Listing(self.small).tags[0].flat}
        answers = set()
        for turn, room in enumerate(ROOMS):
            more = turn % 2 == 0
            with Leaves(mount, room):
                mount.write(self.large if more else self.small)
                answers.add(am.errno_of(slurp, mount(b'all/' + wanted[more])))
            self.check_alive(mount, room)
            self.assertEqual(mount.read(b'allocinfo'), self.large if more else self.small)
        self.assertEqual(answers, {0, ENOMEM})
        self.assertIn('not enough memory', mount.status('last-error'))

    def test_differences(self):
        mount = self.mounted()
        os.mkdir(mount(b'snapshots/a'))
        mount.write(self.large)
        answers = set()
        for room in ROOMS:
            with Leaves(mount, room):
                for path in (b'since/a/.total', b'since/a/all/.json'):
                    answers.add(am.errno_of(slurp, mount(path)))
                answers.add(am.errno_of(os.mkdir, mount(b'snapshots/x%d' % room)))
            self.check_alive(mount, room)
        self.assertEqual(answers, {0, ENOMEM})
        self.assertIn(b'tags:', mount.read(b'since/a/.total'))

    def test_tails(self):
        """Words that no catalog keeps, but each sample."""
        def listing(count):
            return HEADER + b''.join(b'%12d %8d a.c:%d func:f key:value_%d \n' % (count, 1, i, i)
                                     for i in range(2 * TAGS))

        mount = self.mounted(source=listing(1))
        answers = set()
        for turn, room in enumerate(ROOMS):
            with Leaves(mount, room):
                mount.write(listing(turn))
                answers.add(am.errno_of(mount.read, b'.total'))
            self.check_alive(mount, room)
        self.assertEqual(answers, {0, ENOMEM})

    def test_one_place(self):
        """All tags on one line of one file."""
        path = b'd/' * 60 + b'a.c'
        mount = self.mounted(source=HEADER + b'1 1 %s:1 func:f \n' % path * (2 * TAGS))
        self.check(mount, {name: lambda name=name: mount.read(b'by-file/' + path + name)
                           for name in (b':1', b'/.csv', b'/.json', b'/.prom')})

    def test_paths(self):
        """Few tags of very many directories."""
        mount = self.mounted()
        answers = set()
        for turn, room in enumerate(ROOMS):
            with Leaves(mount, room):
                mount.write(HEADER + b''.join(
                    b'1 1 %s.c:1 func:f \n' % b'/'.join(b'%d_%d_%d' % (turn, i, depth)
                                                        for depth in range(300))
                    for i in range(150)))
                answers.add(am.errno_of(mount.read, b'.total'))
            self.check_alive(mount, room)
        self.assertEqual(answers, {0, ENOMEM})

    def test_ioctls(self):
        """A source that has ioctls: passes, whose parts are as long as the catalog."""
        with Mount(self.small, 'max_age=0', foreground=True, stack=False) as inner:
            mount = self.mounted(source=inner)

            def walk():
                with Allocinfo(mount(b'allocinfo'), LAYOUTS['mainline']) as file:
                    return len(file.walk(Filter(0)))

            self.check(mount, {
                'file': lambda: mount.read(b'by-file/drivers/dir1/.json'),
                'size': lambda: mount.read(b'min-size/100M/.csv'),
                'tag': lambda: mount.read(b'all/drivers,dir1,file1.c,1,function_1'),
                'walk': walk}, all_large=False)

    def test_many_at_once(self):
        """Each with another question; also where there is no memory for one more thread, or for
        what that reads into."""
        mount = self.mounted('max_age=100')
        mount.read(b'.total')
        began = time.monotonic()
        questions = [(slurp, view + name) for name in REPORTS for view in (b'', b'sized/', b'raw/')]
        questions += [(os.listdir, name) for name in (b'all', b'live', b'by-function', b'by-line')]

        def ask(seed):
            counts, rand = [0, 0], random.Random(seed)
            for call, name in rand.choices(questions, k=6):
                error = am.errno_of(call, mount(name))
                counts[error != 0] += 1
                if error not in (0, ENOMEM):
                    raise AssertionError(f'{name}: {os.strerror(error)}')
            return counts

        answers, (_, rand) = 0, am.seeded(7)
        for room in (5, 8.25, 8.5, 8.75, 9, 9.25, 12, 20, 24, 30, 40, 48, 60, 80, 96):
            with Leaves(mount, room):
                workers = [Worker(ask, rand.random()) for _ in range(READERS)]
                said = [each.wait() for each in workers]
            self.check_alive(mount, room)
            self.assertEqual({error for _, error in said}, {None})
            answers = sum(counts[0] for counts, _ in said)
        self.assertGreater(answers, 0, 'none even with all that room')
        self.assertEqual(mount.read(b'allocinfo'), self.small)
        seconds = time.monotonic() - began
        self.assertLess(len(self.logged()), 60 + seconds, 'each event is told, but not each time')


class Descriptors(unittest.TestCase):
    def check(self, mount, path, pid):
        right = mount.read(path)
        count = len(os.listdir(f'/proc/{pid}/fd'))
        before = limit(pid, resource.RLIMIT_NOFILE, 3)
        try:
            self.assertIn(am.errno_of(mount.read, path), (0, EIO))
            mount.write(am.slurp(am.DUMP_B))
            self.assertEqual(am.errno_of(mount.read, path), EIO)
            self.assertIn('Too many open files', mount.status('last-error'))
        finally:
            limit(pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual(mount.read(b'allocinfo'), am.slurp(am.DUMP_B))
        mount.write(am.slurp(am.DUMP_A))
        self.assertTrue(wait_until(lambda: mount.read(path) == right))
        self.assertLessEqual(len(os.listdir(f'/proc/{pid}/fd')), count)

    def test_dump(self):
        with Mount(am.DUMP_A, 'max_age=0', foreground=True, stack=False,
                   stderr=subprocess.DEVNULL) as mount:
            self.check(mount, b'by-module/.totals', mount.process.pid)

    def test_ioctls(self):
        with Mount(am.DUMP_A, 'max_age=0', foreground=True, stack=False) as inner, \
                Mount(inner, 'max_age=0', foreground=True,
                      stderr=subprocess.DEVNULL) as mount:
            self.check(mount, b'by-module/xfs/.totals', mount.process.pid)
            self.check(mount, b'by-file/mm/slub.c/.total', mount.process.pid)


if __name__ == '__main__':
    main()
