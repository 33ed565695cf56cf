#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many readers of a second mount, while the listing behind the first has other names all the time.

Every answer is that of one of two listings, as a whole. ALLOCFS_TEST_SECONDS: for how long.
"""
import os
import random
import time
import unittest
from collections import Counter
from errno import EAGAIN, ENOENT

from allocfs_ioctl import (FILE, FUNCTION, LAYOUTS, MODULE, Allocinfo, Filter, passes, record_of)
from allocfs_mount import (DUMP_A, DUMP_B, HEADER, Listing, Mount, Worker, main, recount, slurp,
                           total_line)

READERS = 12
SECONDS = float(os.environ.get('ALLOCFS_TEST_SECONDS', 10))
A, B = Listing.read(DUMP_A), Listing.read(DUMP_B)


def partly(listing):
    """The same files with other tags in some places, and other counters everywhere."""
    rand = random.Random(33)
    kept = [tag for tag in recount(listing, lambda tag: (tag.bytes + 4096, tag.calls + 1)).tags
            if rand.random() < 0.95]
    lines = [tag.text for tag in kept]
    for tag in rand.sample(kept, 50):
        lines.insert(rand.randrange(len(lines)), tag.text)  # now there are two of that name
    return Listing(HEADER + b''.join(lines))


PAIRS = {'other': (A, B), 'partly': (A, partly(A)),
         'counters': (A, recount(A, lambda tag: (tag.bytes + 4096, tag.calls + 1)))}


class Answers:
    """What a listing answers, or None: it has no such name."""

    def __init__(self, listing):
        self.listing, self.known = listing, {}
        self.records = [record_of(tag) for tag in listing.tags]
        self.names = {b'by-module': listing.groups(lambda tag: tag.module_name),
                      b'by-function': listing.groups(lambda tag: tag.function_name),
                      b'by-file': listing.paths()}

    def of(self, question):
        if question not in self.known:
            kind, *words = question
            self.known[question] = getattr(self, kind)(*words)
        return self.known[question]

    def select(self, view, name):
        if view in self.names:
            return self.names[view].get(name)
        if view == b'top':
            return sorted(self.listing.tags, key=lambda tag: -tag.bytes)[:int(name)]
        if view == b'min-size':
            return [tag for tag in self.listing.tags if tag.bytes >= int(name)]
        return self.listing.tags

    def names_in(self, view, name):
        tags = self.select(view, name)
        if tags is None:
            return None
        if view == b'top':
            return [b'%03d,%s' % (rank, tag.flat) for rank, tag in enumerate(tags, 1)]
        if view != b'by-file':
            return [tag.flat for tag in tags]
        depth = len(name)
        return sorted({tag.path[depth] for tag in tags if len(tag.path) > depth}) + \
            [tag.in_file for tag in tags if tag.path == name]

    def values(self, view):
        return sorted(name for name in self.names[view])

    def lines(self, view, name):
        tags = self.select(view, name)
        return None if tags is None else HEADER + b''.join(tag.text for tag in tags)

    def total(self, view, name):
        tags = self.select(view, name)
        return None if tags is None else total_line(tags, b'/' + where(view, name))

    def tag(self, flat):
        return self.listing.by_flat[flat].text if flat in self.listing.by_flat else None

    def raw(self, flat):
        return self.listing.by_flat[flat].record if flat in self.listing.by_flat else None

    def everything(self):
        return self.listing.data

    def walk(self, rule):
        return [record for record in self.records if passes(record, rule)]


def where(view, name):
    words = name if isinstance(name, tuple) else (name,)
    return b'/'.join((view, *words)) if name else view


class Asker:
    """The same questions to a mount."""

    def __init__(self, base, layout):
        self.base, self.layout = base + b'/', layout

    def of(self, question):
        kind, *words = question
        return getattr(self, kind)(*words)

    def names_in(self, view, name):
        return os.listdir(self.base + where(view, name))

    def values(self, view):
        return os.listdir(self.base + view)

    def lines(self, view, name):
        return slurp(self.base + where(view, name) + b'/.allocinfo')

    def total(self, view, name):
        return slurp(self.base + where(view, name) + b'/.total')

    def tag(self, flat):
        return slurp(self.base + b'all/' + flat)

    def raw(self, flat):
        return slurp(self.base + b'raw/all/' + flat)

    def everything(self):
        return slurp(self.base + b'allocinfo')

    def walk(self, rule):
        with Allocinfo(self.base + b'allocinfo', self.layout) as file:
            return file.walk(rule)


def random_question(rand, pair):
    kind = rand.choice(['names_in', 'names_in', 'lines', 'lines', 'total', 'total', 'tag', 'tag',
                        'tag', 'raw', 'values', 'everything', 'walk'])
    tag = rand.choice(rand.choice(pair).listing.tags)
    if kind in ('tag', 'raw'):
        return kind, tag.flat
    if kind == 'everything':
        return (kind,)
    if kind == 'values':
        return kind, rand.choice([b'by-module', b'by-function'])
    if kind == 'walk':
        mask = rand.choice([FILE, FUNCTION, MODULE | FILE, FUNCTION | FILE])
        return kind, Filter(mask, *record_of(tag)[:3])
    return (kind, *rand.choice([
        (b'by-module', tag.module_name), (b'by-function', tag.function_name),
        (b'by-file', tag.path), (b'by-file', tag.path[:rand.randrange(len(tag.path) + 1)]),
        (b'top', b'%d' % rand.choice([10, 100])), (b'min-size', b'%d' % (1 << 20)), (b'all', b'')]))


def several_passes(rand, pair):
    """What a filter for one file does not give: a few files, or one that is spelled variously."""
    paths = [path for path, tags in pair[0].names[b'by-file'].items()
             if 1 < len({tag.file for tag in tags}) < 5]
    return rand.choice(['lines', 'total']), b'by-file', rand.choice(paths)


def hammer(seed, base, seconds, pair, layout, ask):
    """Asks; how often it was answered from which listing, or what was wrong."""
    rand, asker = random.Random(seed), Asker(base, LAYOUTS[layout])
    end, counts = time.monotonic() + seconds, Counter()
    while time.monotonic() < end:
        question = ask(rand, pair)
        right = [answers.of(question) for answers in pair]
        try:
            got = asker.of(question)
        except OSError as error:
            absent = error.errno == ENOENT and None in right
            if error.errno != EAGAIN and not absent:
                raise AssertionError(f'{question}: {error}') from error
            counts['error'] += 1
            continue
        if got not in right:
            raise AssertionError(f'{question}: {describe(got, right)}')
        counts[right.index(got)] += 1
    return list(counts.items())


def describe(got, right):
    """Where an answer leaves both that would have been right."""
    if isinstance(got, bytes):
        got, right = got.splitlines(), [each and each.splitlines() for each in right]
    differences = []
    for each in right:
        odd = [(mine, other) for mine, other in zip(got, each or []) if mine != other][:1]
        differences.append(f'{len(got)} rows, not {len(each or [])}, first other {odd}')
    return '; '.join(differences)[:600]


class Hammer(unittest.TestCase):
    def check(self, name, layout, options, pause, ask=random_question):
        pair = [Answers(listing) for listing in PAIRS[name]]
        seconds, turn = SECONDS / 5, 0
        with Mount(A.data, f'max_age=0,abi={layout}', foreground=True, stack=False) as inner, \
                Mount(inner, f'{options},abi={layout}') as mount:
            self.assertEqual(mount.status('interface'), f'ioctl {layout}')
            workers = [Worker(hammer, seed, mount(), seconds, pair, layout, ask)
                       for seed in range(READERS)]
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                turn += 1
                mount.write(pair[turn % 2].listing.data)
                time.sleep(pause)
            results = [worker.wait() for worker in workers]
            self.assertEqual({error for _, error in results}, {None})
            counts = Counter()
            for said, _ in results:
                for answer, count in said:
                    counts[answer] += count
            self.assertGreater(min(counts[0], counts[1]), 0, counts)
            self.assertGreater(counts[0] + counts[1], counts['error'], counts)
            time.sleep(0.2)
            rest = Asker(mount(), LAYOUTS[layout])
            for question in (('everything',), ('total', b'all', b''), ('values', b'by-module')):
                self.assertEqual(rest.of(question), pair[turn % 2].of(question))

    # No multiple of the pause is max_age: else each look could meet the same of the two.
    def test_other_names(self):
        self.check('other', 'mainline', 'max_age=100', 0.037)

    def test_other_names_always_fresh(self):
        self.check('other', 'v3', 'max_age=0', 0.1)

    def test_partly_other_names(self):
        self.check('partly', 'v3', 'max_age=100', 0.037)

    def test_partly_other_names_always_fresh(self):
        self.check('partly', 'mainline', 'max_age=0', 0.1)

    def test_other_counters(self):
        """The content id tells nothing; what several passes gave is of one moment all the same."""
        self.check('counters', 'mainline', 'max_age=0', 0.02, several_passes)


if __name__ == '__main__':
    main()
