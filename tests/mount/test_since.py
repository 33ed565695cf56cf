# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots and differences, on pairs of listings of which all differences are known.

Which tag is which, and every number of every view, is computed here anew from the rules.
"""
import errno
import os
import re
import stat
import subprocess
import tempfile
import time
import unittest

import allocfs_mount as am
from allocfs_ioctl import MIN_SIZE, Allocinfo, Filter, passes, record_of
from allocfs_mount import HEADER, Listing, Mount, errno_of, slurp


def line(size, calls, site, tail=b''):
    return b'%12d %8d %s%s \n' % (size, calls, site, tail)


def known_pair():
    """Two listings: each kind of change, alone and together with others in one function."""
    then, now = [], []

    def both(site, a, b, tail=b''):
        then.append(line(a[0], a[1], site, tail))
        now.append(line(b[0], b[1], site, tail))

    both(b'a/grown.c:10 func:f', (4096, 1), (8192, 2))
    both(b'a/shrunk.c:10 func:f', (8192, 2), (4096, 1))
    both(b'a/same.c:10 func:f', (4096, 1), (4096, 1))
    both(b'a/calls.c:10 func:f', (4096, 1), (4096, 9))
    both(b'a/bytes.c:10 func:f', (4096, 4), (5000, 4))
    both(b'a/below.c:10 func:f', (100, 1), (-86241280, 2 ** 64 - 21055))
    both(b'a/above.c:10 func:f', (-86241280, 2 ** 64 - 21055), (100, 1))
    both(b'a/missed.c:10 func:f', (1 << 20, 256), (3 << 20, 768), b' accurate:no')
    now.append(line(2 << 20, 2, b'a/new.c:10 func:f'))
    then.append(line(5 << 20, 5, b'a/gone.c:10 func:f'))
    then.append(line(0, 0, b'a/gone_empty.c:10 func:f'))
    # Duplicates: as many, fewer, more.
    for i in range(4):
        both(b'./include/dup.h:5 func:g', (1000 * i, i), (1000 * i + 10 * i, i))
    for i in range(3):
        then.append(line(7000 + i, 7, b'./include/less.h:5 func:g'))
    for i in range(2):
        now.append(line(7100 + i, 7, b'./include/less.h:5 func:g'))
    for i in range(2):
        then.append(line(8000 + i, 8, b'./include/more.h:5 func:g'))
    for i in range(3):
        now.append(line(8100 + i, 8, b'./include/more.h:5 func:g'))
    # Moved by 7, two sites 7 lines apart in one function.
    then += [line(100, 1, b'a/moved.c:10 func:f'), line(200, 1, b'a/moved.c:17 func:f')]
    now += [line(100, 1, b'a/moved.c:17 func:f'), line(250, 1, b'a/moved.c:24 func:f')]
    # One more site in the function: equal lines first, the rest in order.
    then += [line(100, 1, b'a/more.c:%d func:f' % n) for n in (10, 20, 30)]
    now += [line(100 + n, 1, b'a/more.c:%d func:f' % n) for n in (10, 25, 30, 40)]
    # Modules: reloaded with its tags moved behind others, unloaded, loaded.
    then += [line(300, 3, b'm/re.c:%d [re] func:h' % n) for n in (1, 2)]
    both(b'm/stay.c:1 [stay] func:h', (400, 4), (500, 5))
    now += [line(300 + n, 3, b'm/re.c:%d [re] func:h' % n) for n in (1, 2)]
    then += [line(600, 6, b'm/out.c:%d [out] func:h' % n) for n in (1, 2, 3)]
    now += [line(700, 7, b'm/in.c:%d [in] func:h' % n) for n in (1, 2, 3)]
    # Spelled in another way it is another one.
    then.append(line(900, 9, b'm/../s/spelled.c:1 func:k'))
    now.append(line(950, 9, b's/spelled.c:1 func:k'))
    return HEADER + b''.join(then), HEADER + b''.join(now)


def match(now, then):
    """The tag of then for each tag of now (or None), those of then that are left, and guesses."""
    found, guessed, taken = {}, 0, set()
    key = lambda tag: (tag.module, tag.file, tag.function)
    groups_now, groups_then = now.groups(key), then.groups(key)
    for group, mine in groups_now.items():
        theirs = list(groups_then.get(group, []))
        rest = list(mine)
        if len(mine) != len(theirs):
            for tag in sorted(mine, key=lambda tag: (tag.line, tag.number)):
                equal = [other for other in theirs if other.line == tag.line]
                if equal:
                    found[tag.number] = equal[0]
                    theirs.remove(equal[0])
                    rest.remove(tag)
        for tag, other in zip(rest, theirs):
            found[tag.number] = other
            guessed += tag.line != other.line
    taken = {id(other) for other in found.values()}
    gone = [tag for tag in then.tags if id(tag) not in taken]
    return [found.get(tag.number) for tag in now.tags], gone, guessed


def signed(number):
    return (number + 2 ** 63) % 2 ** 64 - 2 ** 63


class Differences(Listing):
    """The tags of now and behind them those that are gone, their counters the differences."""

    def __init__(self, now, then):
        theirs, gone, self.guessed = match(now, then)
        rows = list(zip(now.tags, theirs)) + [(None, tag) for tag in gone]
        sites = [re.match(rb' *-?\d+ +\d+ (.*?) (?:accurate:no )?\n$', (a or b).text)[1]
                 for a, b in rows]
        super().__init__(HEADER + b''.join(line(0, 0, site) for site in sites))
        for tag, (a, b), site in zip(self.tags, rows, sites):
            tag.bytes = signed((a.bytes if a else 0) - (b.bytes if b else 0))
            tag.calls = signed((a.calls if a else 0) - (b.calls if b else 0))
            tag.accurate = all(half.accurate for half in (a, b) if half)
            tag.text = line(tag.bytes, tag.calls, site, b'' if tag.accurate else b' accurate:no')
        self.every = self.tags
        self.tags = [tag for tag in self.tags if tag.live]


class SinceCase(unittest.TestCase):
    """Compares every view of one difference."""

    def check(self, mount, root, want):
        everything = mount.read(root + b'/.allocinfo')
        self.assertEqual(everything, HEADER + b''.join(tag.text for tag in want.tags))
        self.assertEqual(sorted(mount.list(root + b'/all')), sorted(t.flat for t in want.tags))
        for tag in want.every:
            self.assertEqual(mount.read(root + b'/all/' + tag.flat), tag.text)
            self.assertEqual(mount.read(root + b'/raw/all/' + tag.flat), tag.record)
            info = os.stat(mount(root + b'/all/' + tag.flat))
            self.assertEqual((info.st_size, info.st_blocks), (len(tag.text), tag.blocks), tag.flat)
            info = os.stat(mount(root + b'/sized/all/' + tag.flat))
            self.assertEqual(info.st_size, max(tag.bytes, 0))
        self.check_total(mount, root, want.tags)
        for limit in (0, 1, 10, 100, 1 << 20, 3 << 20):
            self.check_set(mount, root, b'min-size/%d' % limit, want, lambda t: t.bytes >= limit)
            self.check_set(mount, root, b'max-size/%d' % limit, want, lambda t: t.bytes <= limit)
            self.check_set(mount, root, b'min-calls/%d' % limit, want, lambda t: t.calls >= limit)
            self.check_set(mount, root, b'max-calls/%d' % limit, want, lambda t: t.calls <= limit)
        self.check_set(mount, root, b'live', want, lambda t: True)
        self.check_set(mount, root, b'inaccurate', want, lambda t: not t.accurate)
        for count in (1, 3, 1000):
            self.check_ranked(mount, root, b'top/%d' % count, want, lambda t: -t.bytes, count)
            self.check_ranked(mount, root, b'top-calls/%d' % count, want, lambda t: -t.calls, count)
        self.check_groups(mount, root, want)

    def check_total(self, mount, path, tags):
        got = mount.read(path + b'/.total').split()
        self.assertEqual(got[:3], [b'%d' % sum(t.bytes for t in tags),
                                   b'%d' % sum(t.calls for t in tags), b'tags:%d' % len(tags)])
        self.assertRegex(got[3], rb'^seconds:-?\d+$')
        self.assertEqual(got[4:], [b'/' + path])

    def check_set(self, mount, root, name, want, passes):
        tags = [tag for tag in want.tags if passes(tag)]
        path = root + b'/' + name
        self.assertEqual(mount.read(path + b'/.allocinfo'),
                         HEADER + b''.join(tag.text for tag in tags), path)
        self.assertEqual(sorted(mount.list(path)), sorted(tag.flat for tag in tags))
        self.check_total(mount, path, tags)

    def check_ranked(self, mount, root, name, want, key, count):
        tags = sorted(want.tags, key=lambda tag: (key(tag), want.every.index(tag)))[:count]
        path = root + b'/' + name
        width = max(3, len(str(min(count, len(want.every)))))
        self.assertEqual(mount.read(path + b'/.allocinfo'),
                         HEADER + b''.join(tag.text for tag in tags), path)
        self.assertEqual(sorted(mount.list(path)),
                         [b'%0*d,%s' % (width, i + 1, tag.flat) for i, tag in enumerate(tags)])

    def check_groups(self, mount, root, want):
        for filt, key in ((b'by-module', lambda t: t.module_name),
                          (b'by-function', lambda t: t.function_name)):
            groups = want.groups(key)
            self.assertEqual(sorted(mount.list(root + b'/' + filt)), sorted(groups))
            for name, tags in groups.items():
                self.check_total(mount, root + b'/' + filt + b'/' + name, tags)
            sums = [row.split()[:3] for row in
                    mount.read(root + b'/' + filt + b'/.totals').splitlines()]
            self.assertEqual(sorted(sums), sorted(
                [b'%d' % sum(t.bytes for t in tags), b'%d' % sum(t.calls for t in tags),
                 b'tags:%d' % len(tags)] for tags in groups.values()))
            self.assertEqual([int(row[0]) for row in sums],
                             sorted((int(row[0]) for row in sums), reverse=True))
        for path, tags in want.paths().items():
            self.check_total(mount, b'/'.join((root, b'by-file') + path), tags)


class KnownPair(SinceCase):
    """Every number of every view of a pair with one of each kind of change."""

    @classmethod
    def setUpClass(cls):
        cls.then, cls.now = known_pair()
        saved = {name: cls.save(text) for name, text in (('then', cls.then), ('same', cls.now))}
        options = ','.join(f'snapshot={name}={path}' for name, path in saved.items())
        cls.mount = Mount(cls.now, options)
        cls.addClassCleanup(cls.mount.close)

    @classmethod
    def save(cls, text):
        file = tempfile.NamedTemporaryFile(prefix='allocfs-test-')
        cls.addClassCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def test_kinds(self):
        want = Differences(Listing(self.now), Listing(self.then))
        by_file = {tag.file: tag for tag in want.every}
        self.assertEqual((by_file[b'a/grown.c'].bytes, by_file[b'a/grown.c'].calls), (4096, 1))
        self.assertEqual(by_file[b'a/gone.c'].bytes, -(5 << 20))
        self.assertEqual(by_file[b'a/new.c'].bytes, 2 << 20)
        self.assertEqual(sum(tag.bytes for tag in want.tags if tag.file == b'a/moved.c'), 50)
        self.assertNotIn(b'a/same.c', [tag.file for tag in want.tags])

    def test_since(self):
        self.check(self.mount, b'since/then', Differences(Listing(self.now), Listing(self.then)))

    def test_between(self):
        self.check(self.mount, b'since/then..same',
                   Differences(Listing(self.now), Listing(self.then)))

    def test_backwards(self):
        self.check(self.mount, b'since/same..then',
                   Differences(Listing(self.then), Listing(self.now)))

    def test_nothing(self):
        self.assertEqual(self.mount.list(b'since/same/all'), [])
        self.assertEqual(self.mount.list(b'since/then..then/by-module'), [])

    def test_guesses_are_told(self):
        want = Differences(Listing(self.now), Listing(self.then))
        self.assertGreater(want.guessed, 0)
        self.assertIn(b'%7d     sites were matched by guessing' % want.guessed,
                      self.mount.read(b'since/then/.summary'))
        time.sleep(0.2)
        self.assertIn(b'\nguessed-matches: %d\n' % want.guessed, self.mount.read(b'status'))

    def test_summary_sums(self):
        want = Differences(Listing(self.now), Listing(self.then))
        text = self.mount.read(b'since/then/.summary').decode()
        for what, sign in (('grew', 1), ('shrank', -1)):
            count = sum(tag.bytes * sign > 0 for tag in want.tags)
            self.assertRegex(text, rf' {count} sites {what}\n')
        self.assertLessEqual(max(map(len, text.splitlines())), 79)


class RandomPairs(SinceCase):
    """The same for pairs made at random: many tags of few words."""

    def listing(self, rng):
        words = []
        for _ in range(rng.randrange(40, 120)):
            module = rng.choice([b'', b'', b' [x]', b' [y]'])
            words.append(b'd/%d.c:%d%s func:f%d' % (rng.randrange(4), rng.randrange(1, 9) * 7,
                                                    module, rng.randrange(3)))
        return HEADER + b''.join(line(rng.choice((0, 0, rng.randrange(-9999, 99999))),
                                      rng.randrange(5), site, rng.choice((b'',) * 9 +
                                                                         (b' accurate:no',)))
                                 for site in words)

    def test_pairs(self):
        seed, rng = am.seeded(20)
        for number in range(6):
            then, now = self.listing(rng), self.listing(rng)
            with self.subTest(seed=seed, pair=number), Mount(then) as mount:
                os.mkdir(mount(b'snapshots/then'))
                mount.write(now)
                self.assertTrue(am.wait_until(lambda: mount.read(b'allocinfo') == now))
                self.check(mount, b'since/then', Differences(Listing(now), Listing(then)))


class Moved(unittest.TestCase):
    """A patch that moves every line of every file."""

    def test_moved_by_seven(self):
        text = slurp(am.DUMP_A)
        moved = re.sub(rb':(\d+)( \[[^]]*\])? func:',
                       lambda m: b':%d%s func:' % (int(m[1]) + 7, m[2] or b''), text)
        self.assertNotEqual(text, moved)
        with Mount(text) as mount:
            os.mkdir(mount(b'snapshots/then'))
            mount.write(moved)
            self.assertTrue(am.wait_until(lambda: mount.read(b'allocinfo') == moved))
            self.assertEqual(mount.list(b'since/then/all'), [])
            self.assertIn(b' tags:0 ', mount.read(b'since/then/.total'))


class Snapshots(unittest.TestCase):
    """Making, keeping, renaming and dropping them."""

    def test_frozen(self):
        a, b = slurp(am.DUMP_A), slurp(am.DUMP_B)
        with Mount(a) as mount:
            before = os.stat(mount()).st_mtime_ns
            os.mkdir(mount(b'snapshots/x'))
            mount.write(b)
            self.assertTrue(am.wait_until(lambda: mount.read(b'allocinfo') == b))
            self.assertEqual(mount.read(b'snapshots/x/allocinfo'), a)
            self.assertEqual(mount.read(b'snapshots/x/.allocinfo'), a)
            self.assertEqual(os.stat(mount(b'snapshots/x')).st_mtime_ns, before)
            listing = Listing(a)
            self.assertEqual(sorted(mount.list(b'snapshots/x/all')), sorted(listing.by_flat))
            self.assertEqual(mount.read(b'snapshots/x/raw/.raw'),
                             b''.join(tag.record for tag in listing.tags))
            live = [name for name in mount.list() if name not in
                    (b'README', b'status', b'snapshots', b'since')]
            self.assertEqual(sorted(mount.list(b'snapshots/x')), sorted(live))
            live.remove(b'allocinfo')
            self.assertEqual(sorted(mount.list(b'since/x')), sorted(live))
            records = [record_of(tag) for tag in listing.tags]
            large = Filter(mask=MIN_SIZE, min_size=1 << 20)
            with Allocinfo(mount(b'snapshots/x/allocinfo')) as file:
                self.assertEqual(file.walk(), records)
                self.assertEqual(file.walk(large), [r for r in records if passes(r, large)])

    def test_a_copy_is_the_same(self):
        """A snapshot saved and brought in again: nothing is lost."""
        with Mount(am.DUMP_A) as mount:
            os.mkdir(mount(b'snapshots/x'))
            copy = os.path.join(mount.base, 'copy.txt')
            with open(copy, 'wb') as file:
                file.write(mount.read(b'snapshots/x/.allocinfo'))
            with Mount(am.DUMP_B, f'snapshot=copy={copy}') as other:
                self.assertEqual(other.read(b'snapshots/copy/.allocinfo'), slurp(am.DUMP_A))
                self.assertEqual(other.read(b'snapshots/copy/.raw'), mount.read(b'.raw'))

    def test_who_stands_in_it_keeps_it(self):
        with Mount(am.DUMP_A) as mount:
            os.mkdir(mount(b'snapshots/x'))
            inside = os.open(mount(b'snapshots/x/by-file/mm'), os.O_RDONLY)
            file = os.open(mount(b'snapshots/x/allocinfo'), os.O_RDONLY)
            names = sorted(os.listdir(inside))
            os.rmdir(mount(b'snapshots/x'))
            self.assertEqual(errno_of(os.stat, mount(b'snapshots/x')), errno.ENOENT)
            self.assertEqual(errno_of(os.stat, mount(b'since/x')), errno.ENOENT)
            mount.write(slurp(am.DUMP_B))
            self.assertTrue(am.wait_until(lambda: mount.read(b'allocinfo') == slurp(am.DUMP_B)))
            os.mkdir(mount(b'snapshots/x'))
            self.assertEqual(mount.read(b'snapshots/x/.allocinfo'), slurp(am.DUMP_B))
            self.assertEqual(sorted(os.listdir(inside)), names)
            total = os.open(b'.total', os.O_RDONLY, dir_fd=inside)
            want = am.total_line(Listing.read(am.DUMP_A).paths()[(b'mm',)],
                                 b'/snapshots/x/by-file/mm')
            self.assertEqual(os.read(total, 1000), want)
            self.assertEqual(os.pread(file, 1 << 20, 0), slurp(am.DUMP_A)[:1 << 20])
            for fd in (inside, file, total):
                os.close(fd)

    def test_rename(self):
        with Mount(am.DUMP_A) as mount:
            for name in (b'a', b'b'):
                os.mkdir(mount(b'snapshots/' + name))
            self.assertEqual(errno_of(os.rename, mount(b'snapshots/a'), mount(b'snapshots/b')),
                             errno.EEXIST)
            os.rename(mount(b'snapshots/a'), mount(b'snapshots/c'))
            self.assertEqual(mount.list(b'snapshots'), [b'b', b'c'])
            self.assertEqual(mount.list(b'since'), [b'b', b'c'])
            self.assertEqual(mount.list(b'since/b..c/all'), [])
            self.assertEqual(mount.read(b'snapshots/c/.total').split()[-1], b'/snapshots/c')
            self.assertEqual(errno_of(os.stat, mount(b'snapshots/a')), errno.ENOENT)
            self.assertEqual(errno_of(os.rename, mount(b'snapshots/b'), mount(b'snapshots/.x')),
                             errno.EINVAL)
            self.assertEqual(errno_of(os.rename, mount(b'snapshots/b'), mount(b'b')), errno.EPERM)
            self.assertEqual(errno_of(os.rename, mount(b'all'), mount(b'snapshots/d')),
                             errno.EPERM)
            self.assertEqual(errno_of(os.rename, mount(b'snapshots/x'), mount(b'snapshots/y')),
                             errno.ENOENT)

    def test_names(self):
        with Mount(am.DUMP_A) as mount:
            for name, want in ((b'.x', errno.EINVAL), (b'a..b', errno.EINVAL), (b'..x', errno.EINVAL),
                               (b'a\nb', errno.EINVAL), (b'a\x7f', errno.EINVAL), (b'x', 0),
                               (b'x', errno.EEXIST), (b'two words', 0), (b'a.b', 0), (b'-f', 0),
                               ('größe'.encode(), 0), (b'n' * 255, 0)):
                self.assertEqual(errno_of(os.mkdir, mount(b'snapshots/' + name)), want, name)
            self.assertEqual(errno_of(os.mkdir, mount(b'snapshots/' + b'n' * 256)),
                             errno.ENAMETOOLONG)
            for name in mount.list(b'snapshots'):
                self.assertEqual(mount.read(b'since/' + name + b'/.allocinfo'), HEADER)
                os.rmdir(mount(b'snapshots/' + name))
            self.assertEqual(mount.list(b'snapshots'), [])
            self.assertEqual(errno_of(os.rmdir, mount(b'snapshots/x')), errno.ENOENT)

    def test_elsewhere(self):
        with Mount(am.DUMP_A) as mount:
            os.mkdir(mount(b'snapshots/x'))
            for where in (b'x', b'all/x', b'since/y', b'snapshots/x/y', b'by-file/mm/x'):
                self.assertEqual(errno_of(os.mkdir, mount(where)), errno.EPERM, where)
            for where in (b'all', b'since/x', b'snapshots', b'snapshots/x/all'):
                self.assertEqual(errno_of(os.rmdir, mount(where)), errno.EPERM, where)
            self.assertEqual(errno_of(os.open, mount(b'snapshots/f'), os.O_CREAT | os.O_RDWR),
                             errno.EROFS)
            for path in (b'since/x/allocinfo', b'since/x/status', b'snapshots/x/README',
                         b'snapshots/x/snapshots', b'sized/snapshots', b'since/x..', b'since/..x',
                         b'since/x..y', b'snapshots/.summary', b'since/.total'):
                self.assertEqual(errno_of(os.stat, mount(path)), errno.ENOENT, path)

    def test_at_most(self):
        with Mount(am.DUMP_A, 'max_snapshots=3') as mount:
            for name in (b'a', b'b', b'c'):
                os.mkdir(mount(b'snapshots/' + name))
            self.assertEqual(errno_of(os.mkdir, mount(b'snapshots/d')), errno.ENOSPC)
            os.rmdir(mount(b'snapshots/b'))
            os.mkdir(mount(b'snapshots/d'))
            time.sleep(0.2)
            self.assertIn(b'\nsnapshots: 3\n', mount.read(b'status'))

    def test_mode(self):
        with Mount(am.DUMP_A, 'umask=0027') as mount:
            self.assertEqual(stat.S_IMODE(os.stat(mount(b'snapshots')).st_mode), 0o750)
            os.mkdir(mount(b'snapshots/x'))
            self.assertEqual(stat.S_IMODE(os.stat(mount(b'snapshots/x')).st_mode), 0o550)

    def test_sees_what_came_before(self):
        """A snapshot is never older than the mkdir, whatever max_age is."""
        with Mount(HEADER + line(1, 1, b'a.c:1 func:f'), 'max_age=60000') as mount:
            mount.read(b'allocinfo')
            now = HEADER + line(2, 2, b'a.c:1 func:f')
            mount.write(now)
            os.mkdir(mount(b'snapshots/x'))
            self.assertEqual(mount.read(b'snapshots/x/allocinfo'), now)

    def test_options(self):
        with Mount(am.DUMP_A) as mount:
            for option, word in (('snapshot=x', b'NAME=FILE'), ('snapshot=.x=/dev/null', b'NAME=FILE'),
                                 (f'snapshot=x={mount.base}/none', b'No such file'),
                                 (f'snapshot=x={am.__file__}', b'listing of allocations'),
                                 ('max_snapshots=1x', b'max_snapshots'),
                                 (f'snapshot=x={am.DUMP_A},snapshot=x={am.DUMP_B}', b'of that name')):
                done = subprocess.run([am.ALLOCFS, am.DUMP_A, mount.base, '-o', option],
                                      stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 1, option)
                self.assertIn(word, done.stderr, option)
                self.assertFalse(am.is_mounted(mount.base))


@unittest.skipIf(am.is_sanitized(), 'a sanitizer needs memory of its own')
class Cost(unittest.TestCase):
    """What a snapshot takes."""

    def test_bytes_per_tag(self):
        tags, snapshots = 100_000, 20
        dump = HEADER + b''.join(line(n, n, b'd%d/f.c:%d func:f' % (n % 90, n))
                                 for n in range(tags))
        with Mount(dump, foreground=True, stack=False) as mount:
            os.mkdir(mount(b'snapshots/first'))
            before = am.memory(mount.process.pid)
            for n in range(snapshots):
                # A new sample each: else all would be one and the same.
                mount.write(dump)
                os.mkdir(mount(b'snapshots/%d' % n))
            grown = (am.memory(mount.process.pid) - before) * 1024 / snapshots / tags
        self.assertLessEqual(grown, 32)
        self.assertGreater(grown, 14)


@unittest.skipIf(am.is_sanitized(), 'a sanitizer needs memory of its own')
class CostOfDifferences(unittest.TestCase):
    def test_many_that_were_looked_at(self):
        """What was made for each of them does not stay, though names went away meanwhile."""
        tags, snapshots = 20_000, 60
        lines = [line(n, n, b'd%d/f.c:%d func:f%d' % (n % 90, n, n)) for n in range(tags)]
        with Mount(HEADER + b''.join(lines), foreground=True, stack=False) as mount:
            for n in range(snapshots):
                lines[0] = line(n, n, b'd0/f.c:0 func:f0')
                mount.write(HEADER + b''.join(lines))
                os.mkdir(mount(b'snapshots/%d' % n))
            before = am.memory(mount.process.pid)
            mount.write(HEADER + b''.join(lines[:-1]))
            time.sleep(0.2)
            for name in mount.list(b'since'):
                self.assertIn(b'tags:', mount.read(b'since/' + name + b'/.total'))
            grown = (am.memory(mount.process.pid) - before) * 1024
            # A few differences with catalogs of their own, not one for each snapshot.
            self.assertLess(grown / tags, 8 * 250)
            self.assertLess(grown / tags, snapshots * 100)


class Watched(unittest.TestCase):
    """A loop that reads a summary all the time, while the counters change."""

    @unittest.skipIf(am.is_sanitized(), 'a sanitizer keeps what is freed')
    def test_watch(self):
        seconds = float(os.environ.get('ALLOCFS_TEST_WATCH', '6'))
        texts = [slurp(am.DUMP_A), re.sub(rb'^ {8}', b'1' * 4 + b'0' * 4, slurp(am.DUMP_A),
                                          flags=re.M)]
        with Mount(texts[0], foreground=True) as mount:
            os.mkdir(mount(b'snapshots/then'))
            start, sizes, rounds = time.monotonic(), [], 0
            while time.monotonic() < start + seconds:
                mount.write(texts[rounds % 2])
                mount.read(b'since/then/.summary')
                rounds += 1
                if time.monotonic() > start + seconds / 4:
                    sizes.append(self.cost(mount.process.pid))
                time.sleep(0.1)
            self.assertGreater(rounds, seconds * 4)
            half = len(sizes) // 2
            settled, later = max(sizes[:half]), max(sizes[half:])
            self.assertLessEqual(later[0], settled[0] * 1.1 + 512, sizes)
            self.assertEqual({files for _, files in sizes}, {sizes[0][1]}, sizes)

    def cost(self, pid):
        return am.memory(pid), len(os.listdir(f'/proc/{pid}/fd'))


if __name__ == '__main__':
    am.main()
