#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree of a running kernel, against the text of /proc/allocinfo and the model of tests/mount.

usage: live.py INTERFACE [unittest's arguments], as root; INTERFACE: what status has to say

Counters move while one looks. So the kernel's text is read before and after, and a tag counts as
idle if its line is the same in both: only those are compared to the byte, and they must be most. An
idle line may still have changed and come back: wrong is what differs each time of a few. Looking
itself takes an open file, a path, a request: the tags of these are never idle.
"""
import collections
import errno
import os
import re
import stat
import sys
import time
import unittest

sys.path.insert(0, os.environ.get('ALLOCFS_MOUNT_TESTS',
                                  os.path.join(os.path.dirname(__file__), '..', 'mount')))

# pylint: disable=wrong-import-position
import test_errors
import test_tree
from allocfs_mount import (LATER, LINE, ROOT, Listing, Mount, MountCase, Tag, errno_of,
                           seeded, size_of, slurp, total_line)

KERNEL = '/proc/allocinfo'
INTERFACE = 'text'  # see main()
TRIES = 5
MOST = 0.7  # of the tags have to be idle
MAX_AGE, NAMES_TIMEOUT = 0.1, 1.0  # seconds: of counters, of what the kernel keeps of a file
SLACK = 0.05
LOOKING = re.compile(rb'fs/(fuse|proc)/|fs/(namei|seq_file|file|file_table|open|dcache|inode)\.c$')
REPORTS = (b'.summary', b'.total', b'.totals', b'.allocinfo', b'.raw')


class Live(Mount):
    """The kernel's listing, mounted; dump is a copy of it for who wants some file."""

    def set_source(self, source, stack):
        self.dump, self.source = os.path.join(self.base, 'allocinfo.txt'), source
        self.write(slurp(source))


def read_quickly(path):
    """A file of less than 64 kB; the machine is slow."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def reading(names):
    """The kernel's listing now; of the tags of names, an earlier one. Parses only what is new."""
    lines = slurp(KERNEL).splitlines(True)[2:]
    if len(lines) != len(names.tags):
        raise AssertionError('modules came or went')
    now = Listing(b'')
    for line, tag in zip(lines, names.tags):
        if line != tag.text:
            old, tag = tag, Tag(tag.number, LINE.match(line[:-1]))
            if tag.key != old.key:
                raise AssertionError(f'{old.flat} went')
            tag.flat, tag.in_file = old.flat, old.in_file
        now.tags.append(tag)
    return now


class Window:
    """What the kernel said before and after a look."""

    def __init__(self, before, after):
        self.before, self.after = before, after
        self.idle = {tag.flat: tag for tag, other in zip(before.tags, after.tags)
                     if tag.text == other.text and not LOOKING.match(tag.file)}

    def differ(self, what, got):
        """Of {name: bytes or anything}, those idle tags that what(tag) does not give."""
        return {name: f'{value!r}, not {what(self.idle[name])!r}'
                for name, value in got.items()
                if name in self.idle and value != what(self.idle[name])}

    def missing(self, test, lines):
        """The idle tags that pass a test and are not among the lines of a report."""
        there = collections.Counter(lines)
        wanted = collections.Counter(tag.text for tag in self.idle.values() if test(tag))
        return {text: 'is not there' for text in wanted - there}


class LiveCase(MountCase):
    """Tests that share one mount of the kernel's listing."""
    every = 8  # of many files one in so many is looked at
    every_tag = 1

    @classmethod
    def setUpClass(cls):
        cls.mount = Live(KERNEL, cls.options)
        cls.addClassCleanup(cls.mount.close)
        cls.listing = Listing.read(KERNEL)

    def look(self, look, differences, settle=MAX_AGE):
        """What look() gives, differences(window, that) has to find nothing wrong with.

        settle: how much older than look() what it finds can be, seconds."""
        always = None
        for _ in range(TRIES):
            before = reading(self.listing)
            time.sleep(0 if self.options else settle + SLACK)
            got = look()
            window = Window(before, reading(self.listing))
            self.assertGreaterEqual(len(window.idle), MOST * len(before.tags), 'too much moves')
            wrong = differences(window, got)
            always = wrong if always is None else {key: wrong[key] for key in wrong
                                                   if key in always}
            if not always:
                return
        self.fail('\n'.join(f'{key}: {text}' for key, text in list(always.items())[:10]))

    def sample(self, names):
        return names[::self.every]


class Names(LiveCase):
    def test_status(self):
        rows = dict(row.split(': ', 1) for row in self.mount.read(b'status').decode().splitlines())
        self.assertEqual(rows['interface'], INTERFACE)
        self.assertEqual(rows['profiling'], 'on')
        self.assertEqual(rows['tags'], str(len(self.listing.tags)))
        self.assertEqual(rows['modules'], str(len({tag.module for tag in self.listing.tags})))
        self.assertEqual(rows['skipped-lines'], '0')
        self.assertEqual(rows['last-error'], 'none')

    def test_root(self):
        names = self.mount.list()
        self.assertEqual([name for name in names if name not in LATER],
                         [name for name in ROOT if name not in LATER])

    def test_there_are_modules(self):
        self.assertGreater(len({tag.module for tag in self.listing.tags}), 2)

    def test_all(self):
        for view in (b'', b'sized/', b'raw/'):
            self.assertEqual(self.mount.list(view + b'all'),
                             [tag.flat for tag in self.listing.tags])

    def test_values(self):
        for view, key in ((b'by-module', lambda tag: tag.module_name),
                          (b'by-function', lambda tag: tag.function_name)):
            groups = self.listing.groups(key)
            self.assertEqual(self.mount.list(view), sorted(groups))
            for name in self.sample(sorted(groups)) + [b'xfs'] * (b'xfs' in groups):
                self.assertEqual(self.mount.list(view + b'/' + name),
                                 [tag.flat for tag in groups[name]])
        lines = {tag.line for tag in self.listing.tags}
        self.assertEqual(sorted(map(int, self.mount.list(b'by-line'))), sorted(lines))

    def test_by_file(self):
        paths = self.listing.paths()
        for path in self.sample(sorted(paths)):
            tags = paths[path]
            names = {tag.in_file for tag in tags if tag.path == path}
            below = {tag.path[len(path)] for tag in tags if len(tag.path) > len(path)}
            where = b'/'.join((b'by-file',) + path)
            self.assertEqual(set(self.mount.list(where)), names | below, where)

    def test_allocinfo(self):
        def lines(data):
            return [line.split(None, 2)[2] for line in data.splitlines()[2:]]
        kernel = slurp(KERNEL)
        for name in (b'allocinfo', b'.allocinfo', b'all/.allocinfo'):
            data = self.mount.read(name)
            self.assertEqual(data.splitlines()[:2], kernel.splitlines()[:2], name)
            self.assertEqual(lines(data), lines(kernel), name)


class Counters(LiveCase):
    def test_listing(self):
        def differences(window, data):
            shown = Listing(data)
            return window.differ(lambda tag: tag.text, {tag.flat: tag.text for tag in shown.tags})
        self.look(lambda: self.mount.read(b'allocinfo'), differences)

    def test_tags(self):
        for view, every in ((b'', self.every_tag), (b'sized', self.every), (b'raw', self.every)):
            where, tags = self.mount(os.path.join(view, b'all')), self.listing.tags[::every]
            self.look(lambda w=where, t=tags: {tag.flat: read_quickly(w + b'/' + tag.flat)
                                          for tag in t},
                      lambda window, got, v=view: window.differ(lambda tag: tag.content(v), got))

    def test_tags_by_file(self):
        names = {tag.flat: self.mount(b'/'.join((b'by-file',) + tag.path + (tag.in_file,)))
                 for tag in self.sample(self.listing.tags)}
        self.look(lambda: {flat: read_quickly(path) for flat, path in names.items()},
                  lambda window, got: window.differ(lambda tag: tag.text, got))

    def test_attributes(self):
        tags = self.sample(self.listing.tags)
        shown = {b'': lambda tag: (len(tag.text), tag.blocks),
                 b'sized': lambda tag: (max(tag.bytes, 0), tag.blocks),
                 b'raw': lambda tag: (224, 0)}
        for view, wanted in shown.items():
            where = self.mount(os.path.join(view, b'all'))

            def stat_all(where=where):
                entries = {tag.flat: os.stat(where + b'/' + tag.flat) for tag in tags}
                for name, entry in entries.items():
                    self.assertEqual((entry.st_mode, entry.st_nlink), (stat.S_IFREG | 0o400, 1),
                                     name)
                return {name: (entry.st_size, entry.st_blocks) for name, entry in entries.items()}
            self.look(stat_all, lambda window, got, w=wanted: window.differ(w, got), NAMES_TIMEOUT)

    def test_directories(self):
        for path in (b'', b'all', b'by-file/mm', b'by-module/vmlinux', b'top/10', b'sized', b'at'):
            entry = os.stat(self.mount(path))
            self.assertEqual((entry.st_mode, entry.st_nlink, entry.st_blocks),
                             (stat.S_IFDIR | 0o500, 1, 0), path)
        fs = os.statvfs(self.mount())
        self.assertTrue(0 < fs.f_bfree < fs.f_blocks)

    def test_times(self):
        """Of counters: now. Of the catalog: not before the mount was made."""
        start = time.time()
        time.sleep(MAX_AGE + SLACK)
        entry = os.stat(self.mount(b'allocinfo'))
        self.assertTrue(start <= entry.st_mtime <= time.time() + SLACK)
        self.assertLess(entry.st_ctime, start)

    def test_records(self):
        """.raw and raw/ have the tags in order, of 224 bytes each."""
        def differences(window, data):
            self.assertEqual(len(data), 224 * len(self.listing.tags))
            return window.differ(lambda tag: tag.record,
                                 {tag.flat: data[224 * i:224 * i + 224]
                                  for i, tag in enumerate(self.listing.tags)})
        for name in (b'.raw', b'all/.raw', b'raw/all/.raw'):
            self.look(lambda n=name: self.mount.read(n), differences)

    def test_positions(self):
        spots = self.sample(range(0, len(self.listing.tags), 50))
        for view in (b'', b'raw'):
            self.look(lambda v=view: {self.listing.tags[i].flat: self.mount.read(
                          os.path.join(v, b'at/%d' % i)) for i in spots},
                      lambda window, got, v=view: window.differ(lambda tag: tag.content(v), got))
        for module, tags in self.listing.groups(lambda tag: tag.module_name).items():
            name = self.mount(b'by-module/%s/at/%d' % (module, len(tags)))
            self.assertEqual(errno_of(os.stat, name), errno.ENOENT)
            self.assertTrue(slurp(name.replace(b'/at/%d' % len(tags), b'/at/%d' % (len(tags) - 1))))

    def test_filters(self):
        """In what a filter about counters lists, each idle tag is there or not, as it must."""
        sets = {b'live': lambda tag: tag.live, b'accurate': lambda tag: tag.accurate,
                b'inaccurate': lambda tag: not tag.accurate}
        for name, test in test_tree.COUNTER_TESTS.items():
            for value in [b'0', *test_tree.PRESETS[name][::2]] if name in test_tree.PRESETS else []:
                sets[name + b'/' + value] = lambda tag, t=test, v=size_of(value): t(tag, v)
        for path, test in sets.items():
            self.look(lambda p=path: (self.mount.list(p), self.mount.read(p + b'/.allocinfo')),
                      lambda window, got, t=test: self.wrong_set(window, t, *got))

    @staticmethod
    def wrong_set(window, test, names, report):
        there = set(names)
        wrong = {tag.flat: f'listed: {tag.flat in there}' for tag in window.idle.values()
                 if test(tag) != (tag.flat in there)}
        return {**wrong, **window.missing(test, report.splitlines(True))}

    def test_top(self):
        for name, key in ((b'top', lambda tag: tag.bytes), (b'top-calls', lambda tag: tag.calls)):
            for count in (1, 10, 100):
                path = b'%s/%d' % (name, count)
                self.look(lambda p=path: self.mount.read(p + b'/.allocinfo'),
                          lambda window, data, k=key, c=count: self.wrong_top(window, data, k, c))
                ranks = [int(entry.split(b',')[0]) for entry in self.mount.list(path)]
                self.assertEqual(ranks, list(range(1, count + 1)))

    def wrong_top(self, window, data, key, count):
        shown = Listing(data).tags
        self.assertEqual(len(shown), count)
        self.assertEqual(sorted(shown, key=lambda tag: -key(tag)), shown, 'not in order')
        least = key(shown[-1])
        return window.missing(lambda tag: key(tag) > least, data.splitlines(True))

    def test_totals(self):
        """Sums of what does not move, and the counts of all."""
        for view, key in ((b'by-module/', lambda tag: tag.module_name),
                          (b'by-function/', lambda tag: tag.function_name),
                          (b'by-file/', lambda tag: b'/'.join(tag.path))):
            groups = self.listing.groups(key)
            names = self.sample(sorted(groups)[::20]) + [b'xfs'] * (b'xfs' in groups)

            def differences(window, got, view=view, groups=groups):
                wrong = {}
                for name, line in got.items():
                    tags = [window.idle.get(tag.flat) for tag in groups[name]]
                    self.assertIn(b' tags:%d /' % len(tags), line)
                    if None not in tags and line != total_line(tags, b'/' + view + name):
                        wrong[name] = line
                return wrong
            self.look(lambda v=view, n=names: {
                name: self.mount.read(v + name + b'/.total') for name in n}, differences)

    def test_reports(self):
        for where in (b'', b'all', b'live', b'by-file', b'by-file/mm', b'by-file/mm/slub.c',
                      b'by-module', b'by-module/xfs', b'min-size/1M', b'top/20', b'raw', b'sized',
                      b'by-function/kvmalloc_node', b'live/by-file/fs/min-size/1'):
            if errno_of(os.stat, self.mount(where)):
                continue
            for name in REPORTS:
                data = self.mount.read(os.path.join(where, name))
                # A set of tags that is not divided has no parts to sum up.
                self.assertTrue(data or name in (b'.totals', b'.raw'), (where, name))
                self.assertEqual(len(data) % 224 if name == b'.raw' else 0, 0, (where, name))


class Queries(LiveCase):
    """Composed paths: where the rows are the same before and after, they have to be shown."""
    batches, batch = 5, 10

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        looking = [tag for tag in cls.listing.tags if LOOKING.match(tag.file)]
        cls.looking_names = {name for tag in looking for name in (tag.flat, tag.in_file, *tag.path)}
        cls.looking_words = {cls.words(tag.text) for tag in looking}

    @staticmethod
    def words(line):
        return line.split(None, 2)[2]

    def recipe(self, rand):
        """A path as [(filter, value, as typed)...]."""
        names = sorted({**test_tree.COUNTER_TESTS, **test_tree.NAME_TESTS, **test_tree.RANKINGS})
        tag = rand.choice(self.listing.tags)
        return [(name, *test_tree.random_value(rand, self.listing, tag, name))
                for name in rand.sample(names, rand.randint(1, 4))]

    @staticmethod
    def build(listing, recipe):
        query = test_tree.Query(listing)
        for step in recipe:
            query.add(*step)
            if query.error:
                break
        return query

    def ask(self, recipe):
        query = self.build(self.listing, recipe)
        path = self.mount(b'/'.join(query.path))
        if query.error:
            return errno_of(os.stat, path), b''
        return os.listdir(path), slurp(path + b'/.allocinfo')

    def check(self, window, recipe, names, report):
        """None if the rows were not the same, else what is wrong."""
        query = self.build(window.before, recipe)
        if query.error:
            return [] if names == query.error else [names]
        rows = [tag.text for _, tag in query.rows]
        if rows != [tag.text for _, tag in self.build(window.after, recipe).rows]:
            return None
        below, tags = query.names()
        if tags and tags[0][0]:
            names = names[:len(below)] + [name.split(b',', 1)[1] for name in names[len(below):]]
        wrong = set(names) ^ {*below, *(name for _, name in tags)}
        wrong = [name for name in wrong if name not in self.looking_names]
        lines = collections.Counter(report.splitlines(True)[2:])
        lines.subtract(rows)
        wrong += [line for line, count in lines.items()
                  if count and self.words(line) not in self.looking_words]
        # Of equals, those that looking moved may have put others out of the ranking.
        ranked = set(test_tree.RANKINGS) & set(query.steps)
        return wrong if len(wrong) > (2 * len(self.looking_words) if ranked else 0) else []

    def test_random_queries(self):
        seed, rand = seeded(20260802)
        compared = {}
        for i in range(self.batches):
            batch = [self.recipe(rand) for _ in range(self.batch)]

            def differences(window, answers, i=i, batch=batch):
                wrong = {}
                for j, (recipe, answer) in enumerate(zip(batch, answers)):
                    found = self.check(window, recipe, *answer)
                    if found is not None:
                        compared[i, j] = recipe
                    if found:
                        wrong[str(recipe)] = str(found)[:500]
                return wrong
            with self.subTest(seed=seed):
                self.look(lambda b=batch: [self.ask(recipe) for recipe in b], differences)
        self.assertGreaterEqual(len(compared), MOST * self.batches * self.batch)


class NamesFresh(Names):
    options, every = 'max_age=0', 40


class CountersFresh(Counters):
    options, every, every_tag = 'max_age=0', 60, 40


class QueriesFresh(Queries):
    options, batches = 'max_age=0', 2


class Errors(test_errors.Errors, LiveCase):
    """The tables of the dump's tests. What they read after each call has to be idle."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = (b'mm_init.c', b'page_ext.c', b'params.c')  # done when the machine has booted
        tag = max((tag for tag in cls.listing.tags if tag.path[-1] in files),
                  key=lambda tag: tag.bytes)
        cls.tag, cls.text = b'all/' + tag.flat, tag.text


def main():
    global INTERFACE  # pylint: disable=global-statement
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    INTERFACE = sys.argv.pop(1)
    unittest.main()


if __name__ == '__main__':
    main()
