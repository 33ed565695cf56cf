# SPDX-License-Identifier: GPL-2.0-or-later
"""Mounts whose source fails on command: faults.c, preloaded into allocfs, sees to that."""
import mmap
import os
import struct

from allocfs_mount import Mount, slurp

LIBRARY = os.environ.get('ALLOCFS_FAULTS_LIBRARY')


class Faults:
    """What goes wrong with the source of one daemon; see faults.c for the words."""

    def __init__(self, path, source):
        with open(path, 'w+b') as file:
            file.truncate(4096)
            self.page = mmap.mmap(file.fileno(), 4096)
        preloaded = ':'.join(filter(None, (LIBRARY, os.environ.get('LD_PRELOAD'))))
        sanitizer = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        self.environment = dict(os.environ, LD_PRELOAD=preloaded, ALLOCFS_FAULTS=path,
                                ALLOCFS_FAULTS_SOURCE=source, ASAN_OPTIONS=sanitizer)

    def set(self, *words):
        self.clear()
        line = ' '.join(map(str, words)).encode()
        self.page[64:80] = bytes(16)
        self.page[1:64] = line[1:].ljust(63, b'\0')
        self.page[:1] = line[:1]

    def clear(self):
        self.page[:1] = b'\0'

    @property
    def hits(self):
        return struct.unpack_from('=Q', self.page, 72)[0]


class FaultyMount(Mount):
    """A mount in the foreground whose source can be made to fail, and what it logs."""

    def __init__(self, source, options=''):
        super().__init__(source, options, foreground=True, stack=False)

    def start(self, command, foreground, popen):
        self.faults = Faults(os.path.join(self.base, 'faults'), self.source)
        with open(os.path.join(self.base, 'log'), 'wb') as log:
            super().start(command, foreground, {'env': self.faults.environment, 'stderr': log})

    def log(self):
        return slurp(os.path.join(self.base, 'log')).decode().splitlines()

    def close(self):
        if hasattr(self, 'faults'):
            self.faults.clear()
        super().close()
