#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that ends while many read from it: they get errors, its mount is gone, and soon."""
import errno
import os
import signal
import subprocess
import time
import unittest

import allocfs_mount as am
from allocfs_mount import Mount, Worker, is_mounted, main, wait_until

READERS = 16
PATHS = (b'allocinfo', b'all/.json', b'by-module/.totals', b'.summary', b'top/20/.csv')
LISTED = (b'all', b'by-file/mm', b'top/100')
# What a reader meets when the mount goes; without it, the directory that is below.
GONE = {errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT, errno.EINTR, errno.EBADF}


def read_until_gone(base, number):
    """How many answers there were, and the first error."""
    answers = 0
    while True:
        try:
            if answers % 3 == 2:
                os.listdir(os.path.join(base, LISTED[(answers + number) % len(LISTED)]))
            else:
                am.slurp(os.path.join(base, PATHS[(answers + number) % len(PATHS)]))
        except OSError as error:
            return [answers, error.errno]
        answers += 1


class Load(unittest.TestCase):
    def check(self, options, end, code):
        with Mount(am.DUMP_A, options, foreground=True) as mount:
            workers = [Worker(read_until_gone, mount(), number) for number in range(READERS)]
            time.sleep(1)
            began = time.monotonic()
            end(mount)
            self.assertTrue(mount.has_ended(2), 'the daemon is still there')
            self.assertEqual(mount.process.returncode, code)
            self.assertTrue(wait_until(lambda: not is_mounted(mount.path),
                                       2 - (time.monotonic() - began)), 'still mounted')
            for said, error in [worker.wait() for worker in workers]:
                self.assertIsNone(error)
                self.assertGreater(said[0], 0)
                self.assertIn(said[1], GONE, errno.errorcode.get(said[1]))
            self.assertEqual(os.listdir(mount.path), [])

    def test_table(self):
        ends = {
            'TERM': (lambda mount: mount.process.terminate(), 0),
            'INT': (lambda mount: mount.process.send_signal(signal.SIGINT), 0),
            'KILL': (lambda mount: mount.process.kill(), -signal.SIGKILL),
            'crash': (lambda mount: mount.process.send_signal(signal.SIGSEGV),
                      1 if am.is_sanitized() else -signal.SIGSEGV),
            'umount -l': (lambda mount: am.run('umount', '-l', mount.path), 0),
        }
        for options in ('max_age=100', 'max_age=0'):
            for name, (end, code) in ends.items():
                if name == 'umount -l' and os.geteuid() != 0:
                    continue
                with self.subTest(name, options=options):
                    self.check(options, end, code)

    def test_umount_while_busy(self):
        """Refused as everywhere; who is lazy gets it, and those who are inside go on."""
        with Mount(am.DUMP_A, 'max_age=0', foreground=True) as mount:
            held = os.open(mount(b'by-module'), os.O_RDONLY)
            done = subprocess.run(['fusermount3', '-u', mount.path], capture_output=True,
                                  check=False)
            self.assertNotEqual(done.returncode, 0)
            am.run('fusermount3', '-uz', mount.path)
            self.assertFalse(is_mounted(mount.path))
            self.assertIn('vmlinux', os.listdir(held))
            self.assertIsNone(mount.process.poll())
            os.close(held)
            self.assertTrue(mount.has_ended(2))
            self.assertEqual(mount.process.returncode, 0)


if __name__ == '__main__':
    main()
