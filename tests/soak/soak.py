#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The soak: many processes ask random paths of mounts whose listing changes all the time.

Every answer has to be that of one of the possible listings, as model.py says it. In the end the
daemons must hold what they held in the beginning. By environment variables:

ALLOCFS_SOAK_SECONDS, ALLOCFS_SOAK_PROCESSES, ALLOCFS_TEST_SEED
    for how long, how many, and which random choices.
ALLOCFS_SOAK_MOUNTS
    what is asked, side by side: dump is a mount of a listing, mainline and v3 are mounts of the
    allocinfo of such a mount, which they ask by ioctls of that layout.
ALLOCFS_SOAK_WRAPPER
    a command to start allocfs by. Valgrind does not know seccomp, which would refuse it what it
    needs itself: take a build with -Dseccomp=off, and
    'valgrind --error-exitcode=99 -q --vgdb=no --fair-sched=yes'.
"""
import ctypes
import mmap
import os
import random
import select
import shlex
import signal
import subprocess
import tempfile
import time
import unittest
from collections import Counter

import allocfs_mount as am
import listings as made
from names import Listings
from worker import MOST, Soaker

SECONDS = float(os.environ.get('ALLOCFS_SOAK_SECONDS', 20))
PROCESSES = int(os.environ.get('ALLOCFS_SOAK_PROCESSES', 16))
MOUNTS = os.environ.get('ALLOCFS_SOAK_MOUNTS', 'dump mainline').split()
WRAPPER = shlex.split(os.environ.get('ALLOCFS_SOAK_WRAPPER', ''))
LIBC = ctypes.CDLL(None, use_errno=True)
REMOUNT = 32 | 2 | 4 | 8  # MS_REMOUNT, and MS_NOSUID, MS_NODEV, MS_NOEXEC as they were
FORGET_EVERY = 1.0  # seconds
PAUSES = [2.0] if WRAPPER else [0.02, 0.05, 0.1, 0.3]  # between listings
REMEMBERED = 1.2  # seconds; the kernel is told that names stay for one
PATIENCE = 300 if WRAPPER else 60  # seconds for what a mount is waited for
SLOT = 8192  # bytes of the board for what one worker asks
GROWTH, SLACK = 4 / 3, 8 << 10  # what memory may become, the second in kilobytes
VARIANTS = {'dump': ('max_age=0', 'mainline'), 'mainline': ('max_age=100', 'mainline'),
            'v3': ('max_age=0', 'v3')}  # options, and the layout of the ioctls


class Board:
    """Memory that all workers share: whether to stop, and what each is asking."""

    def __init__(self, count):
        self.memory = mmap.mmap(-1, SLOT * (count + 1))

    def stop(self):
        self.memory[0] = 1

    def stopped(self):
        return self.memory[0] != 0

    def show(self, number, text):
        text, at = text.encode()[:SLOT - 1] + b'\0', SLOT * (number + 1)
        self.memory[at:at + len(text)] = text

    def shown(self, number):
        at = SLOT * (number + 1)
        return self.memory[at:at + SLOT].split(b'\0')[0].decode()


class Mount(am.Mount):
    """Behind a wrapper, if there is one; what the daemon says on stderr is kept."""

    def start(self, command, foreground, popen):
        self.said = os.path.join(self.base, 'stderr.txt')
        with open(self.said, 'wb') as file:
            # glib's own allocator would hide from the sanitizers who had what.
            self.process = subprocess.Popen(WRAPPER + command + ['-f'], stderr=file,
                                            env={**os.environ, 'G_SLICE': 'always-malloc'})
        if not am.wait_until(lambda: self.process.poll() is not None or am.is_mounted(self.path),
                             PATIENCE) or self.process.poll() is not None:
            raise AssertionError(f'{command}: not mounted: {am.slurp(self.said).decode()}')

    def forget(self):
        """Has the kernel drop the names that it remembers: each is a node which the daemon keeps.

        A remount that changes nothing does it, of this mount alone; whether that may be.
        """
        return LIBC.mount(None, os.fsencode(self.path), None, REMOUNT, None) == 0

    @property
    def memory(self):
        return am.memory(self.process.pid)

    @property
    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def finish(self):
        """Unmounts; what is wrong with how the daemon ended."""
        wrong = []
        if self.process.poll() is None:
            subprocess.run(['fusermount3', '-u', self.path], check=False)
        if not self.has_ended(PATIENCE):
            wrong.append('did not end')
        elif self.process.returncode != 0:
            wrong.append(f'ended with {self.process.returncode}')
        if am.slurp(self.said):
            wrong.append(f'said: {am.slurp(self.said).decode(errors="replace")[:4000]}')
        return wrong


class Variant:
    """One of what is soaked: a mount, for ioctls on top of another, and the listing behind it."""

    def __init__(self, name, first):
        self.name, (options, layout) = name, VARIANTS[name]
        self.inner, source = None, first.data
        if name != 'dump':
            source = self.inner = Mount(source, f'max_age=0,abi={layout}', stack=False)
        with tempfile.NamedTemporaryFile() as file:
            file.write(first.data)
            file.flush()
            self.mount = Mount(source, f'{options},abi={layout},snapshot=first={file.name},'
                               f'max_snapshots={100 + PROCESSES * MOST}', stack=False)
        self.for_workers = self.mount().rstrip(b'/'), layout, {b'first': first}
        for path in (b'.total', b'allocinfo', b'status'):
            self.mount.read(path)
        self.descriptors = [mount.descriptors for mount in self.mounts()]

    def mounts(self):
        return [mount for mount in (self.mount, self.inner) if mount]

    def memory(self):
        """Kilobytes of the daemons, or None: the kernel alone says how many names it remembers."""
        if not all(mount.forget() for mount in self.mounts()):
            return None
        time.sleep(0.5)
        return sum(mount.memory for mount in self.mounts())

    def forget(self):
        for mount in self.mounts():
            mount.forget()

    def close(self):
        for mount in self.mounts():
            mount.close()

    def left_open(self):
        """What is wrong with the descriptors, once nobody asks any more."""
        if any(mount.process.poll() is not None for mount in self.mounts()):
            return [f'{self.name}: a daemon ended early']
        now = lambda: [mount.descriptors for mount in self.mounts()]
        if am.wait_until(lambda: now() == self.descriptors, 10):
            return []
        return [f'{self.name}: {now()} open descriptors, not {self.descriptors}']


class Soak:
    """All of it."""

    def __init__(self):
        self.seed, self.rand = am.seeded(1)
        self.listings = Listings(made.make(random.Random(self.seed)))
        for one in self.listings:  # before the workers are forked, which share them
            for other in self.listings:
                self.listings.difference(one, other)
        self.variants, self.board = [], Board(PROCESSES + len(MOUNTS))
        self.wrong, self.counts, self.replaced = [], Counter(), 0
        self.before = self.after = ()  # kilobytes of the variants

    def run(self):
        try:
            for name in MOUNTS:
                self.variants.append(Variant(name, list(self.listings)[0]))
            self.soak()
            self.finish()
        finally:
            for variant in self.variants:
                variant.close()
        self.tell()

    def soak(self):
        workers = {number: self.worker(number, SECONDS) for number in range(PROCESSES)}
        self.replace(workers)
        self.collect(workers, 0)
        if not self.wrong:
            self.settle()
        self.after = [variant.memory() for variant in self.variants if not self.wrong]

    def worker(self, number, seconds, current=None):
        soaker = Soaker(number, self.variants[number % len(self.variants)].for_workers,
                        self.listings, self.seed * 1000 + number, current)
        return am.Worker(soaker.run, seconds, self.board)

    def settle(self):
        """One listing in the end: now every answer has to be that of it."""
        current = self.rand.choice(list(self.listings))
        for variant in self.variants:
            variant.mount.write(current.data)
        time.sleep(REMEMBERED)
        workers = {number: self.worker(number, SECONDS / 10, current)
                   for number in range(PROCESSES, PROCESSES + len(self.variants))}
        self.collect(workers, SECONDS / 10)

    def replace(self, workers):
        """Other listings behind the mounts, until the time is over or someone is wrong."""
        start = forgot = time.monotonic()
        while time.monotonic() < start + SECONDS and not self.board.stopped():
            self.rand.choice(self.variants).mount.write(self.rand.choice(list(self.listings)).data)
            self.replaced += 1
            ended = select.select([worker.file for worker in workers.values()], [], [],
                                  self.rand.choice(PAUSES))[0]
            now = time.monotonic()
            if ended and now < start + SECONDS:
                self.board.stop()
            if now > forgot + FORGET_EVERY:
                forgot = now
                for variant in self.variants:
                    variant.forget()
            if not self.before and now > start + SECONDS / 5:
                self.before = [variant.memory() for variant in self.variants]

    def collect(self, workers, seconds):
        """What the workers say, who go on asking for so long."""
        end = time.monotonic() + seconds + PATIENCE
        for number, worker in workers.items():
            if not select.select([worker.file], [], [], max(0, end - time.monotonic()))[0]:
                self.wrong.append(f'worker {number} has no answer to {self.board.shown(number)}')
                self.board.stop()
                os.kill(worker.pid, signal.SIGKILL)
                for variant in self.variants:  # else it could not end
                    variant.close()
                worker.file.close()
                os.waitpid(worker.pid, 0)
                continue
            said, error = worker.wait()
            if error:
                self.wrong.append(f'worker {number}: {error} at {self.board.shown(number)}')
                continue
            self.counts.update(dict(said[0]))
            self.wrong += [said[1]] if said[1] else []

    def finish(self):
        """What the daemons hold, and how they end."""
        if not any(os.path.exists(variant.mount.base) for variant in self.variants):
            return  # given up already
        for variant in self.variants:
            self.wrong += variant.left_open()
        if not WRAPPER and not am.is_sanitized():
            for variant, before, after in zip(self.variants, self.before, self.after):
                if before and after > before * GROWTH + SLACK:
                    self.wrong.append(f'{variant.name}: {after} KiB of memory, {before} before')
        for variant in self.variants:
            for mount in variant.mounts():
                self.wrong += [f'{variant.name}: allocfs {what}' for what in mount.finish()]

    def tell(self):
        answers = sum(count for what, count in self.counts.items() if what.endswith(': answer'))
        kinds = {}
        for what, count in sorted(self.counts.items()):
            kind, result = what.split(': ')
            kinds.setdefault(kind, []).append(f'{count} {result}')
        asked = '; '.join(f'{kind}: {", ".join(results)}' for kind, results in kinds.items())
        memory = ', '.join(f'{name} {before}, then {after} KiB' if before else f'{name} not told'
                           for name, before, after in zip(MOUNTS, self.before, self.after))
        print(f'{sum(self.counts.values())} questions, {answers} answers ({asked}); '
              f'{self.replaced} listings; {PROCESSES} processes with seed {self.seed}; '
              f'memory {memory}')


class Soaked(unittest.TestCase):
    def test_soak(self):
        soak = Soak()
        soak.run()
        if soak.wrong:
            self.fail('\n'.join(soak.wrong))


if __name__ == '__main__':
    am.main()
