#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Start and end: what is refused and how, what a mount looks like, who may enter, how it ends."""
import errno
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from allocfs_mount import (ALLOCFS, DUMP_A, DUMP_B, HEADER, STACK, STACK_OPTIONS, Mount, errno_of,
                           is_mounted, main, mounts, run, slurp, wait_until)

NOBODY = 65534


class Start(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix='allocfs-test-')
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.dump, self.source = self.make_source('source')
        self.mnt = self.path('mnt')
        os.mkdir(self.mnt)
        self.addCleanup(self.unmount, self.mnt)

    def path(self, name):
        return os.path.join(self.base, name)

    def make_source(self, name):
        """A dump and what to mount: the same under that name, or what a mount there shows of it."""
        path, dump = self.path(name), self.path(f'{name}.dump')
        if not STACK:
            shutil.copyfile(DUMP_B, path)
            return path, path
        shutil.copyfile(DUMP_B, dump)
        os.mkdir(path)
        run(ALLOCFS, dump, path, '-o', STACK_OPTIONS)
        self.addCleanup(self.unmount, path)
        return dump, os.path.join(path, 'allocinfo')

    def unmount(self, path):
        if is_mounted(path):
            subprocess.run(['fusermount3', '-uz', path], check=False)

    def run_allocfs(self, *arguments, program=ALLOCFS, **options):
        return subprocess.run([program, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=20, check=False, cwd=options.pop('cwd', self.base), **options)

    def check_mounted(self, path):
        self.assertEqual(len(os.listdir(os.path.join(path, 'all'))), 3010)

    def refused(self, *arguments, words=(), lines=3):
        """Exit 1, something said that helps, nothing mounted."""
        before = set(mounts())
        done = self.run_allocfs(*arguments)
        said = done.stderr.splitlines()
        with self.subTest(arguments):
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stdout, '')
            self.assertTrue(1 <= len(said) <= lines, done.stderr)
            for line in said:
                self.assertRegex(line, r'^(allocfs|usage|fuse): ')
            for word in words:
                self.assertIn(word, done.stderr)
            self.assertFalse(is_mounted(self.mnt))
        self.unmount(self.mnt)
        self.assertLessEqual(set(mounts()) & {os.fsencode(self.mnt)}, before)
        return done.stderr

    def test_help_and_version(self):
        for option in ('--help', '-h'):
            done = self.run_allocfs(option)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            for word in ('MOUNTPOINT', 'max_age', 'uid', 'gid', 'umask', 'allow_other', '-f', '-d',
                         '--version', '/proc/allocinfo', 'auto_unmount'):
                self.assertIn(word, done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        for option in ('--version', '-V'):
            done = self.run_allocfs(option)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertRegex(done.stdout, r'^allocfs \d+\.\d+')

    def test_bad_options(self):
        for option, word in (('max_age=x', 'max_age'), ('max_age=-1', 'max_age'),
                             ('max_age=', 'max_age'), ('max_age=99999999999999999999', 'max_age'),
                             ('umask=8', 'umask'), ('umask=1777', 'umask'), ('umask=x', 'umask'),
                             ('umask=', 'umask'), ('uid=nobody-there', 'uid'), ('uid=-1', 'uid'),
                             ('uid=4294967296', 'uid'), ('gid=nothing-there', 'gid'),
                             ('gid=-1', 'gid'), ('no_such_option', 'no_such_option'),
                             ('maxage=1', 'maxage')):
            self.refused(self.source, self.mnt, '-o', option, words=[word])
        for arguments in (['-x'], ['--no-such-option']):
            self.refused(self.source, self.mnt, *arguments)

    def test_arguments(self):
        for arguments in ([], [self.dump, self.mnt, self.mnt]):
            self.refused(*arguments)

    def test_bad_sources(self):
        garbage, fifo, folder = self.path('garbage'), self.path('fifo'), self.path('folder')
        with open(garbage, 'wb') as file:
            file.write(random.Random(7).randbytes(100000) + b'\n# a comment\n')
        with open(self.path('text'), 'wb') as file:
            file.write(b'Dear reader,\nthis is no listing.\n' * 50)
        os.mkfifo(fifo)
        os.mkdir(folder)
        missing = self.path('missing')
        os.symlink(missing, self.path('dangling'))
        for source, words in ((missing, ['No such file']), (folder, ['directory']), (fifo, [fifo]),
                              (self.path('dangling'), ['No such file']),
                              (self.path('missing/dump'), ['No such file']),
                              (self.dump + '/x', ['Not a directory']), ('/dev/null', []),
                              ('/dev/zero', []), (garbage, ['listing']),
                              (self.path('text'), ['listing']), ('', [])):
            self.refused(source, self.mnt, words=[source] + words)

    def test_missing_allocinfo(self):
        if os.path.exists('/proc/allocinfo'):
            self.skipTest('this kernel has /proc/allocinfo')
        for arguments in ([self.mnt], ['/proc/allocinfo', self.mnt]):
            self.refused(*arguments, words=['/proc/allocinfo', 'CONFIG_MEM_ALLOC_PROFILING',
                                            'sysctl.vm.mem_profiling=never', 'saved'], lines=1)

    def test_bad_mountpoints(self):
        missing = self.path('missing')
        for path, words in ((missing, ['No such file']), (self.dump, ['not a directory']),
                            ('/dev/fd/3', ['drop_privileges']), ('/dev/fd/0', ['/dev/fd/0']),
                            (self.dump + '/x', ['Not a directory']), ('', [])):
            self.refused(self.source, path, words=words, lines=1)

    def test_remount_is_refused(self):
        for options in ('remount', 'remount,umask=0', 'umask=0,remount'):
            self.refused(self.source, self.mnt, '-o', options, words=['remount'], lines=1)
        with Mount(DUMP_B) as mount:
            self.refused(mount.source, mount.path, '-o', 'remount', words=['remount'])
            self.check_mounted(mount.path)

    def test_dead_mount(self):
        """A mountpoint whose daemon was killed is free again; test_privileges has the rest."""
        with Mount(DUMP_B, foreground=True) as mount:
            # The helper is there a moment after the mount.
            helper = ['pgrep', '-P', str(mount.process.pid), '-x', 'allocfs-unmount']
            self.assertTrue(wait_until(lambda: subprocess.run(
                helper, stdout=subprocess.DEVNULL, check=False).returncode == 0))
            mount.process.kill()
            mount.process.wait()
            self.assertTrue(wait_until(lambda: not is_mounted(mount.path), 2))
            self.assertEqual(os.listdir(mount.path), [])

    def test_mount_options_of_others(self):
        """What mount(8) and fstab may hand on."""
        for options in ('defaults', 'nofail,_netdev', 'x-systemd.automount,x-gvfs-hide', 'ro', 'rw',
                        'noatime', 'max_age=0', 'max_age=86400000', 'auto_unmount',
                        'nodev,nosuid,noexec', 'fsname=other,subtype=other', 'exec,suid,dev',
                        'uid=0,gid=0,umask=0777', 'default_permissions'):
            with self.subTest(options), Mount(DUMP_B, options) as mount:
                self.check_mounted(mount.path)
                row = mounts()[os.fsencode(mount.path)]
                self.assertEqual(row[0], os.fsencode(mount.source))
                self.assertEqual(row[2], b'fuse.allocfs')
                flags = set(row[3].split(b','))
                self.assertLessEqual({b'nodev', b'nosuid', b'noexec', b'default_permissions'},
                                     flags)

    def test_not_readable(self):
        os.chmod(self.dump, 0)
        os.chmod(self.base, 0o755)
        os.chown(self.mnt, NOBODY, NOBODY)
        # The one that was built may lie where only root gets.
        program = shutil.copy(shutil.which(ALLOCFS), self.path('allocfs'))
        done = self.run_allocfs(self.source, self.mnt, program=program, user=NOBODY, group=NOBODY,
                                extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertIn('Permission denied', done.stderr)
        self.assertFalse(is_mounted(self.mnt))

    def test_relative_paths(self):
        name = os.path.relpath(self.source, self.base)
        for source, target in ((name, 'mnt'), ('./' + name, './mnt/'), ('mnt/../' + name, 'mnt'),
                               (f'../{os.path.basename(self.base)}/{name}', self.mnt)):
            with self.subTest(source):
                done = self.run_allocfs(source, target)
                self.assertEqual((done.returncode, done.stderr), (0, ''))
                self.check_mounted(self.mnt)
                # The daemon went to another directory; it finds the file still.
                shutil.copyfile(DUMP_A, self.path('new'))
                os.rename(self.path('new'), self.dump)
                self.assertTrue(wait_until(
                    lambda: len(os.listdir(os.path.join(self.mnt, 'all'))) == 3143))
                run('fusermount3', '-u', self.mnt)
                shutil.copyfile(DUMP_B, self.dump)

    def test_odd_names(self):
        for name in ('a,b c', 'back\\slash', 'üñ', 'tab\there', "quo'te\"", '-dash', 'a=b,ro',
                     'x' * 200):
            with self.subTest(name):
                _, source = self.make_source(name)
                target = self.path('at ' + name)
                os.mkdir(target)
                self.addCleanup(self.unmount, target)
                done = self.run_allocfs(source, target)
                self.assertEqual((done.returncode, done.stderr), (0, ''))
                self.check_mounted(target)
                shown = mounts()[os.fsencode(target)][0]
                shown = re.sub(rb'\\(\d{3})', lambda m: bytes([int(m[1], 8)]), shown)
                self.assertEqual(shown, os.fsencode(source))
                run('fusermount3', '-u', target)

    def test_header_is_optional(self):
        with open(DUMP_B, 'rb') as file:
            data = file.read()
        for head in (b'', b'allocinfo - version: 1.0\n' + HEADER.split(b'\n', 1)[1]):
            with Mount(head + data[len(HEADER):]) as mount:
                self.check_mounted(mount.path)
                self.assertTrue(mount.read(b'allocinfo').startswith(head or HEADER))

    def test_mount_and_umount(self):
        """mount(8) finds the program where it is installed; umount(8) ends it."""
        with Mount(DUMP_B) as mount:
            run('umount', mount.path)
            self.assertFalse(is_mounted(mount.path))
        with Mount(DUMP_B, foreground=True) as mount:
            run('umount', mount.path)
            self.assertEqual(mount.process.wait(2), 0)
        with Mount(DUMP_B, foreground=True) as mount:
            run('fusermount3', '-u', mount.path)
            self.assertEqual(mount.process.wait(2), 0)
        with Mount(DUMP_B, foreground=True) as mount:
            with open(mount(b'README'), 'rb'):
                self.assertNotEqual(subprocess.run(['umount', mount.path], check=False,
                                                   capture_output=True).returncode, 0)
                run('umount', '-l', mount.path)
            self.assertEqual(mount.process.wait(2), 0)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for busy in (False, True):
                with self.subTest(number=number, busy=busy), \
                        Mount(DUMP_B, foreground=True) as mount:
                    file = open(mount(b'README'), 'rb') if busy else None
                    started = time.monotonic()
                    mount.process.send_signal(number)
                    self.assertEqual(mount.process.wait(2), 0)
                    self.assertTrue(wait_until(lambda m=mount: not is_mounted(m.path), 2))
                    self.assertLess(time.monotonic() - started, 2)
                    if file:
                        self.assertIn(errno_of(file.close), (0, errno.ENOTCONN))

    def test_signal_with_relative_mountpoint(self):
        """The daemon works in / when it unmounts."""
        base, name = os.path.split(self.mnt)
        run(ALLOCFS, self.source, name, cwd=base)
        self.check_mounted(self.mnt)
        subprocess.run(['pkill', '-TERM', '-f', f'{ALLOCFS} {self.source} {name}'], check=True)
        self.assertTrue(wait_until(lambda: not is_mounted(self.mnt), 2))

    @unittest.skipIf(STACK, 'what the lower mount reads is not the upper one\'s to end')
    def test_signal_behind_a_long_read(self):
        with Mount(DUMP_B, foreground=True) as mount:
            with open(mount.dump + '.new', 'wb') as file:
                file.truncate(1 << 40)
            os.rename(mount.dump + '.new', mount.dump)
            time.sleep(0.2)
            reader = subprocess.Popen(['cat', mount.path + '/allocinfo'],
                                      stderr=subprocess.DEVNULL)
            time.sleep(0.3)
            self.assertIsNone(reader.poll())
            mount.process.send_signal(signal.SIGTERM)
            self.assertEqual(mount.process.wait(2), 0)
            self.assertTrue(wait_until(lambda: not is_mounted(mount.path), 2))
            self.assertNotEqual(reader.wait(2), 0)

    def test_operands_like_options_of_fstab(self):
        """What begins with x- is for mount(8) among options only."""
        done = subprocess.run([ALLOCFS, 'x-missing', self.mnt], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'x-missing', done.stderr)

    def test_foreground(self):
        with Mount(DUMP_B, foreground=True) as mount:
            self.check_mounted(mount.path)
            self.assertIsNone(mount.process.poll())

    def test_background(self):
        """The parent returns when the mount answers, and holds nothing of the caller's."""
        with open(self.path('log'), 'wb') as log:
            done = subprocess.run([ALLOCFS, self.source, self.mnt], stdout=log, stderr=log,
                                  timeout=20, check=False)
        self.assertEqual((done.returncode, slurp(self.path('log'))), (0, b''))
        self.check_mounted(self.mnt)
        # A pipe would block here were it still open in the daemon.
        self.assertEqual(run('fusermount3', '-u', self.mnt), b'')
        self.assertEqual(run(ALLOCFS, self.source, self.mnt), b'')
        self.check_mounted(self.mnt)

    def test_idle(self):
        with Mount(DUMP_B, foreground=True) as mount:
            mount.list(b'all')
            time.sleep(0.3)
            before = self.switches(mount.process.pid)
            time.sleep(2)
            self.assertEqual(self.switches(mount.process.pid), before)

    def switches(self, pid):
        tasks = f'/proc/{pid}/task'
        return {task: re.findall(rb'ctxt_switches:\s*(\d+)', slurp(f'{tasks}/{task}/status'))
                for task in os.listdir(tasks)}


class Others(unittest.TestCase):
    """Another user sees the tree only where the options let him."""

    def as_nobody(self, *command):
        return subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[],
                              capture_output=True, check=False).returncode == 0

    @unittest.skipIf(os.getuid() != 0, 'needs root to become another user')
    def test_access(self):
        group = f'gid={NOBODY},'
        for options, allowed in (('', False), ('umask=0', False), ('allow_other', False),
                                 ('allow_other,umask=0', True), ('allow_other,umask=0022', True),
                                 ('allow_other,umask=0027', False),
                                 ('allow_other,' + group + 'umask=0027', True),
                                 ('allow_other,' + group + 'umask=0077', False),
                                 (f'allow_other,uid={NOBODY}', True),
                                 (f'uid={NOBODY}', False), (group + 'umask=0027', False)):
            with self.subTest(options), Mount(DUMP_B, options) as mount:
                for command in (['ls', mount(b'all')], ['cat', mount(b'README')],
                                ['cat', mount(b'by-file/mm/.total')]):
                    self.assertEqual(self.as_nobody(*command), allowed, command)
                self.assertFalse(self.as_nobody('mkdir', mount(b'x')))
                self.assertTrue(mount.read(b'README'), 'root enters always')


if __name__ == '__main__':
    main()
