#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports for programs: .json, .csv, .folded and .prom, read by those programs' own parsers.

What they have to say is computed here from the listing, hostile names and numbers included.
"""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import unittest

import allocfs_mount as am
from allocfs_mount import HEADER, Listing, Mount, MountCase, escape, run, utf8

SPECIAL = [b'"', b'\\', b',', b';', b'%', b'%FF', b'\xff', b'\xc3\xa4', b'\xe2\x82', b'\xf0\x9f\x90\xa7',
           b'\x01', b'\x7f', b"'", b'{', b'}', b'=', b'\t', b'#', b'<&>', b'\xed\xa0\x80', b'\x85',
           b'\xc0\x80', b'\\n', b'$(x)', b'/']
NUMBERS = [(0, 0), (1, 1), (-1, 2 ** 64 - 1), (2 ** 63 - 1, 2 ** 63), (-2 ** 63, 2 ** 64 - 1),
           (2 ** 53 + 1, 2 ** 53 + 1), (-86241280, 18446744073709530561), (4096, 0), (0, 7)]
SETS = [b'', b'all', b'live', b'by-module/vmlinux', b'min-size/4K', b'top/7', b'top-calls/5',
        b'by-file/mm', b'inaccurate', b'raw', b'sized/live', b'min-size/1P']


def hostile():
    lines, number = [], 0
    for i, word in enumerate(SPECIAL):
        for site in (b'mm/%sx.c:%d func:f%d' % (word, i + 1, i), b'a/b.c:%d func:%sf' % (i + 1, word),
                     b'mm/slub.c:%d [%sm] func:g' % (i + 1, word.replace(b'/', b'-')),
                     b'./mm/twice.c:3 func:same', b'mm/twice.c:3 func:same'):
            size, calls = NUMBERS[number % len(NUMBERS)]
            tail = b' accurate:no' if number % 4 == 3 else b''
            lines.append(b'%12d %8d %s%s \n' % (size, calls, site, tail))
            number += 1
    return HEADER + b''.join(lines)


def signed(number):
    return number - 2 ** 64 if number >= 2 ** 63 else number


def row_of(tag):
    return {'file': utf8(tag.file), 'line': tag.line, 'function': utf8(tag.function),
            'module': None if tag.module is None else utf8(tag.module), 'bytes': tag.bytes,
            'calls': tag.calls % 2 ** 64, 'accurate': tag.accurate}


def folded_of(tags):
    return b''.join(b';'.join(tag.path) + b';%s:%d %d\n' % (escape(tag.function), tag.line, tag.bytes)
                    for tag in tags if tag.bytes > 0)


LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')


def parse_metrics(text):
    """name -> {labels: value}, in order; fails on what the format does not allow."""
    metrics, name = {}, None
    for line in text.split('\n')[:-1]:
        if line.startswith('# HELP '):
            name = line.split(' ')[2]
            if name in metrics:
                raise AssertionError(f'{name} is not in one piece')
            metrics[name] = {}
        elif not line.startswith(f'# TYPE {name} gauge'):
            found = re.fullmatch(r'(\w+)(?:\{(.*)\})? (-?\d+)', line)
            if not found or found[1] != name:
                raise AssertionError(line)
            labels = LABEL.findall(found[2] or '')
            if ','.join(f'{key}="{value}"' for key, value in labels) != (found[2] or ''):
                raise AssertionError(line)
            plain = tuple((key, re.sub(r'\\(.)', lambda m: {'n': '\n'}.get(m[1], m[1]), value))
                          for key, value in labels)
            if plain in metrics[name]:
                raise AssertionError(f'twice: {line}')
            metrics[name][plain] = int(found[3])
    return metrics


def module_of(tag):
    if tag.module is None:
        return 'vmlinux'
    return escape(tag.module, reserved=tag.module == b'vmlinux').decode()


def labels_of(tag, ordinals):
    """ordinals: tag -> its number among those of equal names in the tree."""
    labels = (('file', utf8(tag.file, True)), ('line', str(tag.line)),
              ('function', utf8(tag.function, True)), ('module', module_of(tag)))
    number = ordinals[tag.number]
    return labels + ((('ordinal', str(number)),) if number > 1 else ())


class Formats(MountCase):
    """Each report of each set, from a hostile listing and from a real one."""

    @classmethod
    def setUpClass(cls):
        cls.mounts = [Mount(hostile()), Mount(am.DUMP_A)]
        for mount in cls.mounts:
            cls.addClassCleanup(mount.close)
        cls.listings = [Listing.read(mount.dump) for mount in cls.mounts]

    def each(self):
        """Mount, directory, listing, and the tags that .allocinfo has there, in its order."""
        for mount, listing in zip(self.mounts, self.listings):
            for path in SETS:
                path = path and path + b'/'
                lines = mount.read(path + b'.allocinfo').split(b'\n')[2:-1]
                # Which tags there are is another test's; equal lines are equal here as well.
                left = {}
                for tag in listing.tags:
                    left.setdefault(tag.text, []).append(tag)
                tags = [left[line + b'\n'].pop(0) for line in lines]
                yield mount, path, listing, tags

    def test_json(self):
        for mount, path, _, tags in self.each():
            text = mount.read(path + b'.json')
            self.assertEqual(json.loads(text), [row_of(tag) for tag in tags])
            self.assertEqual(json.loads(run('jq', '-c', 'map(del(.bytes, .calls))',
                                            mount(path + b'.json'))),
                             [{key: value for key, value in row_of(tag).items()
                               if key not in ('bytes', 'calls')} for tag in tags])

    def test_csv(self):
        for mount, path, _, tags in self.each():
            text = mount.read(path + b'.csv').decode()
            rows = list(csv.reader(io.StringIO(text, newline=''), strict=True))
            self.assertEqual(rows[0], list(row_of(self.listings[0].tags[0])))
            self.assertEqual(rows[1:], [
                ['' if value is None else str(value).lower() if isinstance(value, bool)
                 else str(value) for value in row_of(tag).values()] for tag in tags])
            self.assertEqual(text.count('\n'), text.count('\r\n'))

    def test_folded(self):
        for mount, path, _, tags in self.each():
            self.assertEqual(mount.read(path + b'.folded'), folded_of(tags))

    def test_prom(self):
        for mount, path, listing, tags in self.each():
            ordinals = {tag.number: 1 + index for group in listing.groups(
                lambda tag: (tag.path, tag.line, tag.function, tag.module)).values()
                        for index, tag in enumerate(group)}
            metrics = parse_metrics(mount.read(path + b'.prom').decode())
            self.assertEqual(metrics['allocinfo_up'], {(): 1})
            self.assertIn((), metrics['allocinfo_content_id'])
            for key, value_of in (('bytes', lambda tag: tag.bytes),
                                  ('calls', lambda tag: signed(tag.calls % 2 ** 64))):
                self.assertEqual(list(metrics['allocinfo_' + key].items()),
                                 [(labels_of(tag, ordinals), value_of(tag)) for tag in tags])
                sums = {}
                for tag in tags:
                    module = (('module', module_of(tag)),)
                    sums[module] = signed((sums.get(module, 0) + value_of(tag)) % 2 ** 64)
                self.assertEqual(metrics['allocinfo_module_' + key], sums)

    @unittest.skipUnless(shutil.which('promtool'), 'promtool is not installed')
    def test_promtool(self):
        for mount, path, _, _ in self.each():
            done = subprocess.run(['promtool', 'check', 'metrics'], input=mount.read(path + b'.prom'),
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b''), done.stdout)

    def test_length(self):
        """What stat says is what there is."""
        for mount, path, _, _ in self.each():
            for name in (b'.json', b'.csv', b'.folded', b'.prom'):
                self.assertEqual(os.stat(mount(path + name)).st_size,
                                 len(mount.read(path + name)), name)


class Worlds(unittest.TestCase):
    """The same in snapshots and differences."""

    def test_worlds(self):
        sites = [b'mm/a.c:%d func:f' % n for n in range(1, 40)]
        then = [b'%12d %8d %s \n' % (n * 100, n, site) for n, site in enumerate(sites)]
        now = [b'%12d %8d %s \n' % (n * n * 10, 2 * n - 20 if n > 10 else 0, site)
               for n, site in enumerate(sites)]
        with Mount(HEADER + b''.join(then)) as mount:
            os.mkdir(mount(b'snapshots/then'))
            frozen = {name: mount.read(b'all/' + name)
                      for name in (b'.json', b'.csv', b'.folded', b'.prom')}
            mount.write(HEADER + b''.join(now))
            am.wait_until(lambda: mount.read(b'all/.json') != frozen[b'.json'])
            for name, text in frozen.items():
                self.assertEqual(mount.read(b'snapshots/then/all/' + name), text, name)
            grown = [(n * n * 10 - n * 100, (2 * n - 20 if n > 10 else 0) - n)
                     for n in range(len(sites))]
            changed = [each for each in grown if each != (0, 0)]
            rows = json.loads(mount.read(b'since/then/.json'))
            self.assertEqual([(row['bytes'], row['calls']) for row in rows], changed)
            table = list(csv.DictReader(io.StringIO(mount.read(b'since/then/all/.csv').decode())))
            self.assertEqual([(int(row['bytes']), int(row['calls'])) for row in table], changed)
            self.assertEqual(mount.read(b'since/then/.folded').count(b'\n'),
                             sum(size > 0 for size, _ in changed))
            metrics = parse_metrics(mount.read(b'since/then/.prom').decode())
            self.assertEqual(list(metrics['allocinfo_bytes'].values()),
                             [size for size, _ in changed])
            self.assertEqual(metrics['allocinfo_module_bytes'],
                             {(('module', 'vmlinux'),): sum(size for size, _ in changed)})


@unittest.skipIf(am.is_sanitized(), 'a sanitizer needs memory of its own')
class Memory(unittest.TestCase):
    """A report of very many tags takes at most twice its length."""

    def test_million(self):
        count = int(os.environ.get('ALLOCFS_TEST_TAGS', '200000'))
        dump = HEADER + b''.join(b'%12d %8d drivers/d%d/file.c:%d func:function_%d \n'
                                 % (n * 64, n, n % 90, n, n) for n in range(count))
        with Mount(dump, foreground=True, stack=False) as mount:
            mount.read(b'.total')
            rest = am.memory(mount.process.pid) * 1024
            for name in (b'.csv', b'.json', b'.prom'):
                with open(f'/proc/{mount.process.pid}/clear_refs', 'w', encoding='ascii') as file:
                    file.write('5')  # The highest resident size begins anew.
                length = os.stat(mount(b'all/' + name)).st_size
                most = am.memory(mount.process.pid, 'VmHWM') * 1024
                # Besides, 32 MiB of what was rendered last are kept.
                self.assertLessEqual(most - rest, 2 * length + (32 << 20), (name, length))
                self.assertEqual(len(mount.read(b'all/' + name)), length)


if __name__ == '__main__':
    am.main()
