#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls that are none of the daemon's business: refused, or, in a build for this, deadly.

faults.c, preloaded into allocfs, tries them as if the daemon had.
"""
import errno
import os
import signal
import unittest

import allocfs_mount as am
from allocfs_faults import LIBRARY, FaultyMount

MODE = os.environ.get('ALLOCFS_SECCOMP', 'deny')  # as the build was told: deny, kill or off
FORBIDDEN = ('socket', 'execve', 'ptrace', 'mount', 'setuid', 'unlink', 'kill', 'bpf')


def attempt(mount, name):
    """Has the daemon try a call when it opens its source next; returns how a reader fares."""
    mount.faults.set('open', name)
    mount.write(am.slurp(am.DUMP_B))
    return am.errno_of(mount.read, b'.total')


@unittest.skipUnless(LIBRARY, 'ALLOCFS_FAULTS_LIBRARY does not name what is to be preloaded')
class Forbidden(unittest.TestCase):
    @unittest.skipUnless(MODE == 'deny', f'the build is to {MODE}')
    def test_denied(self):
        for name in FORBIDDEN:
            with self.subTest(name), FaultyMount(am.DUMP_A, 'max_age=0') as mount:
                self.assertEqual(attempt(mount, name), errno.EIO)
                self.assertGreater(mount.faults.hits, 0)
                self.assertTrue(mount.status('last-error').endswith('Function not implemented'))
                mount.faults.clear()
                self.assertEqual(mount.read(b'allocinfo'), am.slurp(am.DUMP_B))

    @unittest.skipUnless(MODE == 'kill', f'the build is to {MODE}')
    def test_killed(self):
        for name in FORBIDDEN:
            with self.subTest(name), FaultyMount(am.DUMP_A, 'max_age=0') as mount:
                self.assertNotEqual(attempt(mount, name), 0)
                self.assertEqual(mount.process.wait(5), -signal.SIGSYS)
                self.assertTrue(am.wait_until(lambda mount=mount: not am.is_mounted(mount.path)))


if __name__ == '__main__':
    am.main()
