# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of the tree: what docs/tree.md says that a path is, given the listings.

A path leads to a Query, which is a directory, or to a File, or to Errors. What two rules forbid may
get either error. Nothing here is taken from the program.
"""
import re
from dataclasses import dataclass, field, replace
from errno import EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR
from typing import Any

REPORTS = frozenset(b'.summary .total .totals .allocinfo .raw .json .csv .folded .prom'.split())
RANKS = {b'top': lambda tag: -tag.bytes, b'top-calls': lambda tag: -tag.calls}
PLAIN = {b'live': lambda tag: tag.live, b'all': lambda tag: True,
         b'accurate': lambda tag: tag.accurate, b'inaccurate': lambda tag: not tag.accurate}
LIMITS = {b'min-size': lambda tag, value: tag.bytes >= value,
          b'max-size': lambda tag, value: tag.bytes <= value,
          b'min-calls': lambda tag, value: tag.calls >= value,
          b'max-calls': lambda tag, value: tag.calls <= value}
WORDS = {b'by-module': lambda tag: tag.module_name, b'by-function': lambda tag: tag.function_name,
         b'by-line': lambda tag: tag.line}
RANGES = ((b'min-size', b'max-size'), (b'min-calls', b'max-calls'))
WAITING = frozenset({**RANKS, **LIMITS, **WORDS, b'at': 0})
FILTERS = WAITING - {b'at'} | frozenset(PLAIN) | {b'by-file'}
LISTED = [b'live', b'all', b'by-file', b'by-module', b'by-function', b'top', b'min-size',
          b'min-calls']
SIZES, COUNTS = b'4K 64K 1M 16M 256M'.split(), b'1 100 10000'.split()
HEADS = b'10 20 50 100'.split()
PRESETS = {b'top': HEADS, b'top-calls': HEADS, b'min-size': SIZES, b'max-size': SIZES,
           b'min-calls': COUNTS, b'max-calls': COUNTS}
UNITS = {b'': 1}
UNITS.update({b'KMGTP'[i:i + 1]: 1024 ** (i + 1) for i in range(5)})
UNITS.update({b'KMGTP'[i:i + 1] + b'iB': 1024 ** (i + 1) for i in range(5)})
UNITS.update({b'kMGTP'[i:i + 1] + b'B': 1000 ** (i + 1) for i in range(5)})
NUMBER = re.compile(rb'(0|[1-9][0-9]*)([A-Za-z]*)')
RANKED = re.compile(rb'[0-9]{1,14},')
PLACE = re.compile(rb'([^:]*):(.*)', re.S)


class Errors(Exception):
    """The errors that a path may get."""

    def __init__(self, *numbers):
        super().__init__(numbers)
        self.numbers = frozenset(numbers)

    def __eq__(self, other):
        return isinstance(other, Errors) and self.numbers == other.numbers


def number_of(word, units=False):
    """A value of digits, with a unit where it is a size."""
    if not word[:1].isdigit():
        raise Errors(ENOENT)
    found = NUMBER.fullmatch(word)
    if not found or found[2] not in (UNITS if units else (b'',)):
        raise Errors(EINVAL)
    number = int(found[1]) * UNITS[found[2]]
    if number >= 2 ** 64:
        raise Errors(EINVAL)
    return number


@dataclass(frozen=True, eq=False)
class File:
    """kind: tag, place, record (of at/N), report, allocinfo, README, status."""
    kind: str
    query: Any
    tags: tuple = ()
    name: bytes = b''


@dataclass(frozen=True, eq=False)
class Special:
    """The directories that stand for no set: snapshots and since."""
    name: bytes


@dataclass(frozen=True, eq=False)
class Query:
    """A directory: the set of tags that its path leads to.

    named: the tags that the filters about names let through, rows: those that all of them do, in
    order, ranks: tag number -> rank. files: the components behind by-file while these can go on.
    """
    listing: Any
    path: tuple = ()
    root: bytes = b'mount'  # or snapshot, since, view; empty behind a step
    view: bytes = b''
    steps: tuple = ()
    named: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    ranks: Any = None
    largest: int = 0  # possible rank
    files: Any = None
    waiting: bytes = b''

    def look_up(self, name):
        """What a component leads to."""
        if len(name) > 255:
            raise Errors(ENAMETOOLONG)
        if name in REPORTS:
            return File('report', self, name=name)
        if self.waiting:
            return self.value(name)
        if self.root:
            found = self.root_name(name)
            if found:
                return found
        if name in FILTERS:
            return self.filter(name)
        if name == b'at':
            return self.next(name, waiting=name)
        if self.files is not None:
            return self.by_file_name(name)
        if self.root:
            raise Errors(ENOENT)
        return self.tag(name, lambda word: self.listing.by_flat.get(word))

    def next(self, name, **changes):
        return replace(self, **{'path': self.path + (name,), 'root': b'', 'files': None,
                                'waiting': b'', **changes})

    def root_files(self):
        inner = () if self.listing.is_difference else (b'allocinfo',)
        return ((b'README', b'status') if self.root == b'mount' else ()) + inner

    def root_name(self, name):
        if name in self.root_files():
            return File(name.decode(), self)
        if name in (b'sized', b'raw') and not self.view:
            return self.next(name, root=b'view', view=name)
        if self.root == b'mount' and name in (b'snapshots', b'since'):
            return Special(name)
        return None

    def filter(self, name):
        used = dict(self.steps)
        if name in used:
            raise Errors(ENOENT)
        if {name, *used} >= {b'accurate', b'inaccurate'}:
            raise Errors(EINVAL)
        if name == b'by-file':
            return self.narrow(name, name, (), files=())
        if name in PLAIN:
            return self.narrow(name, name, None)
        return self.next(name, waiting=name)

    def value(self, name):
        """The component behind a filter that waits for it."""
        kind = self.waiting
        if kind in (b'by-module', b'by-function'):
            return self.narrow(name, kind, name)
        number = number_of(name, kind.endswith(b'-size'))
        if kind == b'at':
            if number >= len(self.rows):
                raise Errors(ENOENT)
            return File('record', self, (self.rows[number],))
        if kind in RANKS and number == 0:
            raise Errors(EINVAL)
        used = {**dict(self.steps), kind: number}
        for low, high in RANGES:
            if low in used and high in used and used[low] > used[high]:
                raise Errors(EINVAL)
        return self.narrow(name, kind, number)

    def by_file_name(self, name):
        """A child, a place or a tag."""
        found = PLACE.fullmatch(name)
        if found:
            return self.place(found)
        where = self.files + (name,)
        if any(tag.path[:len(where)] == where for tag in self.named):
            before = replace(self, steps=self.steps[:-1])
            return before.narrow(name, b'by-file', where, path=self.path + (name,), files=where)
        return self.tag(name, lambda word: self.listing.by_in_file.get((self.files, word)))

    def place(self, found):
        where, errors = self.files + (found[1],), set()
        here = [tag for tag in self.named if tag.path == where]
        try:
            line = number_of(found[2])
            if any(tag.line == line for tag in here):
                return File('place', self, tuple(tag for tag in self.rows
                                                 if tag.path == where and tag.line == line))
            errors.add(ENOENT)
        except Errors as error:
            errors |= error.numbers | (set() if here else {ENOENT})
        raise Errors(*errors)

    def tag(self, name, find):
        if self.ranks is not None:
            rank = RANKED.match(name)
            if not rank:
                raise Errors(ENOENT)
            name = name[rank.end():]
        tag = find(name)
        if tag is None or not self.lets_through(tag):
            raise Errors(ENOENT)
        return File('tag', self, (tag,))

    def lets_through(self, tag):
        """The filters about names alone."""
        used = dict(self.steps)
        return all(key(tag) == used[kind] for kind, key in WORDS.items() if kind in used) and \
            tag.path[:len(used.get(b'by-file', ()))] == used.get(b'by-file', ())

    def narrow(self, name, kind, value, **changes):
        """The query with one more filter; the sets of short ones are remembered."""
        steps = self.steps + ((kind, value),)
        known = self.listing.known
        if steps not in known:
            found = self.select(kind, value)
            if len(steps) > 1 and (len(steps) > 2 or len(known) > 400):
                return self.next(name, **{'steps': steps, **found, **changes})
            known[steps] = found
        return self.next(name, **{'steps': steps, **known[steps], **changes})

    def select(self, kind, value):
        """named, rows, ranks, largest of the query with one more filter."""
        if kind in RANKS:
            rows = sorted(self.rows, key=lambda tag: (RANKS[kind](tag), tag.number))[:value]
            return {'named': self.named, 'rows': rows,
                    'ranks': {tag.number: rank for rank, tag in enumerate(rows, 1)},
                    'largest': min(value, self.largest)}
        named = self.named
        if kind in WORDS or kind == b'by-file':
            test = (lambda tag: WORDS[kind](tag) == value) if kind in WORDS else \
                (lambda tag: tag.path[:len(value)] == value)
            named = [tag for tag in named if test(tag)]
            if not named:
                raise Errors(ENOENT)
        elif kind in PLAIN:
            test = PLAIN[kind]
        else:
            test = lambda tag: LIMITS[kind](tag, value)
        return {'named': named, 'rows': [tag for tag in self.rows if test(tag)],
                'ranks': self.ranks, 'largest': self.largest}

    def children(self):
        """The directories in this one which stand for a set: name -> its rows, in order."""
        if self.waiting in WORDS:
            groups = self.grouped(WORDS[self.waiting], self.rows)
            return {name if isinstance(name, bytes) else b'%d' % name: rows
                    for name, rows in groups.items()}
        if self.files is not None:
            depth = len(self.files)
            return self.grouped(lambda tag: tag.path[depth],
                                [tag for tag in self.rows if len(tag.path) > depth])
        if self.waiting:
            return {name: found.rows for name in PRESETS.get(self.waiting, ())
                    for found in [self.preset(name)] if found}
        return {name: self.look_up(name).rows for name in LISTED} if self.root else {}

    def preset(self, name):
        try:
            return self.look_up(name)
        except Errors:
            return None

    @staticmethod
    def grouped(key, rows):
        groups = {}
        for tag in rows:
            groups.setdefault(key(tag), []).append(tag)
        return {name: groups[name] for name in sorted(groups)}

    def entries(self):
        """What it lists, in order: (name, whether it is a directory)."""
        files = [(name, False) for name in self.root_files()] if self.root else []
        below = [(name, True) for name in self.children()]
        if self.root == b'mount':
            below += [(b'snapshots', True), (b'since', True)]
        if self.root or self.waiting:
            return files + below
        width, rank = max(3, len(str(self.largest))), lambda tag: b''
        if self.ranks is not None:
            rank = lambda tag: b'%0*d,' % (width, self.ranks[tag.number])
        if self.files is None:
            return [(rank(tag) + tag.flat, False) for tag in self.rows]
        return below + [(rank(tag) + tag.in_file, False) for tag in self.rows
                        if tag.path == self.files]


class Tree:
    """The whole mount at a moment: the listing that is current, and snapshots by name."""

    def __init__(self, listings, now, snapshots):
        self.listings, self.now, self.snapshots = listings, now, snapshots

    def world(self, listing, path, root):
        return Query(listing, path, root, named=listing.every, rows=listing.tags,
                     largest=len(listing.every))

    def top(self):
        return self.world(self.now, (), b'mount')

    def look_up(self, place, name):
        if not isinstance(place, Special):
            return place.look_up(name)
        if len(name) > 255:
            raise Errors(ENAMETOOLONG)
        if name in self.snapshots:
            then = self.snapshots[name]
            return self.world(then, (b'snapshots', name), b'snapshot') \
                if place.name == b'snapshots' else \
                self.world(self.listings.difference(self.now, then), (b'since', name), b'since')
        if place.name == b'since':
            for cut in re.finditer(rb'(?=\.\.)', name):
                then, now = name[:cut.start()], name[cut.start() + 2:]
                if then in self.snapshots and now in self.snapshots:
                    return self.world(self.listings.difference(self.snapshots[now],
                                                               self.snapshots[then]),
                                      (b'since', name), b'since')
        raise Errors(ENOENT)

    def find(self, path, start=None):
        """What is at a path, as the kernel walks it: a Query, Special or File."""
        places = [start or self.top()]
        for part in path.split(b'/'):
            here = places[-1]
            if isinstance(here, File):
                raise Errors(ENOTDIR)
            if part == b'..':
                del places[-1:]
                if not places:
                    raise ValueError(f'{path!r} leads out of the mount')
            elif part not in (b'', b'.'):
                places.append(self.look_up(here, part))
        return places[-1]
