#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A source that fails at run time: an error for who asks, one line in the log, and it comes back.

faults.c, preloaded into allocfs, makes system calls on the source go wrong on command.
"""
import itertools
import mmap
import os
import signal
import struct
import subprocess
import time
import unittest
from collections import Counter
from errno import EACCES, EAGAIN, EINTR, EIO, ENOENT, ENOTTY

from allocfs_faults import LIBRARY, FaultyMount
from allocfs_ioctl import Allocinfo, record_of
from allocfs_mount import (DUMP_A, HEADER, Listing, Mount, Worker, is_mounted, main, recount,
                           slurp, total_line, wait_until)

MAX_AGE, SLACK = 0.1, 0.15  # seconds: the default, and for a busy machine
BACK = MAX_AGE + 0.5  # until all is well again
HAMMERING = 1.4  # seconds, of which trouble begins after:
QUIET = 0.3
READERS = 4
MANY = 100  # more than the daemon has threads
OLD = Listing.read(DUMP_A)
NEW = recount(OLD, lambda tag: (tag.bytes + 4096, tag.calls + 1))
TAG = OLD.tags[50]


def largest(listing):
    return sorted(listing.tags, key=lambda tag: -tag.bytes)[:10]


def ask_ioctl(path):
    with Allocinfo(path) as file:
        return [file.get_at(7), file.get_next()]


# What is asked for: a path, how, and the answer that is right for a listing.
QUESTIONS = [
    (b'all/' + TAG.flat, slurp, lambda listing: listing.by_flat[TAG.flat].text),
    (b'.total', slurp, lambda listing: total_line(listing.tags, b'/')),
    (b'allocinfo', slurp, lambda listing: listing.data),
    (b'allocinfo', ask_ioctl, lambda listing: [record_of(tag) for tag in listing.tags[7:9]]),
    (b'top/10/.allocinfo', slurp,
     lambda listing: HEADER + b''.join(tag.text for tag in largest(listing))),
    (b'by-file/mm/slub.c/.allocinfo', slurp,
     lambda listing: HEADER + b''.join(tag.text for tag in listing.tags
                                       if tag.path == (b'mm', b'slub.c'))),
    (b'all', os.listdir, lambda listing: [tag.flat for tag in listing.tags]),
    (b'at/3', slurp, lambda listing: listing.tags[3].text),
]
ANSWERS = [(ask(OLD), ask(NEW)) for _, _, ask in QUESTIONS]


def ask(base, number):
    """'old', 'new', or the number of an error."""
    path, call, _ = QUESTIONS[number]
    try:
        answer = call(os.path.join(base, path))
    except OSError as error:
        return error.errno
    if answer == ANSWERS[number][1]:
        return 'new'
    if answer == ANSWERS[number][0]:
        return 'old'
    raise AssertionError(f'{path}: neither of the old listing nor of the new one')


# When trouble began, for all processes; 0: not yet.
MOMENT = mmap.mmap(-1, 8)


def hammer(base, seconds, first, max_age):
    """Asks all the time; how often each answer came, and whether late: asked for in trouble."""
    end, number, answers = time.monotonic() + seconds, first, Counter()
    while (asked := time.monotonic()) < end:
        moment = struct.unpack('=d', MOMENT[:])[0]
        late = 0 < moment < asked - max_age
        number = (number + 1) % len(QUESTIONS)
        answer = ask(base, number)
        if late and answer == 'old':
            raise AssertionError(f'{QUESTIONS[number][0]}: old {asked - moment:.3f} s after')
        answers[answer, late] += 1
    return [[answer, late, count] for (answer, late), count in answers.items()]


@unittest.skipUnless(LIBRARY, 'ALLOCFS_FAULTS_LIBRARY does not name what is to be preloaded')
class Case(unittest.TestCase):
    """What all kinds of trouble have in common."""

    def hammer(self, mount, begin, seconds=HAMMERING):
        """What many readers were answered, late or not: {(answer, late): count}."""
        max_age = 0 if 'max_age=0' in mount.process.args else MAX_AGE + SLACK
        MOMENT[:] = bytes(8)
        workers = [Worker(hammer, mount(), seconds, 2 * i, max_age) for i in range(READERS)]
        time.sleep(QUIET)
        begin()
        MOMENT[:] = struct.pack('=d', time.monotonic())
        answers, results = Counter(), [worker.wait() for worker in workers]
        self.assertEqual({error for _, error in results}, {None})
        for said, _ in results:
            for answer, late, count in said:
                answers[answer, late] += count
        return answers

    def check_alone(self, mount, words):
        """What needs no source is there, and tells."""
        self.assertIn(b'README', mount.list())
        self.assertTrue(mount.read(b'README'))
        error = mount.status('last-error')
        self.assertIn(words, error)
        self.assertIn(mount.source, error)
        self.assertIsNone(mount.process.poll(), 'the daemon died')

    def check_right(self, mount):
        for number in range(len(QUESTIONS)):
            self.assertEqual(ask(mount(), number), 'new', QUESTIONS[number][0])

    def check_back(self, mount, late=BACK):
        self.assertTrue(wait_until(lambda: ask(mount(), 0) == 'new', late), 'not back in time')
        time.sleep(MAX_AGE + SLACK)
        self.check_right(mount)

    def check_trouble(self, mount, begin, end, errors, words, total=True):
        """From begin() to end() the source fails, wholly or for some questions.

        begin() replaces the listing as well: a dump that is as it was need not be read.
        """
        before = mount.log()
        mount.write(OLD.data)
        self.assertTrue(wait_until(lambda: ask(mount(), 0) == 'old', 2))
        answers = self.hammer(mount, begin)
        late = {answer for answer, is_late in answers if is_late}
        if total:
            self.assertLessEqual(late, errors, answers)
        else:
            self.assertLessEqual(late, errors | {'new'}, answers)
        self.assertTrue(late & errors, f'nothing failed: {answers}')
        self.check_alone(mount, words)
        logged = mount.log()[len(before):]
        # Where some calls go well, one may come to its end behind one that failed: news again.
        self.assertIn(len(logged), (1,) if total else (1, 2), logged[:9])
        self.assertIn(words, logged[0])
        self.assertIn(mount.source, logged[0])
        end()
        self.check_back(mount)
        self.assertEqual(mount.log()[len(before):], logged)

    def check_fault(self, mount, fault, errors, words, total=True):
        def begin():
            mount.faults.set(*fault)
            mount.write(NEW.data)
        self.check_trouble(mount, begin, mount.faults.clear, errors, words, total)

    def check_harmless(self, mount, fault):
        """Nobody notices."""
        mount.write(NEW.data)
        self.check_back(mount)
        before = mount.log()
        answers = self.hammer(mount, lambda: mount.faults.set(*fault))
        self.assertEqual({answer for answer, _ in answers}, {'new'})
        self.assertGreater(mount.faults.hits, 0)
        mount.faults.clear()
        self.assertEqual(mount.log(), before)


class OnDump(Case):
    """A saved listing, which has to be read because it was replaced."""

    def check_options(self, check, *arguments, **options):
        for given in ('', 'max_age=0'):
            with self.subTest(options=given), FaultyMount(DUMP_A, given) as mount:
                check(mount, *arguments, **options)

    def test_read_fails(self):
        self.check_options(self.check_fault, ('read', EIO), {EIO}, 'Input/output error')

    def test_read_fails_half_way(self):
        # A read gives a quarter of a megabyte at most, and then the end.
        self.check_options(self.check_fault, ('read', EIO, 1), {EIO}, 'Input/output error')

    def test_open_fails(self):
        self.check_options(self.check_fault, ('open', EACCES), {EIO}, 'Permission denied')
        self.check_options(self.check_fault, ('open', ENOENT), {EIO}, 'No such file')

    def test_removed(self):
        def check(mount):
            self.check_trouble(mount, lambda: os.unlink(mount.dump),
                               lambda: mount.write(NEW.data), {EIO}, 'No such file')
        self.check_options(check)

    def test_again(self):
        """Each new trouble is told."""
        with FaultyMount(DUMP_A) as mount:
            for _ in range(2):
                self.check_fault(mount, ('read', EIO), {EIO}, 'Input/output error')
            self.assertEqual(len(mount.log()), 2)

    def test_harmless(self):
        for fault in (('read', EINTR, 0, 3), ('read', 'short')):
            with self.subTest(fault=fault), FaultyMount(DUMP_A, 'max_age=0') as mount:
                mount.faults.set(*fault)
                mount.write(NEW.data)
                self.check_back(mount)
                self.assertGreater(mount.faults.hits, 0)
                self.assertEqual(mount.log(), [])


class Stacked(Case):
    """A source that answers ioctls: the allocinfo of another mount."""

    def setUp(self):
        self.inner = Mount(DUMP_A, 'max_age=0', foreground=True, stack=False,
                           stderr=subprocess.DEVNULL)
        self.addCleanup(self.inner.close)

    def mount(self, options=''):
        mount = FaultyMount(self.inner, options)
        self.addCleanup(mount.close)
        self.assertEqual(mount.status('interface'), 'ioctl mainline')
        return mount


class OnIoctl(Stacked):
    def check_options(self, check, *arguments, **options):
        for given in ('', 'max_age=0'):
            with self.subTest(options=given), FaultyMount(self.inner, given) as mount:
                check(mount, *arguments, **options)

    def test_ioctls_fail(self):
        self.check_options(self.check_fault, ('ioctl', EIO), {EIO}, 'Input/output error')

    def test_ioctls_are_gone(self):
        self.check_options(self.check_fault, ('ioctl', ENOTTY), {EIO}, 'Inappropriate ioctl')

    def test_content_id_fails(self):
        self.check_options(self.check_fault, ('id', EIO), {EIO}, 'Input/output error')

    def test_changes_each_time(self):
        self.check_options(self.check_fault, ('ioctl', EAGAIN), {EAGAIN}, 'it changed each time')

    def test_content_id_moves(self):
        self.check_options(self.check_fault, ('id', 'moves'), {EAGAIN}, 'it changed each time')

    def test_content_id_moves_for_long(self):
        """Ten tries, each a little later, and then the answer that there is none."""
        for options in ('', 'max_age=0'):
            mount = self.mount(options)
            mount.faults.set('id', 'moves')
            time.sleep(MAX_AGE)
            for number in range(len(QUESTIONS)):
                began = time.monotonic()
                self.assertEqual(ask(mount(), number), EAGAIN, QUESTIONS[number][0])
                self.assertLess(time.monotonic() - began, 3)

    def test_records_fail(self):
        # Where readers are many and counters may be old, the listing answers them.
        for fault in (('get', EIO), ('get', EIO, 3)):
            with self.subTest(fault=fault), FaultyMount(self.inner, 'max_age=0') as mount:
                self.check_fault(mount, fault, {EIO}, 'Input/output error', total=False)

    def test_listing_fails(self):
        for fault, words in ((('read', EIO), 'Input/output error'),
                             (('read', EIO, 1), 'Input/output error'),
                             (('open', ENOENT), 'No such file')):
            self.check_options(self.check_fault, fault, {EIO}, words, total=False)

    def test_harmless(self):
        for fault in (('ioctl', EINTR, 0, 50), ('read', EINTR, 0, 5), ('read', 'short'),
                      ('get', ENOENT), ('id', EINTR, 3, 7)):
            with self.subTest(fault=fault), FaultyMount(self.inner, 'max_age=0') as mount:
                self.check_harmless(mount, fault)


class OnMount(Stacked):
    """The mount that is the source gets into trouble itself."""

    def test_dump_is_removed(self):
        mount = self.mount()
        self.check_trouble(mount, lambda: os.unlink(mount.dump), lambda: mount.write(NEW.data),
                           {EIO}, 'Input/output error')

    def test_daemon_is_killed(self):
        """Its mount goes with it; this one is of no use until it is mounted again."""
        mount = self.mount()
        answers = self.hammer(mount, self.die)
        self.assertLessEqual({answer for answer, late in answers if late}, {EIO})
        self.check_alone(mount, 'Transport endpoint is not connected')
        # A call that was under way is aborted, later ones find nobody: two errors, once each.
        self.assertEqual(len(mount.log()), len(set(mount.log())))
        self.assertLessEqual(len(mount.log()), 2, mount.log())

    def die(self):
        self.inner.process.kill()
        self.inner.process.wait()

    def test_daemon_is_stopped(self):
        """Who asks meanwhile has to wait, and is answered rightly."""
        def pause():
            self.inner.process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(1)
            finally:
                self.inner.process.send_signal(signal.SIGCONT)
        for options in ('', 'max_age=0'):
            mount = self.mount(options)
            mount.write(NEW.data)
            self.check_back(mount)
            answers = self.hammer(mount, pause)
            self.assertEqual({answer for answer, _ in answers}, {'new'})
            self.assertEqual(mount.log(), [])


class Blocked(Stacked):
    """A call on the source does not come back."""

    def block(self, fault, options='max_age=0'):
        """A mount with a reader that waits for the source."""
        mount = self.mount(options)
        time.sleep(MAX_AGE)
        mount.write(NEW.data)
        mount.faults.set(*fault)
        reader = subprocess.Popen(['cat', mount(b'.total')], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(reader.stdout.close)
        self.addCleanup(reader.wait)
        self.addCleanup(mount.faults.clear)
        self.assertTrue(wait_until(lambda: mount.faults.hits > 0, 2))
        return mount, reader

    def ends(self, process, seconds=2):
        return wait_until(lambda: process.poll() is not None, seconds)

    def test_ends(self):
        """A thread that hangs in the source does not keep the mount from ending."""
        for fault in (('ioctl', 'block'), ('read', 'block'), ('open', 'block')):
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(fault=fault, number=number):
                    mount, reader = self.block(fault)
                    mount.process.send_signal(number)
                    self.assertEqual(mount.process.wait(2), 0)
                    self.assertTrue(wait_until(lambda m=mount: not is_mounted(m.path), 0.5))
                    self.assertTrue(self.ends(reader))
                    self.assertEqual(mount.log(), [])

    def test_ends_whatever(self):
        """Nor does one that no signal brings back, however the mount is ended."""
        ends = {'TERM': lambda mount: mount.process.terminate(),
                'umount -f': lambda mount: subprocess.run(['umount', '-f', '-l', mount.path],
                                                          check=True)}
        for name, end in ends.items():
            with self.subTest(name):
                mount, reader = self.block(('read', 'stuck'))
                end(mount)
                self.assertEqual(mount.process.wait(2.5), 0)
                self.assertTrue(wait_until(lambda m=mount: not is_mounted(m.path), 0.5))
                self.assertTrue(self.ends(reader))

    def test_interrupt(self):
        """Whoever waits for the source can be ended."""
        for fault in (('ioctl', 'block'), ('read', 'block')):
            for options in ('max_age=0', ''):
                for number in (signal.SIGINT, signal.SIGKILL):
                    with self.subTest(fault=fault, options=options, number=number):
                        mount, reader = self.block(fault, options)
                        time.sleep(0.1)
                        self.assertIsNone(reader.poll())
                        reader.send_signal(number)
                        self.assertTrue(self.ends(reader))
                        self.assertEqual(mount.log(), [])
                        mount.faults.clear()
                        self.assertEqual(mount.read(b'.total'), total_line(NEW.tags, b'/'))

    def test_interrupt_among_many(self):
        """The others go on waiting, more than there were threads, and are answered in the end."""
        mount = self.mount()
        shown = Listing.read(mount.dump).tags
        functions = sorted({tag.function_name for tag in shown})[:25]
        # Lookups in one directory wait for each other in the kernel, where nothing interrupts them.
        held = [os.open(mount(b'by-function/' + name), os.O_PATH) for name in functions]
        for fd in held:
            self.addCleanup(os.close, fd)
        time.sleep(MAX_AGE)
        mount.faults.set('ioctl', 'block')
        self.addCleanup(mount.faults.clear)
        readers = [subprocess.Popen(['cat', f'/proc/self/fd/{fd}/.total'], pass_fds=[fd],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                   for fd in held]
        for reader in readers:
            self.addCleanup(reader.stdout.close)
            self.addCleanup(reader.kill)
        time.sleep(0.3)
        for reader, number in zip(readers, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)):
            reader.send_signal(number)
            self.assertTrue(self.ends(reader), number)
        self.assertEqual({reader.poll() for reader in readers[3:]}, {None})
        mount.faults.clear()
        for name, reader in list(zip(functions, readers))[3:]:
            self.assertTrue(self.ends(reader))
            tags = [tag for tag in shown if tag.function_name == name]
            self.assertEqual(reader.stdout.read(), total_line(tags, b'/by-function/' + name))
        self.assertEqual(mount.log(), [])

    def test_interrupt_of_more_than_threads(self):
        """However many wait, each of them can be ended; the last one is answered."""
        mount = self.mount('max_age=0')
        fds = [os.open(mount(b'allocinfo'), os.O_RDONLY) for _ in range(MANY)]
        for fd in fds:
            self.addCleanup(os.close, fd)
        time.sleep(1)  # for which the kernel remembers attributes
        mount.faults.set('ioctl', 'block')
        self.addCleanup(mount.faults.clear)
        readers = [subprocess.Popen(['stat', '-L', '-c', '%s', f'/proc/self/fd/{fd}'],
                                    pass_fds=[fd], stdout=subprocess.PIPE) for fd in fds]
        for reader in readers:
            self.addCleanup(reader.wait)
            self.addCleanup(reader.stdout.close)
            self.addCleanup(reader.kill)
        time.sleep(0.5)
        self.assertEqual({reader.poll() for reader in readers}, {None})
        # One whose request nobody has begun with.
        readers[-1].kill()
        self.assertTrue(self.ends(readers[-1]))
        for reader, number in zip(readers[1:-1], itertools.cycle((signal.SIGINT, signal.SIGKILL))):
            reader.send_signal(number)
        for reader in readers[1:]:
            self.assertTrue(self.ends(reader, 10))
        self.assertIsNone(readers[0].poll())
        mount.faults.clear()
        self.assertTrue(self.ends(readers[0], 10))
        self.assertEqual(int(readers[0].stdout.read()), len(mount.read(b'allocinfo')))
        self.assertEqual(mount.log(), [])

    def test_what_needs_no_source(self):
        """README, the root, snapshots and what is frozen answer while a reader hangs elsewhere."""
        mount = self.mount(f'snapshot=s={DUMP_A}')
        os.stat(mount(b'all'))
        time.sleep(MAX_AGE)
        mount.faults.set('ioctl', 'block')
        reader = subprocess.Popen(['cat', mount(b'all/.total')], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(reader.kill)
        self.addCleanup(mount.faults.clear)
        self.assertTrue(wait_until(lambda: mount.faults.hits > 0, 2))
        for name in ('README', 'snapshots/s/.total', 'snapshots/s/all/.summary'):
            done = subprocess.run(['timeout', '2', 'cat', mount(name.encode())],
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, bool(done.stdout)), (0, True), name)
        for name, entry in (('', 'by-file'), ('snapshots', 's')):
            done = subprocess.run(['timeout', '2', 'ls', mount(name.encode())],
                                  capture_output=True, check=False)
            self.assertIn(entry.encode(), done.stdout.split(), name)
        self.assertIsNone(reader.poll())

    def test_goes_on(self):
        for fault in (('ioctl', 'block'), ('read', 'block')):
            mount, reader = self.block(fault)
            time.sleep(0.3)
            self.assertIsNone(reader.poll())
            mount.faults.clear()
            self.assertTrue(self.ends(reader))
            self.assertEqual(reader.stdout.read(), total_line(NEW.tags, b'/'))
            self.assertEqual(mount.log(), [])


if __name__ == '__main__':
    main()
