#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""allocinfo as a server of the kernel's ioctls, in both layouts."""
import collections
import fcntl
import os
import subprocess
import tempfile
import threading
import time
import unittest
from errno import EFAULT, EINVAL, EIO, ENOENT, ENOTTY

from allocfs_ioctl import (CONTENT_ID, EVERYTHING, FILE, FUNCTION, INACCURATE, LAYOUTS, LINE,
                           MAINLINE, MAX_SIZE, MIN_SIZE, MODULE, V3, Allocinfo, Filter, passes,
                           record_of)
from allocfs_mount import (ALLOCFS, DUMP_A, DUMP_B, HEADER, STACK, Listing, Mount, MountCase,
                           errno_of, is_mounted, main, recount, seeded)

SELFTEST = os.environ.get('ALLOCFS_ABI_SELFTEST')
FILES = (b'allocinfo', b'sized/allocinfo', b'raw/allocinfo')
THREADS = 32
MAX_AGE, SLACK = 0.1, 0.1  # seconds: the default, and for a busy machine


def hostile():
    """Words longer than a record has room for, that are equal once cut; odd counters."""
    files = [b'a/' * 40 + b'x.c', b'b/' + b'a/' * 40 + b'x.c', b'n' * 63, b'n' * 64, b'n' * 300,
             b'./include/y.h', b'include/y.h', b'x.c']
    functions = [b'f', b'f' * 63, b'f' * 64, b'g' + b'f' * 64, b'-']
    modules = [None, b'', b'm', b'm' * 64, b'k' + b'm' * 64]
    counters = [(0, 0, b''), (-86241280, 2 ** 64 - 21055, b''), (2 ** 62, 7, b' accurate:no'),
                (-1, 0, b' accurate:no'), (4096, 1, b''), (12345678901234, 99, b' colour:red')]
    lines, number = [], 0
    for file in files:
        for function in functions:
            for module in modules:
                for line in (7, 2 ** 32, 7):
                    size, calls, tail = counters[number % len(counters)]
                    where = b' [%s]' % module if module is not None else b''
                    lines.append(b'%12d %8d %s:%d%s func:%s%s \n'
                                 % (size + (size and number), calls, file, line, where, function,
                                    tail))
                    number += 1
    return HEADER + b''.join(lines)


class Server:
    """What holds in both layouts."""
    layout = MAINLINE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = [record_of(tag) for tag in cls.listing.tags]
        files = collections.Counter(record.file for record in cls.records)
        cls.file_rule = Filter(FILE, file=files.most_common(1)[0][0])

    def open(self, path=b'allocinfo', mount=None):
        file = Allocinfo((mount or self.mount)(path), self.layout)
        self.addCleanup(file.close)
        return file

    def test_walk(self):
        for path in FILES:
            file = self.open(path)
            self.assert_same(file.walk(), self.records, path)
            # Behind the end it begins anew.
            self.assertEqual([file.get_next(), file.get_next()], self.records[:2])

    def test_walk_without_a_filter(self):
        file = self.open()
        self.assert_same([file.get_next() for _ in self.records], self.records)
        self.assertEqual(errno_of(file.get_next), ENOENT)
        self.assertEqual(file.get_next(), self.records[0])

    def random_filter(self, rand):
        record = rand.choice(self.records)
        mask = 0
        for bit in rand.sample([MODULE, FUNCTION, FILE, LINE, INACCURATE, MIN_SIZE, MAX_SIZE],
                               rand.choice([1, 1, 2, 3])):
            mask |= bit
        other = rand.choice(self.records)
        low, high = sorted((record.bytes, other.bytes))
        return Filter(mask, record.module, record.function, record.file, record.line,
                      rand.choice([0, 1, 77]), rand.choice([0, low]),
                      rand.choice([high, 2 ** 64 - 1]))

    def test_random_filters(self):
        seed, rand = seeded(20260802)
        file = self.open()
        for number in range(300):
            rule = self.random_filter(rand)
            wanted = [record for record in self.records if passes(record, rule)]
            with self.subTest(seed=seed, number=number, rule=rule):
                if len(wanted) < 200:
                    self.assert_same(file.walk(rule), wanted)
                position = rand.randint(0, len(wanted))
                if position < len(wanted):
                    self.assertEqual(file.get_at(position, rule), wanted[position])
                    self.assert_same([file.get_next() for _ in wanted[position + 1:][:9]],
                                     wanted[position + 1:][:9])
                else:
                    self.assertEqual(errno_of(file.get_at, position, rule), ENOENT)

    def test_refused_filters(self):
        """The old filter and position stay."""
        file = self.open()
        rule = self.file_rule
        wanted = [record for record in self.records if passes(record, rule)]
        file.get_at(0, rule)
        for position, wrong, error in ((0, Filter(1 << 7), EINVAL), (0, Filter(1 << 63), EINVAL),
                                       (0, Filter(MIN_SIZE | MAX_SIZE, min_size=2, max_size=1),
                                        EINVAL),
                                       (len(self.records), EVERYTHING, ENOENT),
                                       (2 ** 64 - 1, EVERYTHING, ENOENT)):
            self.assertEqual(errno_of(file.get_at, position, wrong), error, wrong)
        self.assertEqual(file.get_next(), wanted[1])

    def test_no_match(self):
        """Below the number of all: the filter is set, and a pass that was under way at its end."""
        file = self.open()
        record = self.records[0]
        rule = Filter(FILE, file=record.file)
        wanted = [record for record in self.records if passes(record, rule)]
        self.assertEqual(errno_of(file.get_at, len(wanted), rule), ENOENT)
        self.assertEqual(file.get_next(), wanted[0])
        self.assertEqual(errno_of(file.get_at, len(wanted), rule), ENOENT)
        self.assertEqual(errno_of(file.get_next), ENOENT)
        self.assertEqual(file.get_next(), wanted[0])

    def test_no_such_ioctl(self):
        descriptor = self.open().descriptor
        other = LAYOUTS['v3' if self.layout is MAINLINE else 'mainline']
        right = {CONTENT_ID, self.layout.get_at, self.layout.get_next}
        commands = {other.get_at, other.get_next, 0x5401, 0xa600, 0xa601, 0xa602, 0x8008a603,
                    0x8008a700, 0xc1d0a701, 0}
        for command in right:
            commands |= {command + (8 << 16), command - (8 << 16), command ^ 1 << 30,
                         command ^ 1 << 31, command & 0xffff, command ^ 0x8000}
        for command in sorted(commands - right):
            self.assertEqual(errno_of(fcntl.ioctl, descriptor, command, bytearray(1024)), ENOTTY,
                             hex(command))
        self.assertEqual(Allocinfo(None, self.layout, descriptor).get_next(), self.records[0])

    def test_no_such_file(self):
        for path in (b'', b'all', b'sized', b'by-file', b'README', b'status', b'.allocinfo',
                     b'.raw', b'all/' + self.listing.tags[0].flat, b'at/0', b'raw/at/0'):
            file = self.open(path)
            for call in (file.content_id, file.get_at, file.get_next):
                self.assertEqual(errno_of(call), ENOTTY, path)

    def test_bad_pointer(self):
        """What GET_NEXT could not hand over is gone."""
        file = self.open()
        for command in (CONTENT_ID, self.layout.get_at, self.layout.get_next):
            self.assertEqual(errno_of(fcntl.ioctl, file.descriptor, command, 0), EFAULT)
        self.assertEqual(file.get_next(), self.records[1])

    def test_opens_are_independent(self):
        first, second = self.open(), self.open()
        first.get_at(7, EVERYTHING)
        self.assertEqual(second.get_next(), self.records[0])
        second.get_at(0, self.file_rule)
        self.assertEqual(first.get_next(), self.records[8])

    def test_dup_and_fork_share(self):
        first = self.open()
        second = Allocinfo(None, self.layout, os.dup(first.descriptor))
        with second:
            first.get_at(7, EVERYTHING)
            self.assertEqual(second.get_next(), self.records[8])
            child = os.fork()
            if child == 0:
                os._exit(0 if first.get_next() == self.records[9] else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(first.get_next(), self.records[10])

    def test_reading_is_apart(self):
        file, text = self.open(), b''
        for i in range(40):
            text += os.read(file.descriptor, 1000)
            self.assertEqual(file.get_next(), self.records[i])
        self.assertEqual(text, self.listing.data[:40000])
        os.lseek(file.descriptor, 0, os.SEEK_SET)
        self.assertEqual(file.get_next(), self.records[40])
        self.assertEqual(os.read(file.descriptor, 500), self.listing.data[:500])

    def run_threads(self, work):
        """work(number) in 32 threads; raises what one of them did."""
        errors = []

        def guarded(number):
            try:
                work(number)
            except BaseException as error:  # pylint: disable=broad-except
                errors.append(error)
        threads = [threading.Thread(target=guarded, args=(i,)) for i in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def test_threads_with_files_of_their_own(self):
        files = sorted({record.file for record in self.records})

        def work(number):
            for name in files[number::THREADS][:8]:
                with Allocinfo(self.mount(b'allocinfo'), self.layout) as file:
                    rule = Filter(FILE, file=name)
                    self.assert_same(file.walk(rule),
                                     [r for r in self.records if passes(r, rule)], name)
        self.run_threads(work)

    def test_threads_with_one_file(self):
        """Each record goes to one of them."""
        file, taken = self.open(), [[] for _ in range(THREADS)]
        tickets = iter(range(len(self.records)))

        def work(number):
            for _ in tickets:
                taken[number].append(file.get_next())
        self.run_threads(work)
        self.assertEqual(errno_of(file.get_next), ENOENT)
        self.assert_same(sorted(sum(taken, [])), sorted(self.records))


class Mainline(Server, MountCase):
    pass


class OtherDump(Server, MountCase):
    dump = DUMP_B


class LayoutV3(Server, MountCase):
    layout, options = V3, 'abi=v3'


class Hostile(Server, MountCase):
    dump = hostile()


class Changes(unittest.TestCase):
    """The dump is replaced under open files."""

    def setUp(self):
        self.a, self.b = Listing.read(DUMP_A), Listing.read(DUMP_B)
        self.counted = recount(self.a, lambda tag: (77 + tag.number, 7))

    def each_mount(self, check):
        """check(mount, file, settle); settle() waits until what was written has to be seen."""
        for options, late in (('max_age=0', 0), ('', MAX_AGE + SLACK)):
            with self.subTest(options), Mount(DUMP_A, options) as mount, \
                    Allocinfo(mount(b'allocinfo')) as file:
                check(mount, file, lambda seconds=late: time.sleep(seconds))

    def test_content_id(self):
        def check(mount, file, settle):
            last = file.content_id()
            for listing, same in ((self.counted, True), (self.a, True), (self.b, False),
                                  (self.counted, False), (self.a, True)):
                mount.write(listing.data)
                settle()
                number = file.content_id()
                self.assertEqual(number == last, same)
                self.assertEqual(str(number), mount.status('content-id'))
                last = number
        self.each_mount(check)

    def test_fresh_counters(self):
        """GET_AT shows what is now; what is read was fixed when it was opened."""
        def check(mount, file, settle):
            for listing in (self.counted, self.b, self.a):
                mount.write(listing.data)
                settle()
                self.assertEqual(file.walk(), [record_of(tag) for tag in listing.tags])
            mount.write(self.counted.data)
            settle()
            self.assertEqual(os.pread(file.descriptor, 1 << 20, 0), self.a.data)
            self.assertEqual(file.get_at(5), record_of(self.counted.tags[5]))
        self.each_mount(check)

    def test_a_pass_is_of_one_moment(self):
        def check(mount, file, settle):
            records = [file.get_at(0)] + [file.get_next() for _ in range(99)]
            mount.write(self.b.data)
            settle()
            file.content_id()
            records += [file.get_next() for _ in self.a.tags[100:]]
            self.assertEqual(errno_of(file.get_next), ENOENT)
            self.assertEqual(records, [record_of(tag) for tag in self.a.tags])
            self.assertEqual(file.get_next(), record_of(self.b.tags[0]))
        self.each_mount(check)

    def test_trouble(self):
        def check(mount, file, settle):
            file.get_at(0)
            os.unlink(mount.dump)
            settle()
            self.assertEqual(errno_of(file.content_id), EIO)
            self.assertEqual(errno_of(file.get_at), EIO)
            self.assertEqual(file.get_next(), record_of(self.a.tags[1]), 'of the pass before')
            mount.write(self.a.data)
            settle()
            self.assertEqual(file.walk(), [record_of(tag) for tag in self.a.tags])
        self.each_mount(check)


class Option(unittest.TestCase):
    def test_abi(self):
        for options, layout in (('', MAINLINE), ('abi=mainline', MAINLINE), ('abi=v3', V3)):
            with self.subTest(options), Mount(DUMP_A, options) as mount:
                for each in LAYOUTS.values():
                    with Allocinfo(mount(b'allocinfo'), each) as file:
                        self.assertEqual(errno_of(file.get_at), 0 if each is layout else ENOTTY)
                # What is in files has one layout.
                self.assertEqual(len(mount.read(b'raw/at/0')), MAINLINE.record.size)

    def test_bad_abi(self):
        with tempfile.TemporaryDirectory(prefix='allocfs-test-') as target:
            for word in ('bogus', '', 'V3', 'v3 ', 'mainline3', '2'):
                done = subprocess.run([ALLOCFS, DUMP_A, target, '-o', f'abi={word}'],
                                      capture_output=True, text=True, check=False, timeout=20)
                self.assertEqual((done.returncode, done.stdout), (1, ''))
                self.assertRegex(done.stderr, r'\Aallocfs: abi=.*mainline or v3\n\Z')
                self.assertFalse(is_mounted(target))


@unittest.skipUnless(SELFTEST, 'ALLOCFS_ABI_SELFTEST does not name the self-test')
@unittest.skipIf(STACK, 'these are stacks already')
class Selftest(unittest.TestCase):
    """The self-test, which knows nothing of allocfs, on all kinds of mounts."""

    def check(self, mount, layout):
        options = ['--v3'] if layout == 'v3' else []
        done = subprocess.run([SELFTEST, *options, mount(b'allocinfo')], capture_output=True,
                              text=True, check=False, timeout=300)
        bad = [line for line in done.stdout.splitlines() if not line.startswith('ok ')]
        self.assertEqual(done.returncode, 0, '\n'.join(bad) + done.stderr)

    def check_all(self, source):
        for layout, other in (('mainline', 'v3'), ('v3', 'mainline')):
            with Mount(source, f'abi={layout}', stack=False) as mount:
                with self.subTest(layout=layout):
                    self.check(mount, layout)
                with self.subTest(layout=other, of=layout), \
                        Mount(mount, f'abi={other}') as second:
                    self.assertEqual(second.status('interface'), f'ioctl {layout}')
                    self.check(second, other)

    def test_dump(self):
        self.check_all(DUMP_A)

    def test_other_dump(self):
        self.check_all(DUMP_B)

    def test_hostile_dump(self):
        self.check_all(hostile())

    def test_other_layout_is_absent(self):
        with Mount(DUMP_A) as mount:
            done = subprocess.run([SELFTEST, '--v3', mount(b'allocinfo')], capture_output=True,
                                  check=False, timeout=300)
            self.assertEqual(done.returncode, 4)


if __name__ == '__main__':
    main()
