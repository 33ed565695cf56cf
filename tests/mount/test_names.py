#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names: a hostile listing can be walked and read; real names need no quoting in any shell."""
import os
import re
import shutil
import subprocess
import unittest

from allocfs_mount import DUMP_B, HEADER, Listing, Mount, MountCase, main, run, seeded

ODD = [b'/', b',', b'%', b'..', b'.', b'./', b'../', b'//', b' ', b'  ', b'[', b']', b' [x]', b':',
       b':1', b'%2F', b'%00', b'%', b'\x01', b'\x1b[31m', b'\x7f', b'\t', b'\xff\xfe', b'\xc3\xa9',
       b'\xc3', b'$x', b'`x`', b'*', b'?', b'~', b'!', b'#', b'"', b"'", b'\\', b'&', b';', b'<',
       b'|', b'(', b'{a,b}', b'vmlinux', b',2', b',vmlinux,2', b'x' * 100, b'x' * 300, b'y' * 240,
       b'live', b'all', b'by-file', b'top', b'at', b'README', b'status', b'.summary', b'.', b'-rf',
       b'+', b'=', b'a.c', b'mm', b'slub.c', b'0', b'1', b'00']
LONG = [b'z' * size for size in (225, 239, 240, 241, 254, 255, 256, 300, 4000)]
TWINS = [b'', b'.', b'..', b'...', b'/', b'x', b'./x', b'x/', b'y/../x', b'/x', b'../x', b'X',
         b'x,1', b'x%2C1', b'live', b'%6Cive', b'a/b', b'a,b', b'a%2Cb',
         b'0' * 24 + b'+' + b'x' * 215]


def word(rand, blanks):
    """Any bytes but newline and NUL, in pieces that mean something somewhere."""
    text = b''.join(rand.choice(ODD) if rand.random() < 0.8 else bytes([rand.randint(1, 255)])
                    for _ in range(rand.choice([0, 1, 1, 2, 2, 3, 5])))
    text = text.replace(b'\n', b'_').replace(b'\0', b'_')
    return text if blanks else text.replace(b' ', b'_')


def hostile_lines(rand):
    """Lines as the kernel would write them were its words like that, many with equal words."""
    sites = [(file, b'x', line, function) for file in TWINS for line in (1, 2)
             for function in TWINS if b' ' not in function]
    sites += [(file, None, 7, function) for file in LONG[:-1] for function in LONG[:-1]]
    sites += [(b'd/' * 60 + file, b'm' * 60, 7, b'f') for file in LONG[:-1]]
    sites += [(b'a/' * depth + b'f.c', None, 1, b'f') for depth in (1, 50, 127, 128, 1000)]
    sites += [(word(rand, True), rand.choice([None, word(rand, True)]),
               rand.choice([0, 1, 2, 478, 2 ** 32, 2 ** 64 - 1]), word(rand, False))
              for _ in range(2000)]
    sites += rand.choices(sites, k=1000) + sites[-5:] * 20
    rand.shuffle(sites)
    for file, module, line, function in sites:
        size, calls = rand.randint(-10, 10 ** rand.randint(1, 18)), rand.randint(0, 10 ** 6)
        where = b'%s:%d' % (file, line) + (b' [%s]' % module if module is not None else b'')
        # The brackets and words of the grammar itself would make another site of it, or none.
        if b'func:' not in where + function and b' [' not in (module or b''):
            yield b'%12d %8d %s func:%s \n' % (size, calls, where, function)


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seed, rand = seeded(478)
        cls.lines = list(hostile_lines(rand))
        cls.mount = Mount(HEADER + b''.join(cls.lines))
        cls.addClassCleanup(cls.mount.close)

    def walk(self, top):
        """Every directory and file below, by descriptor: depth is longer than any path may be."""
        files = []
        stack = [os.open(self.mount(top), os.O_RDONLY)]
        while stack:
            directory = stack.pop()
            names = [os.fsencode(name) for name in os.listdir(directory)]
            self.assertEqual(len(names), len(set(names)), f'seed {self.seed}: a name twice')
            for name in names:
                self.assertRegex(name, rb'\A[A-Za-z0-9_.+,%-]{1,255}\Z')
                self.assertNotIn(name[:1], b'.', name)
                entry = os.stat(name, dir_fd=directory)
                opened = os.open(name, os.O_RDONLY, dir_fd=directory)
                if os.path.stat.S_ISDIR(entry.st_mode):
                    stack.append(opened)
                    continue
                data = os.read(opened, 1 << 20)
                os.close(opened)
                self.assertEqual(len(data), entry.st_size, name)
                files.append(data)
            os.close(directory)
        return files

    def check_view(self, top):
        got = sorted(self.walk(top))
        wanted = sorted(self.lines)
        self.assertEqual(len(got), len(wanted), f'{top} with seed {self.seed}')
        for mine, theirs in zip(got, wanted):
            self.assertEqual(mine, theirs, f'{top} with seed {self.seed}')

    def test_all(self):
        self.check_view(b'all')

    def test_by_file(self):
        self.check_view(b'by-file')

    def test_by_module(self):
        self.check_view(b'by-module')

    def test_by_function(self):
        self.check_view(b'by-function')

    def test_top(self):
        self.check_view(b'top/1000000')

    def test_raw(self):
        self.assertEqual(sum(len(data) for data in self.walk(b'raw/all')), 224 * len(self.lines))

    def test_name_is_the_same_in_every_view(self):
        flat = {self.mount.read(b'all/' + name): name for name in self.mount.list(b'all')}
        for view in (b'by-module', b'by-function', b'by-line'):
            for value in self.mount.list(view)[::9]:
                where = view + b'/' + value
                for name in self.mount.list(where):
                    self.assertEqual(self.mount.read(where + b'/' + name),
                                     self.mount.read(b'all/' + name), where)
        self.assertEqual(len(flat), len(set(self.lines)))

    def test_reports(self):
        self.assertEqual(self.mount.read(b'.allocinfo'), HEADER + b''.join(self.lines))
        self.assertEqual(self.mount.read(b'allocinfo'), HEADER + b''.join(self.lines))
        for report in (b'.summary', b'.totals', b'by-file/.totals', b'by-module/.totals'):
            text = self.mount.read(report)
            self.assertFalse(re.search(rb'[^\x20-\x7e\n]', text), report)
        self.assertIn(b'skipped-lines: 0\n', self.mount.read(b'status'))
        self.assertEqual(max(map(len, self.mount.read(b'.summary').splitlines())) > 80, False)

    def test_find_and_tar(self):
        found = run('find', self.mount(b'all'), '-type', 'f').splitlines()
        self.assertEqual(len(found), len(self.lines))
        archive = run('tar', '-cf', '-', '-C', self.mount(), 'all', 'by-module')
        listed = subprocess.run(['tar', '-tf', '-'], input=archive, stdout=subprocess.PIPE,
                                check=True).stdout.splitlines()
        self.assertEqual(sum(not name.endswith(b'/') for name in listed), 2 * len(self.lines))


class RealNames(MountCase):
    """Every name can be typed as it is listed."""

    def names(self):
        names = set()
        for top in (b'all', b'by-file', b'by-module', b'by-function', b'top', b'min-size'):
            for _, below, here in os.walk(self.mount(top)):
                names.update(below + here)
        return sorted(names)

    def check_shell(self, shell):
        if not shutil.which(shell):
            self.skipTest(f'{shell} is not installed')
        names = self.names()
        self.assertGreater(len(names), 5000)
        # An empty directory: whatever were a pattern would find nothing there, or fail.
        script = b''.join(b'printf "%%s\\n" %s\n' % name for name in names)
        script += b''.join(b'printf "%%s\\n" ./all/%s\n' % name for name in names[::10])
        script += b''.join(b'x=%s; printf "%%s\\n" "$x"\n' % name for name in names[::10])
        options = ['-f'] if shell == 'zsh' else []
        done = subprocess.run([shell, *options], input=script, stdout=subprocess.PIPE, check=True,
                              cwd=self.mount.base)
        wanted = names + [b'./all/' + name for name in names[::10]] + names[::10]
        self.assert_same(done.stdout.splitlines(), wanted, shell)

    def test_bash(self):
        self.check_shell('bash')

    def test_dash(self):
        self.check_shell('dash')

    def test_zsh(self):
        self.check_shell('zsh')

    def test_interactive_bash(self):
        """History expansion and brace expansion are on where people type."""
        names = self.names()[::40]
        script = b'set -H -B\n' + b''.join(b'printf "%%s\\n" %s\n' % name for name in names)
        out = subprocess.run(['bash', '--norc'], input=script, stdout=subprocess.PIPE, check=True)
        self.assertEqual(out.stdout.splitlines(), names)

    def test_bash_completion(self):
        if not shutil.which('bash'):
            self.skipTest('bash is not installed')
        paths = [b'all/' + tag.flat for tag in self.listing.tags[::60]]
        paths += [b'by-file/' + b'/'.join(tag.path) for tag in self.listing.tags[::60]]
        paths += [b'by-module/' + name for name in self.mount.list(b'by-module')]
        script = b''.join(b'compgen -f -- %s; echo .\n' % path[:-3] for path in paths)
        out = subprocess.run(['bash', '--norc'], input=script, stdout=subprocess.PIPE, check=True,
                             cwd=self.mount())
        for path, offered in zip(paths, out.stdout.split(b'.\n')):
            self.assertIn(path, offered.splitlines())

    def test_odd_spellings_meet(self):
        """Paths are normalised for names; the content keeps the kernel's spelling."""
        rows = [tag for tag in self.listing.tags if b'./' in tag.file]
        for tag in rows:
            self.assertNotIn(b'.', [part for part in tag.path])
            self.assertIn(b' %s:%d' % (tag.file, tag.line), self.mount.read(b'all/' + tag.flat))


class OtherRealNames(RealNames):
    dump = DUMP_B


class Spelled(unittest.TestCase):
    """Names that the rules spell out."""
    SITES = [  # As the kernel writes it, the flat name, the place in by-file/
        (b'mm/slub.c:2478 func:alloc_slab_page', b'mm,slub.c,2478,alloc_slab_page',
         b'mm/slub.c/2478,alloc_slab_page'),
        (b'fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc',
         b'fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs', b'fs/xfs/xfs_buf.c/405,xfs_buf_alloc,xfs'),
        (b'./include/net/tcp.h:2548 func:a', b'include,net,tcp.h,2548,a',
         b'include/net/tcp.h/2548,a'),
        (b'include/net/tcp.h:2548 func:a', b'include,net,tcp.h,2548,a,vmlinux,2',
         b'include/net/tcp.h/2548,a,vmlinux,2'),
        (b'drivers/iommu/amd/../iommu-pages.h:94 func:f', b'drivers,iommu,iommu-pages.h,94,f',
         b'drivers/iommu/iommu-pages.h/94,f'),
        (b'././common/inc/nv-linux.h:1117 [nvidia] func:f', b'common,inc,nv-linux.h,1117,f,nvidia',
         b'common/inc/nv-linux.h/1117,f,nvidia'),
        (b'common/inc/nv-linux.h:1117 [nvidia] func:f', b'common,inc,nv-linux.h,1117,f,nvidia,2',
         b'common/inc/nv-linux.h/1117,f,nvidia,2'),
        (b'/../usr/x.c:1 func:f', b'usr,x.c,1,f', b'usr/x.c/1,f'),
        (b'a,b/c d.c:1 func:f:g', b'a%2Cb,c%20d.c,1,f%3Ag', b'a%2Cb/c%20d.c/1,f%3Ag'),
        (b'top/.x.c:1 func:.f', b'%74op,%2Ex.c,1,%2Ef', b'%74op/%2Ex.c/1,%2Ef'),
        (b'x%2C.c:1 func:', b'x%252C.c,1,%00', b'x%252C.c/1,%00'),
        (b'\xff.c:1 [] func:f', b'%FF.c,1,f,%00', b'%FF.c/1,f,%00'),
        (b'a++/b_c-d.c:1 func:f.cold', b'a++,b_c-d.c,1,f.cold', b'a++/b_c-d.c/1,f.cold'),
    ]

    def test_names(self):
        lines = [b'%12d %8d %s \n' % (i, 1, site) for i, (site, _, _) in enumerate(self.SITES)]
        with Mount(b''.join(lines)) as mount:
            self.assertEqual(mount.list(b'all'), [flat for _, flat, _ in self.SITES])
            self.assertEqual([tag.flat for tag in Listing(b''.join(lines)).tags],
                             [flat for _, flat, _ in self.SITES])
            for line, (_, flat, place) in zip(lines, self.SITES):
                self.assertEqual(mount.read(b'all/' + flat), line)
                self.assertEqual(mount.read(b'by-file/' + place), line)

    def test_both_file_and_directory(self):
        """A name that is both lists both."""
        sites = [b'a/b.c:1 func:f', b'a/b.c/d.h:2 func:g']
        with Mount(b''.join(b'%12d %8d %s \n' % (1, 1, site) for site in sites)) as mount:
            self.assertEqual(set(mount.list(b'by-file/a/b.c')), {b'd.h', b'1,f'})
            self.assertEqual(mount.list(b'by-file/a/b.c/d.h'), [b'2,g'])


if __name__ == '__main__':
    main()
