#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A mount that nobody uses costs nothing, and what the kernel remembers is not asked for again.

ALLOCFS_TEST_IDLE seconds nothing happens, 5; ALLOCFS_TEST_STATS stats, 300,000.
"""
import os
import re
import time
import unittest

import allocfs_mount as am
from allocfs_mount import Mount, slurp


def switches(pid):
    """How often the threads of a process have run, or have been made to wait."""
    return {task: re.findall(rb'ctxt_switches:\t(\d+)', slurp(f'/proc/{pid}/task/{task}/status'))
            for task in os.listdir(f'/proc/{pid}/task')}


def replies(pid):
    return int(re.search(rb'syscw: (\d+)', slurp(f'/proc/{pid}/io'))[1])


class Quiet(unittest.TestCase):
    def test_idle(self):
        with Mount(am.DUMP_A, foreground=True) as mount:
            for path in (b'.summary', b'since', b'all', b'top/10'):
                os.listdir(mount(path)) if path[:1] != b'.' else mount.read(path)
            time.sleep(1.5)  # What was asked for ends, timeouts of the kernel are over.
            before = switches(mount.process.pid)
            time.sleep(float(os.environ.get('ALLOCFS_TEST_IDLE', '5')))
            self.assertEqual(switches(mount.process.pid), before)

    def test_stats(self):
        with Mount(am.DUMP_A, foreground=True) as mount:
            path = mount(b'all/mm,slub.c,2478,alloc_slab_page')
            os.stat(path)
            start, before = time.monotonic(), replies(mount.process.pid)
            for _ in range(int(os.environ.get('ALLOCFS_TEST_STATS', '300000'))):
                os.stat(path)
            asked, seconds = replies(mount.process.pid) - before, time.monotonic() - start
            # Each second at most once for each component of the path, and the mount's root.
            self.assertLessEqual(asked, 3 * (int(seconds) + 1))


if __name__ == '__main__':
    am.main()
