#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mounted daemon may still do, and that its mount goes when it goes, however it goes."""
import errno
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

import allocfs_mount as am
from allocfs_faults import LIBRARY, Faults
from allocfs_mount import ALLOCFS, is_mounted, run, slurp, wait_until

USER = pwd.getpwnam('nobody').pw_uid  # fusermount3 wants to know a name
SANITIZED = am.is_sanitized()
READ_ANY_FILE = 1 << 2  # CAP_DAC_READ_SEARCH
UNMOUNT = 1 << 21  # CAP_SYS_ADMIN
OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'private']


def status(pid):
    return dict(line.split(':\t', 1) for line in
                slurp(f'/proc/{pid}/status').decode().splitlines())


def helper_of(process):
    """The process that waits to unmount, once it has taken its place: its pid."""
    def find():
        return subprocess.run(['pgrep', '-P', str(process.pid), '-x', 'allocfs-unmount'],
                              capture_output=True, check=False).stdout.split()

    if not wait_until(find):
        raise AssertionError('no helper')
    return int(find()[0])


def is_running(pid):
    """And not only waiting to be noticed as dead."""
    try:
        return status(pid)['State'][0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


@unittest.skipIf(os.geteuid() != 0, 'only root can become others')
class Case(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix='allocfs-test-')
        self.addCleanup(shutil.rmtree, self.base)
        os.chmod(self.base, 0o755)
        self.dump = os.path.join(self.base, 'dump.txt')
        shutil.copyfile(am.DUMP_A, self.dump)
        self.path = os.path.join(self.base, 'mnt')
        os.mkdir(self.path)

    def launch(self, user, options='', source=None, path=None, environment=None, wrapper=()):
        path = path or self.path
        os.chown(path, user, user)
        identity = {'user': user, 'group': user, 'extra_groups': []} if user else {}
        with open(os.path.join(self.base, 'log'), 'wb') as log:
            process = subprocess.Popen(
                [*wrapper, ALLOCFS, source or self.dump, path, '-f'] +
                (['-o', options] if options else []),
                stderr=log, env=environment, **identity)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(subprocess.run, ['umount', '-l', path], capture_output=True, check=False)
        return process

    def start(self, user, options='', source=None, path=None, wrapper=()):
        path = path or self.path
        process = self.launch(user, options, source, path, wrapper=wrapper)
        self.assertTrue(wait_until(lambda: is_mounted(path) or process.poll() is not None))
        self.assertIsNone(process.poll(), slurp(os.path.join(self.base, 'log')))
        return process


class Privileges(Case):
    def check(self, process, rights):
        def is_dropped():
            # One after the other.
            has = status(process.pid)
            return has['NoNewPrivs'] == '1' and int(has['CapPrm'], 16) == rights

        wait_until(is_dropped)
        if not SANITIZED:
            wait_until(lambda: status(process.pid)['Seccomp'] == '2')
        has = status(process.pid)
        self.assertEqual(has['NoNewPrivs'], '1')
        self.assertEqual({name: int(has[name], 16) for name in ('CapPrm', 'CapEff', 'CapInh', 'CapAmb')},
                         {'CapPrm': rights, 'CapEff': rights, 'CapInh': 0, 'CapAmb': 0})
        self.assertEqual(os.readlink(f'/proc/{process.pid}/cwd'), '/')
        if not SANITIZED:
            self.assertEqual(has['Seccomp'], '2')
            # What is not dumpable belongs to root, whoever runs it.
            self.assertEqual(os.stat(f'/proc/{process.pid}/environ').st_uid, 0)
        return has

    def test_of_root_with_a_dump(self):
        has = self.check(self.start(0), READ_ANY_FILE)
        self.assertEqual(int(has['CapBnd'], 16), 0)

    def test_of_root_with_ioctls(self):
        self.start(0)
        second = os.path.join(self.base, 'second')
        os.mkdir(second)
        has = self.check(self.start(0, source=os.path.join(self.path, 'allocinfo'), path=second), 0)
        self.assertEqual(int(has['CapBnd'], 16), 0)
        self.assertEqual(slurp(os.path.join(second, 'allocinfo')), slurp(self.dump))

    def test_of_a_user(self):
        self.check(self.start(USER), 0)

    def test_of_the_helper(self):
        helper = helper_of(self.start(0))
        rights = UNMOUNT | READ_ANY_FILE  # the latter for closed directories above the mountpoint
        wait_until(lambda: int(status(helper)['CapEff'], 16) == rights)
        has = status(helper)
        self.assertEqual(int(has['CapPrm'], 16), rights)
        self.assertEqual((has['NoNewPrivs'], int(has['CapBnd'], 16)), ('1', 0))
        files = os.listdir(f'/proc/{helper}/fd')
        self.assertEqual(len(files), 4, files)

    def test_of_a_container(self):
        """Root without the right to read whatever it likes, as containers have it."""
        process = self.start(0, wrapper=['setpriv', '--bounding-set=-dac_read_search'])
        self.check(process, 0)
        process.terminate()
        self.assertEqual(process.wait(3), 0)
        self.assertFalse(is_mounted(self.path))

    def test_a_dump_that_only_root_reads(self):
        """Of whoever it is, it can still be read again when it has changed."""
        os.chown(self.dump, USER, USER)
        os.chmod(self.dump, 0o600)
        self.start(0, 'max_age=0')
        total = os.path.join(self.path, '.total')
        first = slurp(total)
        with open(self.dump, 'ab') as file:
            file.write(b'%12d %8d mm/new.c:1 func:new \n' % (4096, 1))
        self.assertTrue(wait_until(lambda: slurp(total) != first))

    def test_without_the_right_to_read(self):
        os.chmod(self.dump, 0o600)
        os.chown(self.path, USER, USER)
        done = subprocess.run([ALLOCFS, self.dump, self.path], user=USER, group=USER,
                              extra_groups=[], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), 'Permission denied: the user who mounts')
        self.assertFalse(is_mounted(self.path))


class Ends(Case):
    """Root and a user; signals, crashes, umount; with options that change who unmounts."""

    def umount(self, process, user):
        run(*(['umount'] if user == 0 else ['fusermount3', '-u']), self.path)

    ENDS = [
        ('TERM', lambda self, process, user: process.terminate(), 0),
        ('INT', lambda self, process, user: process.send_signal(signal.SIGINT), 0),
        ('HUP', lambda self, process, user: process.send_signal(signal.SIGHUP), 0),
        ('umount', umount, 0),
        ('KILL', lambda self, process, user: process.kill(), -signal.SIGKILL),
        ('crash', lambda self, process, user: process.send_signal(signal.SIGSEGV), None),
    ]

    def check_end(self, user, options, busy, end):
        name, act, code = end
        process = self.start(user, options)
        helper = helper_of(process)
        # Root is kept out of a user's mount; what stands in the way of umount is left out there.
        held = os.open(self.path, os.O_RDONLY) if busy and user == 0 and name != 'umount' else None
        started = time.monotonic()
        act(self, process, user)
        self.assertEqual(process.wait(3), process.returncode if code is None else code)
        if code == 0:
            self.assertFalse(is_mounted(self.path), 'the daemon has not waited for it')
        self.assertTrue(wait_until(lambda: not is_mounted(self.path), 2 - (time.monotonic() - started)))
        self.assertEqual(os.listdir(self.path), [])
        self.assertTrue(wait_until(lambda: not is_running(helper)))
        if held is not None:
            self.assertIn(am.errno_of(os.listdir, held), (errno.ENOTCONN, errno.ECONNABORTED))
            os.close(held)

    def test_table(self):
        for user in (0, USER):
            for options in ('', 'auto_unmount') + (('allow_other', 'allow_other,auto_unmount')
                                                   if user == 0 else ()):
                for end in self.ENDS:
                    for busy in (False, True):
                        with self.subTest(user=user, options=options, end=end[0], busy=busy):
                            self.check_end(user, options, busy, end)

    @unittest.skipUnless(LIBRARY, 'ALLOCFS_FAULTS_LIBRARY does not name what is to be preloaded')
    def test_killed_as_soon_as_mounted(self):
        for user in (0, USER):
            for options in ('', 'auto_unmount'):
                with self.subTest(user=user, options=options):
                    path = os.path.join(self.base, 'faults')
                    faults = Faults(path, self.dump)
                    os.chmod(path, 0o666)
                    faults.set('mount', 'dies')
                    process = self.launch(user, options, environment=faults.environment)
                    self.assertEqual(process.wait(5), -signal.SIGKILL)
                    self.assertEqual(faults.hits, 1)
                    self.assertTrue(wait_until(lambda: not is_mounted(self.path), 2))

    def test_below_a_closed_directory(self):
        """Where root could not look but for one of its rights."""
        closed = os.path.join(self.base, 'closed')
        os.mkdir(closed, 0o700)
        os.chown(closed, USER, USER)
        path = os.path.join(closed, 'mnt')
        os.mkdir(path)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                process = self.start(0, path=path)
                process.send_signal(number)
                process.wait(3)
                self.assertTrue(wait_until(lambda: not is_mounted(path), 2))

    @unittest.skipUnless(LIBRARY, 'ALLOCFS_FAULTS_LIBRARY does not name what is to be preloaded')
    def test_no_daemon(self):
        """Who cannot become one says so, leaves no mount, and does not call that success."""
        faults = Faults(os.path.join(self.base, 'faults'), self.dump)
        faults.set('fork', errno.EAGAIN, 1)  # the first is that of the helper
        done = subprocess.run([ALLOCFS, self.dump, self.path], env=faults.environment,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, faults.hits), (1, 1))
        self.assertIn(b'Resource temporarily unavailable', done.stderr)
        self.assertTrue(wait_until(lambda: not is_mounted(self.path), 2))

    def test_without_standard_descriptors(self):
        """What is opened does not take their place."""
        for closed in ('<&-', '>&-', '2>&-', '<&- >&- 2>&-'):
            with self.subTest(closed):
                subprocess.run(['sh', '-c', f'exec "$@" {closed}', 'sh', ALLOCFS, self.dump,
                                self.path], check=True)
                self.assertEqual(slurp(os.path.join(self.path, 'allocinfo')), slurp(self.dump))
                run('umount', self.path)

    def test_memory_of_the_helper(self):
        """It keeps nothing of the listing."""
        with open(self.dump, 'ab') as file:
            file.writelines(b'%12d %8d mm/many.c:%d func:many_%d \n' % (i, i, i, i)
                            for i in range(100_000))
        process = self.start(0)
        self.assertTrue(slurp(os.path.join(self.path, '.total')))
        self.assertGreater(am.memory(process.pid), 10_000)
        self.assertLess(am.memory(helper_of(process)), 10_000)

    def test_another_mount_is_left_alone(self):
        """Who mounts there after this one was unmounted keeps his mount when this one ends."""
        process = self.start(0)
        os.kill(process.pid, signal.SIGSTOP)
        run('umount', '-l', self.path)
        other = self.start(0)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.5)
        self.assertTrue(is_mounted(self.path))
        self.assertEqual(slurp(os.path.join(self.path, 'allocinfo')), slurp(self.dump))
        self.assertIsNone(other.poll())

    def test_killed_together_with_the_helper(self):
        """Then a dead mount stays; the next start says what to do about it."""
        process = self.start(0)
        os.kill(helper_of(process), signal.SIGKILL)
        process.kill()
        process.wait()
        done = subprocess.run([ALLOCFS, self.dump, self.path], capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), 'an earlier mount died there.*fusermount3 -u')
        run('fusermount3', '-u', self.path)
        self.start(0)

    def test_log_of_a_daemon(self):
        """What goes wrong is told where syslog listens, here in a /dev of its own."""
        if subprocess.run([*OWN_MOUNTS, 'true'], capture_output=True, check=False).returncode != 0:
            self.skipTest('no name space of mounts can be had')
        dev = os.path.join(self.base, 'dev')
        os.mkdir(dev)
        for name in ('null', 'fuse', 'urandom'):
            os.mknod(os.path.join(dev, name), stat.S_IFCHR | 0o600, os.stat('/dev/' + name).st_rdev)
        script = ('mount --bind "$1" /dev && "$2" "$3" "$4" -o max_age=0 && rm "$3" && '
                  '! cat "$4/.total" && umount "$4"')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(os.path.join(dev, 'log'))
            listener.settimeout(5)
            subprocess.run([*OWN_MOUNTS, 'sh', '-c', script, 'sh', dev, ALLOCFS, self.dump,
                            self.path], stderr=subprocess.DEVNULL, check=True)
            message = listener.recv(4096).decode()
        self.assertRegex(message, r'^<\d+>.*allocfs\[\d+\]: ')
        self.assertIn(f'{self.dump}: No such file or directory', message)

    def test_daemon(self):
        """Started without -f it has no terminal left, and ends as well."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                run(ALLOCFS, self.dump, self.path)
                pid = int(subprocess.run(['pgrep', '-f', f'^{ALLOCFS} {self.dump}'],
                                         capture_output=True, check=True).stdout.split()[0])
                files = {os.readlink(f'/proc/{pid}/fd/{fd}') for fd in (0, 1, 2)}
                self.assertEqual(files, {'/dev/null'})
                os.kill(pid, number)
                self.assertTrue(wait_until(lambda: not is_mounted(self.path), 2))


def open_device_to_all():
    """Where /dev/fuse is root's alone: once again where it is not, in a name space of its own."""
    if os.geteuid() != 0 or os.stat('/dev/fuse').st_mode & 0o006 == 0o006:
        return
    tried = subprocess.run([*OWN_MOUNTS, 'true'], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        must_run = os.environ.get('ALLOCFS_TESTS_MUST_RUN')
        print(f'{"failed" if must_run else "skipped"}: {tried.stderr.strip()}')
        sys.exit(1 if must_run else 77)
    device = os.path.join(tempfile.mkdtemp(prefix='allocfs-test-'), 'fuse')
    os.mknod(device, stat.S_IFCHR | 0o666, os.stat('/dev/fuse').st_rdev)
    os.chmod(device, 0o666)
    script = 'mount --bind "$0" /dev/fuse && rm -r "$(dirname "$0")" && exec "$@"'
    os.execvp('unshare', [*OWN_MOUNTS, 'sh', '-c', script, device, sys.executable] + sys.argv)


if __name__ == '__main__':
    if os.path.exists('/dev/fuse'):
        open_device_to_all()
    am.main()
