#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tools that people use: whatever copies a file gets all of it; reports and sums are right."""
import errno
import filecmp
import mmap
import os
import re
import shutil
import tempfile

from allocfs_mount import (ALLOCFS, DUMP_B, HEADER, INTERFACE, Listing, Mount, MountCase, main, run,
                           slurp, total_line)

REPORTS = [b'.summary', b'.total', b'.totals', b'.allocinfo', b'.raw', b'.json', b'.csv',
           b'.folded', b'.prom']
SETS = {  # A path and its test
    b'': lambda tag: True,
    b'all': lambda tag: True,
    b'live': lambda tag: tag.live,
    b'by-file/mm': lambda tag: tag.path[0] == b'mm',
    b'by-file/mm/slub.c': lambda tag: tag.path == (b'mm', b'slub.c'),
    b'by-module/vmlinux': lambda tag: tag.module is None,
    b'min-size/1M': lambda tag: tag.bytes >= 1 << 20,
    b'live/by-module/vmlinux/by-file/drivers': lambda tag: tag.live and tag.module is None
                                               and tag.path[0] == b'drivers',
    b'inaccurate': lambda tag: not tag.accurate,
    b'by-module': lambda tag: True,
}


class Tools(MountCase):
    """Copies of tags and of reports are whole, with whatever tool they are made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = tempfile.mkdtemp(prefix='allocfs-test-')
        cls.addClassCleanup(shutil.rmtree, cls.out)
        tags = cls.listing.tags[::400]
        cls.wanted = {b'all/' + tag.flat: tag.text for tag in tags}
        cls.wanted.update({b'raw/all/' + tag.flat: tag.record for tag in tags})
        cls.wanted[b'allocinfo'] = cls.listing.data
        cls.wanted[b'.allocinfo'] = cls.listing.data
        cls.wanted[b'.raw'] = b''.join(tag.record for tag in cls.listing.tags)
        cls.wanted[b'all/.total'] = total_line(cls.listing.tags, b'/all')
        cls.wanted[b'raw/allocinfo'] = cls.listing.data
        for name in (b'README', b'.summary', b'by-file/mm/.summary', b'by-file/.totals'):
            cls.wanted[name] = cls.mount.read(name)

    def check_reader(self, read, what):
        """read(path) gives the whole content of each file."""
        for name, data in self.wanted.items():
            got = read(self.mount(name))
            self.assertEqual(len(got), len(data), f'{what}: {name}')
            self.assertEqual(got, data, f'{what}: {name}')

    def check_copier(self, copy):
        """copy(from, to) makes a whole copy."""
        target = os.path.join(os.fsencode(self.out), b'copy')

        def copy_and_read(path):
            copy(path, target)
            data = slurp(target)
            os.unlink(target)
            return data
        self.check_reader(copy_and_read, 'copy')

    def command(self, *words):
        """Reads with a command to which the path is appended."""
        if not shutil.which(words[0]):
            self.skipTest(f'{words[0]} is not installed')
        self.check_reader(lambda path: run(*words, path), words)

    def test_cat(self):
        self.command('cat')

    def test_busybox_cat(self):
        self.command('busybox', 'cat')

    def test_head_and_tail(self):
        self.command('head', '-c', '100000000')
        self.command('tail', '-c', '+1')
        for name, data in self.wanted.items():
            self.assertEqual(run('head', '-c', '7', self.mount(name)), data[:7])
            self.assertEqual(run('tail', '-c', '7', self.mount(name)), data[-7:])

    def test_dd(self):
        for size in ('1', '13', '511', '4097', '1M'):
            if size == '1':
                names = [name for name, data in self.wanted.items() if len(data) < 1000]
            else:
                names = list(self.wanted)
            for name in names:
                got = run('dd', 'status=none', f'bs={size}', b'if=' + self.mount(name))
                self.assertEqual(got, self.wanted[name], (size, name))
        skipped = run('dd', 'status=none', 'bs=7', 'skip=1000', b'if=' + self.mount(b'allocinfo'))
        self.assertEqual(skipped, self.listing.data[7000:])

    def test_dd_direct(self):
        got = run('dd', 'status=none', 'bs=4096', 'iflag=direct', b'if=' + self.mount(b'allocinfo'))
        self.assertEqual(got, self.listing.data)

    def test_cp(self):
        self.check_copier(lambda path, to: run('cp', path, to))
        self.check_copier(lambda path, to: run('cp', '-a', path, to))
        self.check_copier(lambda path, to: run('cp', '--sparse=always', path, to))

    def test_python_copies(self):
        self.check_copier(shutil.copy)
        self.check_copier(shutil.copy2)
        self.check_copier(shutil.copyfile)

    def test_sendfile(self):
        def sendfile(path, to):
            with open(path, 'rb') as source, open(to, 'wb') as target:
                while os.sendfile(target.fileno(), source.fileno(), None, 1 << 20):
                    pass
        self.check_copier(sendfile)

    def test_splice(self):
        def splice(path):
            data, (end, start) = b'', os.pipe()
            with open(path, 'rb') as source:
                while True:
                    count = os.splice(source.fileno(), start, 1 << 15)
                    if count == 0:
                        break
                    data += os.read(end, count)
            os.close(start)
            os.close(end)
            return data
        self.check_reader(splice, 'splice')

    def test_mmap(self):
        """Works or is refused; it never shows something else."""
        for name, data in self.wanted.items():
            with open(self.mount(name), 'rb') as file:
                for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                    try:
                        with mmap.mmap(file.fileno(), 0, flags, mmap.PROT_READ) as mapped:
                            self.assertEqual(mapped[:], data, name)
                    except OSError as error:
                        self.assertIn(error.errno, (errno.ENODEV, errno.EINVAL), name)

    def test_small_reads_and_seeks(self):
        for name, data in self.wanted.items():
            with open(self.mount(name), 'rb', buffering=0) as file:
                self.assertEqual([os.pread(file.fileno(), 5, at) for at in range(0, 60, 5)],
                                 [data[at:at + 5] for at in range(0, 60, 5)])
                self.assertEqual(file.seek(0, os.SEEK_END), len(data))
                self.assertEqual(file.read(), b'')
                file.seek(3)
                self.assertEqual(file.read(), data[3:])

    def test_words_about_files(self):
        for name, data in self.wanted.items():
            path = self.mount(name)
            self.assertEqual(int(run('wc', '-c', path).split()[0]), len(data))
            self.assertEqual(int(run('stat', '-c', '%s', path)), len(data))
            self.assertEqual(int(run('ls', '--color=never', '-l', path).split()[4]), len(data))
        self.assertIn(b'regular file', run('stat', self.mount(b'README')))
        self.assertIn(b'fuse.allocfs', run('df', '-aT', self.mount()))

    def test_repeated_cat(self):
        for name in (b'.summary', b'README', b'by-module/.totals'):
            self.assertEqual({run('cat', self.mount(name)) for _ in range(20)},
                             {self.wanted.get(name) or self.mount.read(name)})

    def check_tree_copy(self, target, where):
        for directory, _, names in os.walk(self.mount(where)):
            copied = os.path.join(target, os.path.relpath(directory, self.mount()))
            names = set(names) - {b'status'}  # counts queries
            _, wrong, errors = filecmp.cmpfiles(directory, copied, names, shallow=False)
            self.assertEqual((wrong, errors), ([], []), directory)

    def tree_copy(self, where, *command):
        """The mount is the working directory, {} the target."""
        target = tempfile.mkdtemp(dir=os.fsencode(self.out))
        run('sh', '-c', *command, target, cwd=self.mount())
        self.check_tree_copy(target, where)

    def test_tar(self):
        self.tree_copy(b'', 'tar -cf "$0/x.tar" . && tar -C "$0" -xf "$0/x.tar"')

    def test_cp_of_trees(self):
        self.tree_copy(b'by-file', 'cp -a by-file "$0"')
        self.tree_copy(b'raw/by-module', 'mkdir "$0/raw" && cp -r raw/by-module "$0/raw"')

    def test_rsync(self):
        if not shutil.which('rsync'):
            self.skipTest('rsync is not installed')
        self.tree_copy(b'by-file', 'rsync -a by-file "$0"')
        self.tree_copy(b'all', 'rsync -a --checksum all "$0" && rsync -a all "$0"')

    def test_cpio(self):
        if not shutil.which('cpio'):
            self.skipTest('cpio is not installed')
        self.tree_copy(b'top', 'find top | cpio --quiet -pdm "$0"')


class Reports(MountCase):
    def select(self, path):
        return [tag for tag in self.listing.tags if SETS[path](tag)]

    def test_total(self):
        for path in SETS:
            for typed in (path, b'sized/' + path, b'raw/' + path):
                typed = typed.rstrip(b'/')
                self.assertEqual(self.mount.read(os.path.join(typed, b'.total')),
                                 total_line(self.select(path), b'/' + typed))

    def check_totals(self, path, children):
        """children: {name: tags}; largest first."""
        got = self.mount.read(os.path.join(path, b'.totals')).splitlines(True)
        lead = b'/' + path + (b'/' if path else b'')
        self.assertEqual(sorted(got),
                         sorted(total_line(tags, lead + name) for name, tags in children.items()))
        sizes = [int(line.split()[0]) for line in got]
        self.assertEqual(sizes, sorted(sizes, reverse=True), path)

    def test_totals(self):
        paths = self.listing.paths()
        for path, tags in paths.items():
            children = {deeper[-1]: rows for deeper, rows in paths.items()
                        if deeper and deeper[:-1] == path}
            self.check_totals(b'/'.join((b'by-file',) + path), children)
            where = b'/'.join((b'by-file',) + path)
            self.assertEqual(self.mount.read(where + b'/.total'), total_line(tags, b'/' + where))
        for view, key in ((b'by-module', lambda tag: tag.module_name),
                          (b'by-function', lambda tag: tag.function_name)):
            groups = self.listing.groups(key)
            self.check_totals(view, groups)
            for name, tags in list(groups.items())[::5]:
                where = view + b'/' + name
                self.assertEqual(self.mount.read(where + b'/.total'),
                                 total_line(tags, b'/' + where))
        groups = {}
        for tag in self.select(b'live'):
            groups.setdefault(tag.module_name, []).append(tag)
        self.check_totals(b'live/by-module', groups)
        self.assertEqual(self.mount.read(b'all/.totals'), b'')

    def test_allocinfo_and_raw(self):
        for path in SETS:
            tags = self.select(path)
            self.assertEqual(self.mount.read(os.path.join(path, b'.allocinfo')),
                             HEADER + b''.join(tag.text for tag in tags), path)
            self.assertEqual(self.mount.read(os.path.join(path, b'.raw')),
                             b''.join(tag.record for tag in tags), path)
        top = sorted(self.listing.tags, key=lambda tag: -tag.bytes)[:50]
        self.assertEqual(self.mount.read(b'top/50/.allocinfo'),
                         HEADER + b''.join(tag.text for tag in top))
        self.assertEqual(self.mount.read(b'allocinfo'), self.listing.data)

    def test_a_set_can_be_mounted_again(self):
        for path in (b'by-module/vmlinux', b'live', b'top/100', b''):
            data = self.mount.read(os.path.join(path, b'.allocinfo'))
            with Mount(data) as again:
                listing = Listing(data)
                self.assertEqual(again.list(b'all'), [tag.flat for tag in listing.tags])
                self.assertEqual(again.read(b'allocinfo'), data)
                for tag in listing.tags[::20]:
                    self.assertEqual(again.read(b'all/' + tag.flat), tag.text)

    def test_a_mount_of_the_mount(self):
        again = os.path.join(self.mount.base, 'again')
        os.mkdir(again)
        run(ALLOCFS, self.mount(b'by-module/vmlinux/.allocinfo'), again)
        try:
            self.assertEqual(os.listdir(os.path.join(os.fsencode(again), b'all')),
                             self.mount.list(b'by-module/vmlinux'))
        finally:
            run('fusermount3', '-u', again)

    def test_summary(self):
        top = max(self.listing.tags, key=lambda tag: tag.bytes)
        for path in SETS:
            text = self.mount.read(os.path.join(path, b'.summary'))
            self.assertLessEqual(max(map(len, text.splitlines())), 80, (path, text.decode()))
            self.assertLessEqual(text.count(b'\n'), 40, path)
        text = self.mount.read(b'.summary').decode()
        row = next(line for line in text.splitlines() if str(top.line) in line)
        total = sum(tag.bytes for tag in self.listing.tags)
        self.assertIn(f'{100 * top.bytes / total:.1f}%', row)
        self.assertIn(f' {top.calls} ', row)
        self.assertIn(top.function.decode(), row)
        size, unit = re.match(r' *([\d.]+) (\w+)', row).groups()
        unit = {'KiB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30}[unit]
        self.assertAlmostEqual(float(size), top.bytes / unit, delta=0.051)
        slab = sum(tag.bytes for tag in self.listing.tags
                   if tag.path == (b'mm', b'slub.c') and tag.function == b'alloc_slab_page')
        self.assertGreater(slab, 0)
        self.assertIn('slab', text)
        for test, words in ((lambda tag: not tag.accurate, r'missed|inaccurate'),
                            (lambda tag: tag.bytes < 0, r'below zero|negative')):
            row = next(line for line in text.splitlines() if re.search(words, line))
            self.assertIn(str(sum(map(test, self.listing.tags))), row.split())

    def test_summary_of_nothing(self):
        for path in (b'min-size/1P', b'by-file/mm/min-size/1P'):
            self.assertTrue(self.mount.read(path + b'/.summary'))
            self.assertEqual(self.mount.read(path + b'/.total'), total_line([], b'/' + path))
            for report in (b'.totals', b'.raw'):
                self.assertEqual(self.mount.read(path + b'/' + report), b'')
            self.assertEqual(self.mount.read(path + b'/.allocinfo'), HEADER)

    def test_readme(self):
        text = self.mount.read(b'README').decode('ascii')
        for word in ('live/', 'sized', 'raw', 'top-calls', 'max-size', 'max-calls', 'by-line',
                     'accurate', 'inaccurate', 'at/', '.summary', '.total', '.totals', '.allocinfo',
                     '.raw', 'du ', 'tar', 'slab', 'by-file/F.c:LINE'):
            self.assertIn(word.lower(), text.lower())
        self.assertRegex(text, r'(?i)once\s+a\s+view|every view|each view')
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_status(self):
        rows = self.mount.read(b'status').decode().splitlines()
        status = dict(re.fullmatch(r'([a-z-]+): (.+)', row).groups() for row in rows)
        self.assertEqual(len(status), len(rows), 'a key twice')
        tags = self.listing.tags
        wanted = {
            'source': self.mount.source, 'interface': INTERFACE, 'kernel': 'unknown',
            'profiling': 'unknown', 'last-error': 'none', 'skipped-lines': 0, 'tags': len(tags),
            'modules': len({tag.module for tag in tags}),
            'bytes': sum(tag.bytes for tag in tags), 'calls': sum(tag.calls for tag in tags),
            'inaccurate': sum(not tag.accurate for tag in tags),
            'negative': sum(tag.bytes < 0 for tag in tags),
            'slab-pages': sum(tag.bytes for tag in tags if tag.path == (b'mm', b'slub.c')
                              and tag.function == b'alloc_slab_page')}
        self.assertEqual({key: status.get(key) for key in wanted},
                         {key: str(value) for key, value in wanted.items()})
        self.assertRegex(status['version'], r'^\d+\.\d+')
        self.assertGreater(int(status['content-id']), 0)


class OtherReports(Reports):
    dump = DUMP_B


if __name__ == '__main__':
    main()
