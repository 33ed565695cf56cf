#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A source that changes under its readers: each sees one moment, names stay, trouble passes."""
import errno
import os
import random
import time
import unittest

from allocfs_mount import (DUMP_A, DUMP_B, HEADER, STACK, Listing, Mount, Worker, errno_of,
                           main, slurp, total_line, wait_until)

READERS = 8
# A dump is waited for by who reads it, unless told never to: so is the one in the stack.
IN_PLACE = unittest.skipIf(STACK, 'a half-written dump is true to a mount with max_age=0')
MAX_AGE = 0.1  # seconds; the default
SETTLED = 0.2  # for so long a dump that is written in place counts as being written
SLACK = 0.1  # for a busy machine
LISTING = Listing.read(DUMP_A)
SITES = [b'%s' % tag.text[tag.text.index(tag.file):] for tag in LISTING.tags]


def generation(number):
    """A listing in which each counter is the number of the generation."""
    return HEADER + b''.join(b'%12d %8d %s' % (number, number, site) for site in SITES)


def generation_of(text, count):
    """The number of the generation that a text of count lines shows, or what is wrong with it."""
    lines = [line for line in text.split(b'\n') if line and not line.startswith((b'a', b'#'))]
    numbers = {tuple(line.split(None, 2)[:2]) for line in lines}
    if len(lines) != count or len(numbers) != 1:
        raise AssertionError(f'{len(lines)} lines of {count}, generations {sorted(numbers)[:5]}')
    size, calls = map(int, numbers.pop())
    if size != calls:
        raise AssertionError(f'bytes of {size}, calls of {calls}')
    return size


def read_slowly(path):
    """In small pieces, so that the source has time to change meanwhile."""
    with open(path, 'rb', buffering=0) as file:
        pieces = iter(lambda: file.read(3000), b'')
        return b''.join(pieces)


def reader(seed, base, seconds):
    """Lists, opens, reads; returns the generations seen, in order, by kind of look, or raises."""
    rand, end, kinds = random.Random(seed), time.monotonic() + seconds, [[] for _ in range(6)]
    names = [tag.flat for tag in LISTING.tags]
    mm = [tag for tag in LISTING.tags if tag.path[0] == b'mm']
    while time.monotonic() < end:
        what = rand.randrange(6)
        seen = kinds[what]
        if what == 0:
            if os.listdir(base + b'/all') != names:
                raise AssertionError('another list of names')
        elif what == 1:
            seen.append(generation_of(read_slowly(base + b'/allocinfo'), len(names)))
        elif what == 2:
            seen.append(generation_of(read_slowly(base + b'/by-file/mm/.allocinfo'), len(mm)))
        elif what == 3:
            for name in rand.sample(names, 30):
                seen.append(generation_of(slurp(base + b'/all/' + name), 1))
        elif what == 4:
            listed = os.listdir(base + b'/top/100')
            for name in rand.sample(listed, 10):
                seen.append(generation_of(slurp(base + b'/top/100/' + name), 1))
        else:
            size, calls, _, _ = slurp(base + b'/.total').split(None, 3)
            if size != calls or int(size) % len(names):
                raise AssertionError(f'a sum over two generations: {size} {calls}')
            seen.append(int(size) // len(names))
        if os.stat(base + b'/all/' + rand.choice(names)).st_mode == 0:
            raise AssertionError('no mode')
    return kinds


class Generations(unittest.TestCase):
    """Only counters change, while many read."""

    def check(self, options, seconds, pause, write):
        with Mount(generation(1), options) as mount:
            readers = [Worker(reader, seed, mount(), seconds) for seed in range(READERS)]
            number, end = 1, time.monotonic() + seconds
            while time.monotonic() < end:
                number += 1
                write(mount, generation(number))
                time.sleep(pause)
            results = [each.wait() for each in readers]
        self.assertEqual({error for _, error in results}, {None})
        for kinds, _ in results:
            everything = sum(kinds, [])
            self.assertGreater(max(everything), 1, 'nothing new was seen')
            self.assertLessEqual(max(everything), number)
            for seen in kinds:  # What was seen does not go back.
                self.assertTrue(seen == sorted(seen), seen)

    def test_by_rename(self):
        self.check('', 2.5, 0.004, Mount.write)

    def test_by_rename_always_fresh(self):
        self.check('max_age=0', 2, 0.03, Mount.write)

    def in_place(self, mount, data):
        """What a shell does with '>'."""
        with open(mount.dump, 'wb') as file:
            file.write(data)

    def over(self, mount, data):
        """What dd conv=notrunc does."""
        with open(mount.dump, 'r+b') as file:
            file.write(data)

    @IN_PLACE
    def test_in_place(self):
        self.check('', 2.5, 0.25, self.in_place)

    def in_place_late(self, mount, data):
        """By one who is kept from running in between."""
        with open(mount.dump, 'wb', buffering=0) as file:
            time.sleep(0.3)
            file.write(data)

    @IN_PLACE
    def test_in_place_late(self):
        self.check('', 2.5, 0.25, self.in_place_late)

    @IN_PLACE
    def test_over_the_old(self):
        self.check('', 2.5, 0.25, self.over)

    def in_pieces(self, mount, data):
        """As cat /proc/allocinfo > FILE writes it: 4 KB at a time, some milliseconds in all."""
        with open(mount.dump, 'wb', buffering=0) as file:
            for at in range(0, len(data), 4096):
                file.write(data[at:at + 4096])
                if at % (4096 * 8) == 0:
                    time.sleep(0.002)

    @IN_PLACE
    def test_in_pieces(self):
        self.check('', 2.5, 0.3, self.in_pieces)

    @IN_PLACE
    def test_in_place_again_and_again(self):
        """Whoever looks only while it is being written, with long pauses, sees whole listings."""
        with Mount(generation(1)) as mount:
            mount.read(b'.total')
            for number in range(2, 5):
                data = generation(number)
                with open(mount.dump, 'wb', buffering=0) as file:
                    file.write(data[:len(data) // 2])
                    rest = Worker(lambda: time.sleep(0.1) or file.write(data[len(data) // 2:]))
                    size = int(mount.read(b'.total').split()[0])
                    self.assertEqual(rest.wait()[1], None)
                self.assertEqual((size % len(SITES), size // len(SITES) in (number, number - 1,
                                                                           number - 2)), (0, True))
                time.sleep(1.3)

    def test_of_another_century(self):
        with Mount(generation(1)) as mount:
            for year in (-(1 << 30), 15020000000):
                os.utime(mount.dump, (year, year))
                time.sleep(MAX_AGE + SLACK)
                self.assertEqual(int(mount.read(b'.total').split()[0]), len(SITES))

    def test_new_counters_in_time(self):
        for options, late, write in (('', MAX_AGE + SLACK, Mount.write),
                                     ('', MAX_AGE + SETTLED + SLACK, self.in_place),
                                     ('max_age=0', 0, Mount.write),
                                     ('max_age=0', 0, self.in_place),
                                     ('max_age=400', 0.4 + SLACK, Mount.write)):
            with self.subTest(options=options, write=write.__name__), \
                    Mount(generation(1), options) as mount:
                name = mount(b'all/' + LISTING.tags[7].flat)
                for number in range(2, 5):
                    slurp(name)
                    write(mount, generation(number))
                    time.sleep(late)
                    self.assertEqual(generation_of(slurp(name), 1), number)
                    self.assertEqual(generation_of(mount.read(b'allocinfo'), len(SITES)), number)
                    self.assertEqual(int(mount.read(b'.total').split()[0]), number * len(SITES))

    def test_reports_are_as_young_as_tags(self):
        """Neither a kept rendering of an old sample nor a kept sample makes it older."""
        with Mount(generation(1), 'max_age=400') as mount:
            for number in range(2, 4):
                mount.read(b'all/' + LISTING.tags[7].flat)
                mount.write(generation(number))
                time.sleep(0.3)
                mount.read(b'.total')
                time.sleep(0.1 + SLACK)
                self.assertEqual(int(mount.read(b'.total').split()[0]), number * len(SITES))
                time.sleep(0.4)

    def test_attributes_follow(self):
        with Mount(generation(1), 'max_age=0') as mount:
            name = mount(b'all/' + LISTING.tags[7].flat)
            for size in (5000, 1, 10 ** 15, 0):
                mount.write(generation(size))
                entry = os.stat(name)
                self.assertEqual(entry.st_blocks, -(-size // 512))
                self.assertEqual(entry.st_size, len(slurp(name)))
                self.assertEqual(entry.st_mtime_ns, os.stat(mount.dump).st_mtime_ns)
                self.assertEqual(len(mount.list(b'live')), len(SITES) if size else 0)

    def test_content_that_grew(self):
        """A wider counter than stat told of: a read still gives the whole line."""
        with Mount(generation(1)) as mount:
            names = [mount(b'all/' + tag.flat) for tag in LISTING.tags[:20]]
            for name in names:
                os.stat(name)
            mount.write(generation(10 ** 17))
            time.sleep(MAX_AGE + SLACK)
            for name in names:
                self.assertEqual(generation_of(slurp(name), 1), 10 ** 17)


class Snapshots(unittest.TestCase):
    """What is open stays as it was."""

    def setUp(self):
        self.mount = Mount(generation(1), 'max_age=0')
        self.addCleanup(self.mount.close)

    def test_open_file(self):
        files = [b'all/' + LISTING.tags[9].flat, b'allocinfo', b'.allocinfo', b'.raw', b'.summary',
                 b'raw/all/' + LISTING.tags[9].flat, b'by-module/.totals', b'at/3', b'status']
        opened = [open(self.mount(name), 'rb', buffering=0) for name in files]
        before = [file.read() for file in opened]
        self.mount.write(generation(123456789))
        slurp(self.mount(b'allocinfo'))
        for name, file, data in zip(files, opened, before):
            with file:
                self.assertEqual(os.pread(file.fileno(), len(data) + 10, 0), data, name)
                self.assertEqual(os.pread(file.fileno(), 10, 5), data[5:15], name)
                self.assertEqual(file.read(), b'', name)
                file.seek(0)
                self.assertEqual(b''.join(iter(lambda f=file: f.read(777), b'')), data, name)
            self.assertNotEqual(slurp(self.mount(name)), data, name)

    def test_end_of_an_open_file(self):
        """Seeking to the end finds that of what can be read, however long a new one would be."""
        for name in (b'.allocinfo', b'live/.summary', b'allocinfo', b'.json', b'sized/.totals'):
            self.mount.write(generation(1))
            with open(self.mount(name), 'rb', buffering=0) as file:
                self.mount.write(HEADER + LISTING.tags[0].text)
                os.stat(self.mount(name))
                self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_END),
                                 len(os.pread(file.fileno(), 1 << 20, 0)), name)

    def test_open_directory(self):
        lists = (b'all', b'by-file/fs', b'by-module', b'by-function', b'top/100', b'live')
        opened = [os.open(self.mount(name), os.O_RDONLY) for name in lists]
        before = [os.listdir(fd) for fd in opened]
        scan = os.scandir(self.mount(b'all'))
        first = next(scan).name
        self.mount.write(slurp(DUMP_B))
        time.sleep(MAX_AGE + SLACK)
        for name, fd, names in zip(lists, opened, before):
            self.assertNotEqual(self.mount.list(name), list(map(os.fsencode, names)), name)
            self.assertEqual(os.listdir(fd), names, name)
            os.close(fd)
        self.assertEqual([first] + [entry.name for entry in scan],
                         [tag.flat for tag in LISTING.tags])


    def test_old_listing_is_no_news(self):
        """What the kernel keeps of a file is not replaced by what an older listing says of it."""
        with Mount(generation(1)) as mount:
            name = LISTING.tags[9].flat
            listing = os.open(mount(b'all'), os.O_RDONLY)
            mount.write(generation(512000))
            time.sleep(MAX_AGE + SLACK)
            self.assertEqual(generation_of(mount.read(b'all/' + name), 1), 512000)
            self.assertEqual(len(os.listdir(listing)), len(SITES))
            os.close(listing)
            self.assertEqual(os.stat(mount(b'all/' + name)).st_blocks, 1000)

    def test_numbers_of_an_old_listing(self):
        """A directory that is listed from before, while a file in it is looked at as it is now."""
        modules = [b'mod%04d' % i for i in range(500)] + [b'zz']
        many, one = (HEADER + b''.join(b'%12d %8d a/%s.c:1 [%s] func:f \n' % (4096, 1, name, name)
                                       for name in names) for names in (modules, modules[-1:]))
        with Mount(many) as mount:
            report = mount(b'by-module/zz/.total')
            listing = os.open(mount(b'by-module'), os.O_RDONLY)
            mount.write(one)
            time.sleep(MAX_AGE + SLACK)
            with open(report, 'rb') as file:
                for other in (b'all', b'live', b'by-file', b'top/10', b'top/20', b'by-function',
                              b'min-size/4K', b'min-calls/1', b'top/50'):
                    os.stat(mount(other + b'/.total'))
                self.assertEqual(len(os.listdir(listing)), len(modules))
                time.sleep(MAX_AGE + SLACK)
                self.assertEqual(os.fstat(file.fileno()).st_size, len(slurp(report)))
                self.assertEqual(slurp(report).split()[:3], [b'4096', b'1', b'tags:1'])
            os.close(listing)


class Catalogs(unittest.TestCase):
    """Tags come, go and move."""

    def check_tree(self, mount, data):
        listing = Listing(data)
        self.assertEqual(mount.list(b'all'), [tag.flat for tag in listing.tags])
        for tag in listing.tags[::7]:
            self.assertEqual(mount.read(b'all/' + tag.flat), tag.text)
            place = b'/'.join((b'by-file',) + tag.path + (tag.in_file,))
            self.assertEqual(mount.read(place), tag.text)
        self.assertEqual(mount.read(b'.total'), total_line(listing.tags, b'/'))
        self.assertEqual(mount.list(b'by-module'),
                         sorted({tag.module_name for tag in listing.tags}))

    def test_other_listings(self):
        lines = LISTING.data[len(HEADER):].splitlines(True)
        moved = [line.replace(b'.c:', b'.c:1') if i % 3 == 0 else line
                 for i, line in enumerate(lines)]
        for options in ('', 'max_age=0'):
            with Mount(DUMP_A, options) as mount:
                for what in (lines[:100], lines[100:], moved, lines + lines, lines[::-1], lines[:1],
                             lines):
                    data = HEADER + b''.join(what)
                    mount.list(b'all')
                    mount.write(data)
                    time.sleep(0 if options else MAX_AGE + SLACK)
                    self.check_tree(mount, data)
                mount.write(slurp(DUMP_B))
                time.sleep(0 if options else MAX_AGE + SLACK)
                self.check_tree(mount, slurp(DUMP_B))

    def test_gone_names(self):
        tag = LISTING.tags[50]
        with Mount(DUMP_A) as mount:
            paths = [mount(b'all/' + tag.flat), mount(b'by-function/' + tag.function_name),
                     mount(b'raw/top/9/1,' + tag.flat)]
            held = os.open(mount(b'by-function/' + tag.function_name), os.O_PATH)
            for path in paths:
                os.stat(path)
            mount.write(b''.join(other.text for other in LISTING.tags
                                 if other.function != tag.function))
            for path in paths:
                self.assertTrue(wait_until(lambda p=path: errno_of(os.stat, p) == errno.ENOENT, 2))
            self.assertIn(errno_of(os.stat, b'x', dir_fd=held), (errno.ENOENT, errno.ESTALE))
            mount.write(LISTING.data)
            for path in paths:
                self.assertTrue(wait_until(lambda p=path: errno_of(os.stat, p) == 0, 2))
            os.close(held)

    def test_many_readers_while_names_change(self):
        """Requests meet the names of before and after at once, and none mixes them up."""
        rest = (b'           3        1 z/b.c:2 [bb] func:fb \n'
                b'           5        1 z/c.c:3 func:fc \n')
        many = b''.join(b'%12d %8d d%d/m%d.c:5 [aa%03d] func:g%d \n' % (7, 1, i, i, i, i)
                        for i in range(400))
        paths = {b'by-module/bb/z,b.c,2,fb,bb': b'func:fb', b'by-file/z/b.c/2,fb,bb': b'func:fb',
                 b'by-function/fc/z,c.c,3,fc': b'func:fc', b'by-file/z/c.c/.allocinfo': b'func:fc',
                 b'by-module/bb/by-function/fb/by-file/z/b.c/2,fb,bb': b'func:fb'}

        def read_often(mount, seed, seconds):
            rand, end, reads = random.Random(seed), time.monotonic() + seconds, 0
            while time.monotonic() < end:
                path = rand.choice(list(paths))
                try:
                    text = mount.read(path)
                except OSError as error:
                    if error.errno == errno.EAGAIN:  # New names at each of ten tries
                        continue
                    raise
                if paths[path] not in text or text.count(b'func:') != 1:
                    raise AssertionError((path, text))
                reads += 1
            return reads

        with Mount(HEADER + rest, 'max_age=0') as mount:
            readers = [Worker(read_often, mount, seed, 3) for seed in range(4)]
            rand, end, turn = random.Random(1), time.monotonic() + 3, 0
            while time.monotonic() < end:
                turn += 1
                mount.write(HEADER + (many if turn % 2 else b'') + rest)
                time.sleep(rand.random() * 0.004)
            results = [each.wait() for each in readers]
        self.assertEqual({error for _, error in results}, {None})
        self.assertGreater(min(reads for reads, _ in results), 20)

    def test_readers_while_names_change(self):
        """Names that both listings have are there all the time."""
        other = Listing.read(DUMP_B)
        both = sorted(set(LISTING.by_flat) & set(other.by_flat))
        self.assertGreater(len(both), 500)
        with Mount(DUMP_A) as mount:
            end, turn = time.monotonic() + 2, 0
            while time.monotonic() < end:
                turn += 1
                mount.write(other.data if turn % 2 else LISTING.data)
                for name in both[turn % 50::50]:
                    text = mount.read(b'all/' + name)
                    self.assertIn(text, (LISTING.by_flat[name].text, other.by_flat[name].text))
                self.assertIn(len(mount.list(b'all')), (len(LISTING.tags), len(other.tags)))


class Trouble(unittest.TestCase):
    """The source fails: EIO for what needs it, status says why; it comes back by itself."""

    def setUp(self):
        self.mount = Mount(DUMP_A)
        self.addCleanup(self.mount.close)
        self.tag = LISTING.tags[50]

    def check_trouble(self, word):
        """word: of the reason; a mount in between says EIO, whatever the reason is."""
        name = self.mount(b'all/' + self.tag.flat)
        self.assertTrue(wait_until(lambda: errno_of(slurp, name) == errno.EIO, 2))
        for path in (b'all', b'live', b'by-file/mm', b'top/10'):
            self.assertEqual(errno_of(self.mount.list, path), errno.EIO, path)
        for path in (b'allocinfo', b'.summary', b'by-module/.totals', b'at/0'):
            self.assertEqual(errno_of(self.mount.read, path), errno.EIO, path)
        self.assertIn(b'README', self.mount.list())
        self.assertTrue(self.mount.read(b'README'))
        error = self.mount.status('last-error')
        self.assertIn('Input/output error' if STACK else word, error)
        self.assertIn(self.mount.source, error)

    def check_back(self):
        self.mount.write(LISTING.data)
        name = self.mount(b'all/' + self.tag.flat)
        self.assertTrue(wait_until(lambda: errno_of(slurp, name) == 0, MAX_AGE + SLACK))
        self.assertEqual(slurp(name), self.tag.text)
        time.sleep(MAX_AGE + SLACK)
        self.assertEqual(self.mount.read(b'allocinfo'), LISTING.data)
        self.assertEqual(self.mount.list(b'all'), [tag.flat for tag in LISTING.tags])

    def test_removed(self):
        for _ in range(2):
            os.unlink(self.mount.dump)
            self.check_trouble('No such file')
            self.check_back()

    def test_directory_instead(self):
        os.unlink(self.mount.dump)
        os.mkdir(self.mount.dump)
        self.check_trouble('')
        os.rmdir(self.mount.dump)
        self.check_back()

    def test_fifo_instead(self):
        os.unlink(self.mount.dump)
        os.mkfifo(self.mount.dump)
        self.check_trouble('')
        os.unlink(self.mount.dump)
        self.check_back()

    def test_garbage(self):
        for data in (b'Dear reader,\nthis is no listing.\n' * 50, b'\0' * 100000, b'x' * 1000000,
                     random.Random(5).randbytes(300000)):
            self.mount.write(data)
            self.check_trouble('listing')
            self.check_back()

    def test_open_file_outlives_the_source(self):
        with open(self.mount(b'allocinfo'), 'rb') as file:
            os.unlink(self.mount.dump)
            self.check_trouble('No such file')
            self.assertEqual(file.read(), LISTING.data)
        self.check_back()

    def test_header_alone_and_empty(self):
        self.mount.write(HEADER)
        self.assertTrue(wait_until(lambda: self.mount.list(b'all') == [], 2))
        self.assertEqual(self.mount.read(b'.total'), total_line([], b'/'))
        self.assertEqual(self.mount.read(b'allocinfo'), HEADER)
        self.assertEqual(self.mount.status('tags'), '0')
        self.check_back()
        self.mount.write(b'')
        time.sleep(MAX_AGE + SLACK)
        self.assertIn(errno_of(self.mount.list, b'all'), (0, errno.EIO))
        self.assertTrue(self.mount.read(b'status'))
        self.check_back()
        for data in (HEADER, HEADER[:25]):
            with Mount(data) as mount:
                self.assertEqual(mount.list(b'all'), [])
                self.assertTrue(mount.read(b'.summary'))

    def test_truncated(self):
        """Cut within the numbers of a line: what is whole is there, the rest is counted."""
        end = LISTING.data.index(LISTING.tags[2000].text)
        self.mount.write(LISTING.data[:end + 10])
        self.assertTrue(wait_until(lambda: len(self.mount.list(b'all')) == 2000, 2))
        self.assertEqual(self.mount.read(b'allocinfo'), LISTING.data[:end])
        self.assertEqual(self.mount.status('skipped-lines'), '0' if STACK else '1')
        self.check_back()

    def test_unknown_lines(self):
        lines = LISTING.data.splitlines(True)
        lines[500:500] = [b'something new: 1 2 3\n', b'\n', b'  12 mm/x.c:1 func:f \n']
        tail = lines[600][:-2] + b' colour:red \n'
        lines[600] = tail
        self.mount.write(b''.join(lines))
        wanted = [tag.flat for tag in Listing(b''.join(lines)).tags]
        self.assertTrue(wait_until(lambda: tail in self.mount.read(b'allocinfo'), 2))
        self.assertEqual(self.mount.status('skipped-lines'), '0' if STACK else '3')
        self.assertEqual(self.mount.list(b'all'), wanted)


if __name__ == '__main__':
    main()
