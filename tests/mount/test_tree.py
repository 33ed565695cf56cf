#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree: every tag once a view, every name and every set as computed here from the listing."""
import errno
import os

from allocfs_mount import (DUMP_B, LATER, RECORD, ROOT, MountCase, errno_of, main, run, seeded,
                           size_of, slurp)

PRESETS = {b'top': [b'10', b'20', b'50', b'100'],
           b'top-calls': [b'10', b'20', b'50', b'100'],
           b'min-size': [b'4K', b'64K', b'1M', b'16M', b'256M'],
           b'max-size': [b'4K', b'64K', b'1M', b'16M', b'256M'],
           b'min-calls': [b'1', b'100', b'10000'],
           b'max-calls': [b'1', b'100', b'10000']}
COUNTER_TESTS = {b'min-size': lambda tag, value: tag.bytes >= value,
                 b'max-size': lambda tag, value: tag.bytes <= value,
                 b'min-calls': lambda tag, value: tag.calls >= value,
                 b'max-calls': lambda tag, value: tag.calls <= value,
                 b'live': lambda tag, value: tag.live,
                 b'all': lambda tag, value: True,
                 b'accurate': lambda tag, value: tag.accurate,
                 b'inaccurate': lambda tag, value: not tag.accurate}
NAME_TESTS = {b'by-module': lambda tag, value: tag.module_name == value,
              b'by-function': lambda tag, value: tag.function_name == value,
              b'by-line': lambda tag, value: tag.line == value,
              b'by-file': lambda tag, value: tag.path[:len(value)] == value}
RANKINGS = {b'top': lambda tag: -tag.bytes, b'top-calls': lambda tag: -tag.calls}


class Query:
    """A path of filters and the rows it must have: (rank or None, tag)."""

    def __init__(self, listing):
        self.path, self.steps, self.error = [], {}, 0
        self.rows = [(None, tag) for tag in listing.tags]
        self.named = listing.tags  # those that pass the filters about names

    def add(self, name, value, typed):
        """Appends a filter; typed: the value as path components."""
        self.path += [name] + typed
        self.steps[name] = value
        if name in RANKINGS:
            tags = sorted((tag for _, tag in self.rows), key=lambda tag: tag.number)
            tags = sorted(tags, key=RANKINGS[name])[:value]
            self.rows = [(rank, tag) for rank, tag in enumerate(tags, 1)]
            return
        test = {**COUNTER_TESTS, **NAME_TESTS}[name]
        self.rows = [row for row in self.rows if test(row[1], value)]
        if name in NAME_TESTS:
            self.named = [tag for tag in self.named if test(tag, value)]
            if not self.named:
                self.error = self.error or errno.ENOENT
        for low, high in ((b'min-size', b'max-size'), (b'min-calls', b'max-calls')):
            if low in self.steps and high in self.steps and self.steps[low] > self.steps[high]:
                self.error = self.error or errno.EINVAL
        if b'accurate' in self.steps and b'inaccurate' in self.steps:
            self.error = self.error or errno.EINVAL

    def names(self):
        """The listing in order: directories, then tags as (rank, name)."""
        where = self.steps.get(b'by-file')
        if next(reversed(self.steps)) != b'by-file':
            return [], [(rank, tag.flat) for rank, tag in self.rows]
        deeper = {tag.path[len(where)] for _, tag in self.rows if len(tag.path) > len(where)}
        return sorted(deeper), [(rank, tag.in_file) for rank, tag in self.rows
                                if tag.path == where]


def random_value(rand, listing, tag, name):
    """A value of a filter, mostly one that tag passes: (value, as typed)."""
    if name in (b'live', b'all', b'accurate', b'inaccurate'):
        return None, []
    if name in RANKINGS:
        number = rand.choice([1, 2, 7, 10, 99, 100, 1000, 1234, 100000])
        return number, [b'%d' % number]
    if name.endswith(b'-calls'):
        number = rand.choice([0, 1, 5, 100, max(tag.calls, 0)])
        return number, [b'%d' % number]
    if name.endswith(b'-size'):
        text = rand.choice([b'0', b'1', b'4K', b'4KiB', b'100kB', b'1M', b'2MB', b'1G',
                            b'%d' % max(tag.bytes, 0)])
        return size_of(text), [text]
    if rand.random() < 0.2:
        tag = rand.choice(listing.tags)
    if name == b'by-module':
        return tag.module_name, [tag.module_name]
    if name == b'by-function':
        return tag.function_name, [tag.function_name]
    if name == b'by-line':
        return tag.line, [b'%d' % tag.line]
    path = tag.path[:rand.randint(0, len(tag.path))]
    return path, list(path)


class Tree(MountCase):
    def check_directory(self, path, wanted, view=b''):
        """wanted: {name: tag}; as listed and as read."""
        self.assertEqual(sorted(self.mount.list(path)), sorted(wanted), path)
        for name, tag in wanted.items():
            self.assertEqual(slurp(self.mount(path + b'/' + name)), tag.content(view), name)

    def test_root_in_order(self):
        for view, absent in ((b'', set()), (b'sized', {b'README', b'status'}),
                             (b'raw', {b'README', b'status'})):
            names = [entry.name for entry in os.scandir(self.mount(view))]
            self.assertEqual([name for name in names if name not in LATER],
                             [name for name in ROOT if name not in LATER | absent])
            self.assertEqual(run('ls', '-U', self.mount(view)).split(), names)
            self.assertEqual(names, [name for name in ROOT if name in names])

    def test_all_has_every_tag(self):
        self.assertEqual(self.mount.list(b'all'), [tag.flat for tag in self.listing.tags])
        for view in (b'', b'sized', b'raw'):
            self.check_directory(os.path.join(view, b'all'), self.listing.by_flat, view)

    def test_live(self):
        self.assertEqual(self.mount.list(b'live'),
                         [tag.flat for tag in self.listing.tags if tag.live])

    def test_by_file(self):
        paths = self.listing.paths()
        for path, tags in paths.items():
            names = {tag.in_file: tag for tag in tags if tag.path == path}
            below = {deeper[-1] for deeper in paths if deeper and deeper[:-1] == path}
            where = b'/'.join((b'by-file',) + path)
            self.assertEqual(set(self.mount.list(where)), set(names) | below, where)
            self.assertFalse(set(names) & below)
            for name, tag in names.items():
                self.assertEqual(self.mount.read(where + b'/' + name), tag.text)

    def test_by_module_and_function(self):
        for view, key in ((b'by-module', lambda tag: tag.module_name),
                          (b'by-function', lambda tag: tag.function_name)):
            groups = self.listing.groups(key)
            self.assertEqual(self.mount.list(view), sorted(groups))
            for name, tags in groups.items():
                self.check_directory(view + b'/' + name, {tag.flat: tag for tag in tags})

    def test_by_line(self):
        groups = self.listing.groups(lambda tag: tag.line)
        self.assertEqual(sorted(map(int, self.mount.list(b'by-line'))), sorted(groups))
        for line in sorted(groups)[::50]:
            self.check_directory(b'by-line/%d' % line, {tag.flat: tag for tag in groups[line]})

    def test_shell_sees_the_listing(self):
        lines = sorted(tag.text for tag in self.listing.tags)
        shell = lambda script: run('sh', '-c', 'cd "$0" && ' + script, self.mount(),
                                   env={'LC_ALL': 'C', 'PATH': os.environ['PATH']})
        self.assert_same(shell('cat all/* | sort').splitlines(True), lines, 'cat all/*')
        for view in ('all', 'by-file', 'by-module', 'by-function', 'raw/../all'):
            got = shell(f'grep -arh . {view} | sort').splitlines(True)
            self.assert_same(got, lines, f'grep -r {view}')

    def test_cat_of_a_file_is_grep(self):
        for path, tags in self.listing.groups(lambda tag: tag.path).items():
            names = sorted(os.path.join(self.mount(b'by-file'), *path, tag.in_file) for tag in tags)
            self.assertEqual(b''.join(sorted(map(slurp, names))),
                             b''.join(sorted(tag.text for tag in tags)))
        for file in (b'mm/slub.c', b'fs/inode.c', b'kernel/fork.c'):
            cat = run('sh', '-c', 'cat "$0"/* | sort', self.mount(b'by-file/' + file))
            grep = run('grep', '-a', '-F', b' %s:' % file, self.mount.dump)
            self.assertEqual(sorted(cat.splitlines()), sorted(grep.splitlines()))

    def expected_walk(self):
        """Files and directories of the whole mount, its root not counted."""
        tags, presets = self.listing.tags, (b'top', b'min-size', b'min-calls')
        files = 3 + 4 * len(tags) + sum(tag.live for tag in tags) + 10 + 20 + 50 + 100
        for name in (b'min-size', b'min-calls'):
            files += sum(COUNTER_TESTS[name](tag, size_of(value))
                         for value in PRESETS[name] for tag in tags)
        paths = self.listing.paths()
        dirs = len(ROOT) - 3 - len(LATER) + len(paths) - 1 + sum(len(PRESETS[p]) for p in presets)
        dirs += len({tag.module_name for tag in tags}) + len({tag.function_name for tag in tags})
        return files, dirs

    def test_walk_ends(self):
        later = len(LATER & set(self.mount.list()))
        files, dirs = self.expected_walk()
        got_files = got_dirs = 0
        for _, below, here in os.walk(self.mount(), onerror=self.fail):
            got_files, got_dirs = got_files + len(here), got_dirs + len(below)
        self.assertEqual((got_files, got_dirs), (files, dirs + later))
        for kind, count in (('f', files), ('d', dirs + later + 1)):
            found = run('find', self.mount(), '-type', kind).splitlines()
            self.assertEqual((len(found), len(set(found))), (count, count))

    def test_raw_records(self):
        for tag in self.listing.tags:
            data = self.mount.read(b'raw/all/' + tag.flat)
            self.assertEqual(len(data), 224)
            module, function, file, line, size, calls, accurate = RECORD.unpack(data)
            self.assertEqual(module.rstrip(b'\0'), (tag.module or b'')[-63:])
            self.assertEqual(function.rstrip(b'\0'), tag.function[-63:])
            self.assertEqual(file.rstrip(b'\0'), tag.file[-63:])
            self.assertEqual((line, size, calls, accurate),
                             (tag.line, tag.bytes % 2 ** 64, tag.calls % 2 ** 64, tag.accurate))

    def test_pasted_places(self):
        for (path, line), tags in self.listing.groups(lambda tag: (tag.path, tag.line)).items():
            place = b'/'.join((b'by-file',) + path) + b':%d' % line
            self.assertEqual(self.mount.read(place), b''.join(tag.text for tag in tags))
            self.assertEqual(self.mount.read(b'raw/' + place), b''.join(t.record for t in tags))
        self.assertNotIn(b'slub.c:', b' '.join(self.mount.list(b'by-file/mm')))

    def test_position(self):
        tags = self.listing.tags
        module = next(tag.module_name for tag in tags if tag.module)
        inside = [tag for tag in tags if tag.module_name == module]
        live = [tag for tag in tags if tag.live]
        for where, rows in ((b'', tags), (b'by-module/' + module, inside), (b'live', live),
                            (b'top/10', sorted(tags, key=lambda tag: -tag.bytes)[:10])):
            for i in {0, 1, len(rows) // 2, len(rows) - 1} & set(range(len(rows))):
                name = os.path.join(where, b'at/%d' % i)
                self.assertEqual(self.mount.read(name), rows[i].text, name)
                self.assertEqual(self.mount.read(b'raw/' + name), rows[i].record, name)
            behind = self.mount(os.path.join(where, b'at/%d' % len(rows)))
            self.assertEqual(errno_of(os.stat, behind), errno.ENOENT)

    def test_presets(self):
        for name, values in PRESETS.items():
            self.assertEqual(self.mount.list(name), values)
            self.assertEqual(self.mount.list(b'by-module/vmlinux/' + name), values)
        self.assertEqual(self.mount.list(b'max-size/1M/min-size'), [b'4K', b'64K', b'1M'])

    def test_filters_in_a_query_are_not_listed(self):
        for path in (b'all', b'by-module/vmlinux', b'top/10', b'min-size/1M', b'live'):
            self.assertFalse({b'by-file', b'by-module', b'min-size', b'live', b'at'}
                             & set(self.mount.list(path)), path)

    def test_listing_in_a_filter_directory(self):
        """Inside a filter directory the values that occur in the set are listed."""
        tags = self.listing.tags
        sets = {b'live': [tag for tag in tags if tag.live],
                b'min-size/1M': [tag for tag in tags if tag.bytes >= 1 << 20],
                b'by-module/vmlinux': [tag for tag in tags if tag.module is None],
                b'max-size/0/min-calls/1': [t for t in tags if t.bytes <= 0 and t.calls >= 1]}
        for path, rows in sets.items():
            for name, key in ((b'by-module', lambda tag: tag.module_name),
                              (b'by-function', lambda tag: tag.function_name),
                              (b'by-line', lambda tag: b'%d' % tag.line),
                              (b'by-file', lambda tag: tag.path[0])):
                if name not in path:
                    self.assertEqual(set(self.mount.list(path + b'/' + name)), set(map(key, rows)))

    def test_any_rank_in_front(self):
        tag = self.listing.tags[5]
        for rank in (b'001', b'1', b'999'):
            self.assertEqual(self.mount.read(b'top/10/%s,%s' % (rank, tag.flat)), tag.text)

    def check_query(self, query):
        path = b'/'.join(query.path)
        if query.error:
            self.assertEqual(errno_of(os.stat, self.mount(path)), query.error, path)
            return
        below, tags = query.names()
        got = self.mount.list(path)
        self.assertEqual(sorted(got[:len(below)]), below, path)
        ranked = tags and tags[0][0] is not None
        if ranked:
            split = [name.split(b',', 1) for name in got[len(below):]]
            self.assertEqual([(int(rank), name) for rank, name in split], tags, path)
            self.assertEqual(len({len(rank) for rank, _ in split} | {0}), 2, path)
            self.assertTrue(all(len(rank) >= 3 for rank, _ in split), path)
        else:
            self.assertEqual(sorted(got[len(below):]), sorted(name for _, name in tags), path)
        self.assertEqual(self.mount.read(path + b'/.allocinfo').splitlines(True)[2:],
                         [tag.text for _, tag in query.rows], path)

    def test_random_queries(self):
        seed, rand = seeded(20260801)
        names = sorted({**COUNTER_TESTS, **NAME_TESTS, **RANKINGS})
        for i in range(1500):
            query = Query(self.listing)
            for name in rand.sample(names, rand.randint(1, 4)):
                pool = query.named if rand.random() < 0.9 else self.listing.tags
                query.add(name, *random_value(rand, self.listing, rand.choice(pool), name))
                if query.error:
                    break
            with self.subTest(seed=seed, number=i, path=b'/'.join(query.path)):
                self.check_query(query)

    def test_filters_apply_from_left_to_right(self):
        """A filter about names behind the second ranking must not come in front of it."""
        rows = sorted(self.listing.tags, key=lambda tag: -tag.bytes)[:400]
        query = Query(self.listing)
        query.add(b'top', 400, [b'400'])
        query.add(b'by-module', b'vmlinux', [b'vmlinux'])
        query.add(b'top-calls', 5, [b'5'])
        path = rows[200].path[:1]
        query.add(b'by-file', path, list(path))
        query.add(b'all', None, [])
        self.check_query(query)


class OtherTree(Tree):
    dump = DUMP_B


if __name__ == '__main__':
    main()
