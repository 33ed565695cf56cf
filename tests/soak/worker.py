# SPDX-License-Identifier: GPL-2.0-or-later
"""One process of the soak: asks, makes and drops snapshots, and compares with the model.

What it asks is made of its seed alone; what it is answered also of the moment.
"""
import errno
import os
import random
import time
from collections import Counter
from errno import EACCES, EAGAIN, EEXIST, EINVAL, ENAMETOOLONG, ENOENT, EPERM, EROFS

import asks
from allocfs_ioctl import LAYOUTS
from allocfs_mount import slurp
from model import Errors, Tree
from paths import Paths

OF_FILES = [asks.Stat, asks.Lstat, asks.Read, asks.Read, asks.Read]
OF_DIRECTORIES = [asks.Stat, asks.Lstat, asks.Names, asks.Scandir, asks.Rewind]
OF_ALL = OF_FILES + OF_DIRECTORIES + [asks.Statvfs, asks.Write, asks.Write, asks.Other]
MOST = 3  # snapshots of one worker
ENDS = [b'', b'.', b' x', b'-\xc3\xbc', b'\xff', b'%2F', b',1', b'.b', b'n' * 120, b'n' * 251]
NO_NAMES = [b'.x', b'a..b', b'x\n', b'\x7f', b'..x', b'\x1f']
INNER = [b'all', b'live', b'by-file', b'by-module', b'raw', b'sized/live', b'top/10',
         b'raw/min-size', b'by-file/mm', b'min-calls/1']


class Wrong(Exception):
    """An answer that no listing gives."""


def collapsed(path):
    """Components without . and .., of a path in the mount; None if it leads out."""
    parts = []
    for part in path.split(b'/'):
        if part == b'..':
            if not parts:
                return None
            parts.pop()
        elif part not in (b'', b'.'):
            parts.append(part)
    return parts


def short(value):
    text = repr(value)
    return text if len(text) < 800 else f'{text[:500]} ... {text[-200:]}'


def difference(got, wanted):
    """Where two answers part, if they are of one type."""
    if not isinstance(got, (bytes, list)) or not isinstance(wanted, type(got)):
        return ''
    if isinstance(got, bytes):
        got, wanted = got.splitlines(), wanted.splitlines()
    at = next((i for i, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1]),
              min(len(got), len(wanted)))
    return f' ({len(got)} rows, not {len(wanted)}; row {at}: {short(got[at:at + 1])}, ' \
        f'not {short(wanted[at:at + 1])})'


class Soaker:
    """The state of one worker."""

    def __init__(self, number, mount, listings, seed, current=None):
        """mount: its path, the layout of its ioctls, and the snapshots that it began with.

        current: the listing that is current, where that is known.
        """
        self.number, self.seed, self.listings = number, seed, listings
        self.base, layout, snapshots = mount
        self.layout, self.rand = LAYOUTS[layout], random.Random(seed)
        self.snapshots = dict(snapshots)
        self.trees = [Tree(listings, now, self.snapshots)
                      for now in ([current] if current else listings)]
        self.paths = Paths(self.rand, listings, self.snapshots)
        self.names = [b'w%03d' % number + end for end in ENDS]
        self.held = None  # (descriptor, its Query, questions left) in a snapshot that was dropped
        self.counts = Counter()

    def run(self, seconds, board):
        """Asks until the time is over or another worker was wrong; returns counts and that."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end and not board.stopped():
                self.turn(board)
        except Wrong as wrong:
            board.stop()
            return list(self.counts.items()), str(wrong)
        return list(self.counts.items()), None

    def turn(self, board):
        roll = self.rand.random()
        if roll < 0.02:
            board.show(self.number, 'snapshots')
            self.change_snapshots()
        elif self.held or roll < 0.022 and self.own():
            self.ask_held(board)
        else:
            path = self.paths.random()
            self.ask(board, self.question(path), path)

    def count(self, what, error):
        self.counts[f'{what}: {errno.errorcode[error] if error else "answer"}'] += 1

    # Questions

    def question(self, path):
        """Mostly one that fits what the path looks like."""
        if self.rand.random() < 0.03:
            question = asks.Walk(self.rand, self.layout)
            question.aim(self.rand.choice(list(self.listings)))
            return question
        last = b'/'.join(path.split(b'/')[-2:])
        like_file = last.startswith(b'at/') or any(sign in last for sign in (b',', b':', b'/.'))
        fitting = OF_FILES if like_file else OF_DIRECTORIES
        kinds = fitting if self.rand.random() < 0.7 else OF_ALL
        return self.rand.choice(kinds)(self.rand, self.layout)

    def ask(self, board, question, path):
        parts = collapsed(path)
        if isinstance(question, asks.Walk) and parts is not None and self.rand.random() < 0.8:
            path = b'/'.join(parts[:2] * (parts[:1] == [b'snapshots']) + [b'allocinfo'])
            parts = collapsed(path)
        if parts is None or self.is_not_ours(parts) or self.is_open(question, parts):
            return
        whole = self.base + b'/' + path
        board.show(self.number, f'{question} {whole!r}')
        self.check(question, path, *self.answer(question, whole), length=len(whole),
                   frozen=len(parts) > 1 and (parts[0] == b'snapshots' or
                                              parts[0] == b'since' and b'..' in parts[1]))

    def answer(self, question, path):
        try:
            return question.ask(path), 0
        except OSError as error:
            return None, error.errno

    def is_not_ours(self, parts):
        """Whether it is about a snapshot that only another worker knows of."""
        if len(parts) < 2 or parts[0] not in (b'snapshots', b'since') or self.is_known(parts[1]):
            return False
        words = [parts[1], *parts[1].split(b'..')]
        return any(word.startswith(b'w') and word not in self.names for word in words)

    def is_known(self, name):
        return name in self.names or any(name == one + b'..' + other for one in self.snapshots
                                         for other in self.snapshots)

    @staticmethod
    def is_open(question, parts):
        """Whether the rules do not say what it should get, or it would make or drop a snapshot."""
        if isinstance(question, asks.Walk):
            return parts[-2:] in ([b'raw', b'allocinfo'], [b'sized', b'allocinfo'])
        return isinstance(question, asks.Write) and len(parts) == 2 and parts[0] == b'snapshots'

    def wanted(self, tree, question, path, start, length):
        """What a tree has to answer, or Errors."""
        try:
            if length > 4095:
                raise Errors(ENAMETOOLONG)
            return question.wanted(tree.find(path, start), tree)
        except Errors as errors:
            return errors

    def agrees(self, question, got, error, wanted):
        if not isinstance(wanted, Errors):
            if isinstance(question, asks.Write):
                return False
            return error == 0 and got == wanted
        if isinstance(question, asks.Write):
            return error in wanted.numbers | question.also | {EROFS, EACCES, EPERM}
        return error in wanted.numbers

    def check(self, question, path, got, error, length, frozen, start=None):
        """Whether one of the trees answers so; the one that did comes first the next time."""
        self.count(type(question).__name__.lower(), error)
        if error == EAGAIN and not frozen:
            return
        for i, tree in enumerate(self.trees):
            wanted = self.wanted(tree, question, path, start, length)
            if self.agrees(question, got, error, wanted):
                self.trees.insert(0, self.trees.pop(i))
                return
        # Each step of a path with .. may have met another listing.
        if b'..' in path.split(b'/') and not start and length <= 4095:
            if error == ENOENT or any(self.agrees(question, got, error, self.wanted(
                    tree, question, b'/'.join(collapsed(path)), None, 0)) for tree in self.trees):
                return
        self.fail(question, path, got, error, length, start)

    def fail(self, question, path, got, error, length, start):
        said = errno.errorcode[error] if error else short(got)
        text = [f'seed {self.seed}, worker {self.number}: {question} of {path!r}', f'got {said}']
        if start:
            text.insert(1, f'below {start.path}, of which the snapshot was dropped')
        right = {}
        for tree in self.trees:
            wanted = self.wanted(tree, question, path, start, length)
            if isinstance(wanted, Errors):
                wanted = ' or '.join(errno.errorcode[number] for number in wanted.numbers)
            right.setdefault(short(wanted) + difference(got, wanted), []).append(tree.now.name)
        text += [f'wanted, with {", ".join(names)}: {wanted}' for wanted, names in right.items()]
        known = {name: listing.name for name, listing in self.snapshots.items()}
        raise Wrong('\n'.join([*text, f'snapshots: {known}']))

    # Snapshots

    def own(self):
        return [name for name in self.names if name in self.snapshots]

    def change_snapshots(self):
        """One of mkdir, rmdir, rename, or of those what has to fail."""
        own, free = self.own(), [name for name in self.names if name not in self.snapshots]
        where = self.base + b'/snapshots/'
        roll, new = self.rand.random(), self.rand.choice(free)
        if roll < 0.15:
            self.change_in_vain(where, own, new)
        elif len(own) < MOST and (not own or roll < 0.6):
            if self.change('mkdir', {0, EAGAIN}, os.mkdir, where + new) == 0:
                self.look_what_it_holds(where, new)
        elif roll < 0.75:
            old = self.rand.choice(own)
            self.change('rename', {0}, os.rename, where + old, where + new)
            self.snapshots[new] = self.snapshots.pop(old)
        else:
            old = self.rand.choice(own)
            self.change('rmdir', {0}, os.rmdir, where + old)
            del self.snapshots[old]

    def change_in_vain(self, where, own, new):
        old, bad = self.rand.choice(own or [b'first']), self.rand.choice(NO_NAMES)
        self.change('rmdir', {ENOENT}, os.rmdir, where + new)
        self.change('mkdir', {EINVAL}, os.mkdir, where + bad)
        self.change('mkdir', {ENAMETOOLONG}, os.mkdir, where + b'x' * 256)
        if not own:
            return
        self.change('mkdir', {EEXIST}, os.mkdir, where + old)
        self.change('rename', {EINVAL}, os.rename, where + old, where + bad)
        self.change('rename', {EPERM}, os.rename, where + old, self.base + b'/' + new)
        if len(own) > 1:
            self.change('rename', {EEXIST}, os.rename, where + own[0], where + own[1])

    def change(self, what, allowed, call, *arguments):
        error = 0
        try:
            call(*arguments)
        except OSError as raised:
            error = raised.errno
        self.count(what, error)
        if error not in allowed:
            raise Wrong(f'seed {self.seed}, worker {self.number}: {what}{arguments}: got '
                        f'{errno.errorcode.get(error, "done")}, '
                        f'wanted {[errno.errorcode.get(number, "done") for number in allowed]}')
        return error

    def look_what_it_holds(self, where, name):
        data = slurp(where + name + b'/allocinfo')
        listing = self.listings.of(data)
        if listing not in [tree.now for tree in self.trees]:
            raise Wrong(f'seed {self.seed}, worker {self.number}: the new snapshot {name!r} is '
                        f'none of what is current: {short(data)}')
        self.snapshots[name] = listing

    # Who stands in a snapshot that was dropped keeps it

    def ask_held(self, board):
        if not self.held:
            self.hold()
        descriptor, start, left = self.held
        path = self.paths.random_below(start.listing)
        question = self.rand.choice([asks.Stat, asks.Names, asks.Read])(self.rand, self.layout)
        if b'..' not in path.split(b'/'):
            whole = b'/proc/self/fd/%d/' % descriptor + path
            board.show(self.number, f'{question} {path!r} below {start.path}')
            self.check(question, path, *self.answer(question, whole), length=len(whole),
                       frozen=True, start=start)
        self.held = descriptor, start, left - 1
        if left <= 1:
            os.close(descriptor)
            self.held = None

    def hold(self):
        name, inner = self.rand.choice(self.own()), self.rand.choice(INNER)
        where = self.base + b'/snapshots/' + name
        path = b'snapshots/' + name + b'/' + inner
        try:
            start = self.trees[0].find(path)
        except Errors:  # by-file/mm may not be there
            inner, path = b'all', b'snapshots/' + name + b'/all'
            start = self.trees[0].find(path)
        descriptor = os.open(where + b'/' + inner, os.O_RDONLY)
        self.change('rmdir', {0}, os.rmdir, where)
        del self.snapshots[name]
        self.held = descriptor, start, self.rand.randint(1, 30)
