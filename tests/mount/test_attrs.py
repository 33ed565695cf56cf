#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Attributes: sizes, blocks, times, modes, numbers, and what du, ls, find and df make of it."""
import collections
import grp
import json
import os
import shutil
import stat
import unittest

from allocfs_mount import DUMP_A, DUMP_B, Mount, MountCase, main, run

REPORTS = [b'.summary', b'.total', b'.totals', b'.allocinfo', b'.raw', b'.json', b'.csv',
           b'.folded', b'.prom']
DIRECTORIES = [b'', b'all', b'live', b'by-file', b'by-file/mm', b'by-file/mm/slub.c', b'by-module',
               b'by-module/vmlinux', b'by-function', b'by-function/alloc_slab_page', b'top',
               b'top/20', b'min-size', b'min-size/1M', b'min-calls/100', b'by-line', b'accurate',
               b'inaccurate', b'sized', b'raw', b'sized/by-file/mm', b'raw/top/10']


class Attributes(MountCase):
    def test_tags(self):
        for view in (b'', b'sized/', b'raw/'):
            for tag in self.listing.tags:
                entry = os.stat(self.mount(view + b'all/' + tag.flat))
                size = {b'': len(tag.text), b'sized/': max(tag.bytes, 0), b'raw/': 224}[view]
                blocks = 0 if view == b'raw/' else tag.blocks
                self.assertEqual((entry.st_size, entry.st_blocks), (size, blocks), tag.flat)
                self.assertEqual((entry.st_nlink, entry.st_mode), (1, stat.S_IFREG | 0o400))

    def test_size_in_every_view(self):
        """What readdirplus says is what a stat says, and under raw/ and / the true length."""
        for view in (b'all', b'live', b'top/20', b'min-size/1M', b'by-module/vmlinux', b'raw/all'):
            for name in self.mount.list(view)[::17]:
                path = view + b'/' + name
                self.assertEqual(os.stat(self.mount(path)).st_size, len(self.mount.read(path)))

    def test_size_of_reports(self):
        files = [b'README', b'status', b'allocinfo', b'raw/allocinfo', b'sized/allocinfo', b'at/7',
                 b'raw/at/7', b'by-file/mm/slub.c:%d' % next(
                     tag.line for tag in self.listing.tags if tag.file == b'mm/slub.c')]
        for directory in DIRECTORIES:
            files += [os.path.join(directory, name) for name in REPORTS]
        for file in files:
            entry = os.stat(self.mount(file))
            data = self.mount.read(file)
            self.assertEqual(entry.st_size, len(data), file)
            self.assertEqual(os.stat(self.mount(file)).st_size, len(data), file)
            if b'at/' not in file:
                self.assertEqual(entry.st_blocks, 0, file)
            self.assertEqual((entry.st_nlink, stat.S_IFMT(entry.st_mode)), (1, stat.S_IFREG))

    def test_directories(self):
        for path in DIRECTORIES:
            entry = os.stat(self.mount(path))
            self.assertEqual((entry.st_blocks, entry.st_nlink, entry.st_mode),
                             (0, 1, stat.S_IFDIR | 0o500), path)

    def test_times(self):
        moment = os.stat(self.mount.dump).st_mtime_ns
        for path in DIRECTORIES + [b'README', b'status', b'allocinfo', b'.summary', b'at/0',
                                   b'all/' + self.listing.tags[0].flat]:
            self.assertEqual(os.stat(self.mount(path)).st_mtime_ns, moment, path)

    def walk(self):
        """Inode numbers by path of the whole mount, as stat and as readdir give them."""
        inodes = {}
        for where, _, _ in os.walk(self.mount()):
            with os.scandir(where) as entries:
                for entry in entries:
                    inodes[entry.path] = entry.inode()
        return inodes

    def test_inodes(self):
        first = self.walk()
        self.assertEqual(len(set(first.values()) | {0, 1}), len(first) + 2, 'shared or reserved')
        self.assertEqual(self.walk(), first)
        for path in list(first)[::13]:
            self.assertEqual(os.stat(path).st_ino, first[path], path)

    def test_statfs_of_a_dump(self):
        for path in (b'', b'all', b'README'):
            fs = os.statvfs(self.mount(path))
            self.assertEqual((fs.f_blocks, fs.f_bfree, fs.f_bavail, fs.f_files, fs.f_ffree),
                             (0, 0, 0, 0, 0))
            self.assertEqual(fs.f_namemax, 255)
        flags = os.statvfs(self.mount()).f_flag
        for flag in (os.ST_NODEV, os.ST_NOSUID, os.ST_NOEXEC):
            self.assertTrue(flags & flag)

    def test_du(self):
        """Blocks and, under sized/, apparent sizes: the sum of each directory of by-file/."""
        blocks, sizes = collections.Counter(), collections.Counter()
        for path, tags in self.listing.paths().items():
            blocks[b'/'.join(path)] = sum(tag.blocks for tag in tags) * 512
            sizes[b'/'.join(path)] = sum(max(tag.bytes, 0) for tag in tags)
        for view, options, wanted in ((b'', ('--block-size=1',), blocks),
                                      (b'sized', ('--block-size=1',), blocks),
                                      (b'sized', ('--block-size=1', '--apparent-size'), sizes)):
            got = {}
            top = self.mount(os.path.join(view, b'by-file'))
            for line in run('du', *options, top).splitlines():
                size, path = line.split(b'\t')
                got[path.partition(b'/by-file')[2].lstrip(b'/')] = int(size)
            self.assertEqual(got, wanted, options)

    @unittest.skipUnless(shutil.which('ncdu'), 'ncdu is not installed')
    def test_ncdu(self):
        """What it exports is the tree: blocks as disk usage, under sized/ bytes as apparent size."""
        for view, size_of in ((b'by-file', lambda tag: len(tag.text)),
                              (b'sized/by-file', lambda tag: max(tag.bytes, 0))):
            wanted = {b'/'.join(tag.path + (tag.in_file,)): (tag.blocks * 512, size_of(tag))
                      for tag in self.listing.tags}
            got = {}

            def walk(node, above):
                if isinstance(node, list):
                    for child in node[1:]:
                        walk(child, above + [node[0]['name'].encode()])
                else:
                    path = b'/'.join(above[1:] + [node['name'].encode()])
                    got[path] = (node.get('dsize', 0), node.get('asize', 0))

            walk(json.loads(run('ncdu', '-0xo-', self.mount(view)))[3], [])
            self.assertEqual(got, wanted)

    def test_du_of_arguments(self):
        """No hard links: du counts each argument, also what it has seen before."""
        tag = max(self.listing.tags, key=lambda tag: tag.bytes)
        paths = [self.mount(b'all/' + tag.flat), self.mount(b'live/' + tag.flat),
                 self.mount(b'by-file/' + b'/'.join(tag.path) + b'/' + tag.in_file)]
        lines = run('du', '--block-size=512', *paths).splitlines()
        self.assertEqual([int(line.split()[0]) for line in lines], [tag.blocks] * 3)

    def test_du_of_the_total(self):
        last = run('du', '-s', '--block-size=512', self.mount(b'all')).split()[0]
        self.assertEqual(int(last), sum(tag.blocks for tag in self.listing.tags))

    def test_ls_by_size(self):
        lines = run('ls', '-lS', self.mount(b'sized/all')).splitlines()[1:]
        self.assertEqual([int(line.split()[4]) for line in lines],
                         sorted((max(tag.bytes, 0) for tag in self.listing.tags), reverse=True))
        names = run('ls', '-S', self.mount(b'sized/live')).splitlines()
        tags = [self.listing.by_flat[name] for name in names]
        self.assertEqual(sorted(tags, key=lambda tag: -max(tag.bytes, 0)), tags)

    def test_ls_blocks(self):
        for line in run('ls', '-s', '--block-size=512', self.mount(b'all')).splitlines()[1:]:
            blocks, name = line.split()
            self.assertEqual(int(blocks), self.listing.by_flat[name].blocks)

    def test_find_by_size(self):
        for test, wanted in (('+1M', lambda tag: tag.bytes > 1 << 20),
                             ('+1048576c', lambda tag: tag.bytes > 1 << 20),
                             ('-4097c', lambda tag: tag.live and tag.bytes <= 4096)):
            found = run('find', self.mount(b'sized/live'), '-type', 'f', '-size', test)
            self.assertEqual({os.path.basename(path) for path in found.splitlines()},
                             {tag.flat for tag in self.listing.tags if tag.live and wanted(tag)})

    def test_type_in_readdir(self):
        for path in DIRECTORIES:
            for entry in os.scandir(self.mount(path)):
                is_dir = entry.is_dir(follow_symlinks=False)
                self.assertEqual(is_dir, stat.S_ISDIR(os.stat(entry.path).st_mode), entry.path)
                self.assertEqual(is_dir, not entry.is_file(follow_symlinks=False))


class OtherAttributes(Attributes):
    dump = DUMP_B


class Owners(unittest.TestCase):
    """uid, gid and umask; a user or a group may be named."""
    group = grp.getgrgid(1)

    def test_options(self):
        # Options, then owner, group, mode of directories and of files
        for options, uid, gid, directory, file in (
                ('', os.getuid(), os.getgid(), 0o500, 0o400),
                ('umask=0', os.getuid(), os.getgid(), 0o555, 0o444),
                ('umask=0027', os.getuid(), os.getgid(), 0o550, 0o440),
                ('umask=27,gid=1,uid=65534', 65534, 1, 0o550, 0o440),
                (f'uid=root,gid={self.group.gr_name}', 0, 1, 0o500, 0o400),
                ('umask=777', os.getuid(), os.getgid(), 0, 0)):
            with self.subTest(options), Mount(DUMP_A, options) as mount:
                for path in (b'', b'all', b'by-file/mm', b'raw/top/10', b'min-size'):
                    entry = os.stat(mount(path))
                    self.assertEqual((entry.st_uid, entry.st_gid, stat.S_IMODE(entry.st_mode)),
                                     (uid, gid, directory), path)
                for path in (b'README', b'status', b'allocinfo', b'.total', b'sized/at/0',
                             b'all/' + mount.list(b'all')[0]):
                    entry = os.stat(mount(path))
                    self.assertEqual((entry.st_uid, entry.st_gid, stat.S_IMODE(entry.st_mode)),
                                     (uid, gid, file), path)

    def test_long_directories_are_all_there(self):
        """More entries than fit one reply of the kernel's readdir, three times over."""
        with Mount(DUMP_A, 'max_age=0') as mount:
            for _ in range(3):
                names = mount.list(b'all')
                self.assertEqual(len(names), len(set(names)))
                self.assertEqual(len(names), 3143)


if __name__ == '__main__':
    main()
