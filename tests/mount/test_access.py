#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: several users, every kind of node, the modes that options give.

What the kernel has to allow is computed here from owner, group and umask alone.
"""
import errno
import os
import stat
import unittest

import allocfs_mount as am
from allocfs_mount import Mount, Worker, errno_of

OWNER, GROUP, MEMBER, NOBODY = 4001, 4002, 4003, 65534

# user: uid, gid, further groups
USERS = {
    'root': (0, 0, []),
    'owner': (OWNER, OWNER, []),
    'member': (MEMBER, MEMBER, [GROUP]),
    'nobody': (NOBODY, NOBODY, []),
}

DIRECTORIES = ['', 'all', 'live', 'by-file', 'by-file/mm', 'by-file/mm/slub.c', 'by-module/vmlinux',
               'min-size', 'min-size/1M', 'top/10', 'snapshots', 'snapshots/s', 'snapshots/s/live',
               'since', 'since/s', 'since/s/all', 'sized', 'sized/all', 'raw/top/10']
FILES = ['README', 'status', 'allocinfo', '.summary', '.allocinfo', 'by-file/.totals',
         'all/mm,slub.c,2478,alloc_slab_page', 'by-file/mm/slub.c:2478', 'at/0', 'raw/at/0',
         'snapshots/s/allocinfo', 'since/s/.total', 'sized/at/0']

OPTIONS = [
    '', 'umask=0', f'uid={OWNER}', 'allow_other', f'allow_other,uid={OWNER}',
    f'allow_other,uid={OWNER},gid={GROUP},umask=0', f'allow_other,gid={GROUP},umask=0027',
    f'allow_other,gid={GROUP},umask=0007', f'allow_other,uid={OWNER},gid={GROUP},umask=0277',
    'allow_root', 'allow_other,umask=0333', f'allow_other,gid={GROUP},umask=0707', 'allow_other,umask=0022',
]


class Model:
    """What modes mean, as the manual has it; root passes but cannot run what nobody may."""

    def __init__(self, options, user):
        given = dict(option.partition('=')[::2] for option in options.split(',') if option)
        self.uid, self.gid = int(given.get('uid', 0)), int(given.get('gid', 0))
        self.umask = int(given.get('umask', '077'), 8)
        self.user = USERS[user]
        # Without allow_other the mounting user alone gets in, whoever the owner is.
        self.enters = 'allow_other' in given or user == 'root'

    def mode(self, name, is_dir):
        base = 0o777 if name == 'snapshots' else 0o555 if is_dir else 0o444
        return base & ~self.umask

    def may(self, name, is_dir, wanted):
        if self.user[0] == 0:
            return True
        mode = self.mode(name, is_dir)
        if self.user[0] == self.uid:
            bits = mode >> 6
        elif self.gid in [self.user[1]] + self.user[2]:
            bits = mode >> 3
        else:
            bits = mode
        return bits & wanted == wanted

    def passes(self, name):
        """Whether every directory above name can be searched."""
        parts = name.split('/')[:-1] if name else []
        above = [''] + ['/'.join(parts[:i + 1]) for i in range(len(parts))] if name else []
        return self.enters and all(self.may(each, True, 1) for each in above)

    def on(self, name, is_dir, wanted, otherwise=0):
        if not self.passes(name) or not self.may(name, is_dir, wanted):
            return errno.EACCES
        return otherwise


def become(user):
    uid, gid, groups = USERS[user]
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)


def read_all(path):
    with open(path, 'rb') as file:
        file.read()


def attempts(mount, user):
    """[operation, name, errno]: what happened to each."""
    become(user)
    done = []

    def attempt(what, name, call, *arguments):
        done.append([what, name, errno_of(call, *arguments)])
        return done[-1][2] == 0

    for name in DIRECTORIES:
        path = mount(name.encode())
        attempt('list', name, os.listdir, path)
        attempt('stat', name, os.stat, path)
        attempt('chdir', name, os.chdir, path)
        os.chdir('/')
        attempt('chmod', name, os.chmod, path, 0o700)
        if not name.startswith('snapshots'):
            attempt('mkdir', name, os.mkdir, path + b'/new')
    for name in FILES:
        path = mount(name.encode())
        attempt('read', name, read_all, path)
        attempt('stat', name, os.stat, path)
        attempt('write', name, os.open, path, os.O_WRONLY)
        attempt('truncate', name, os.truncate, path, 0)
        attempt('unlink', name, os.unlink, path)
    attempt('snapshot', 'a', os.mkdir, mount(b'snapshots/a'))
    moved = attempt('rename', 's', os.rename, mount(b'snapshots/s'), mount(b'snapshots/t'))
    attempt('drop', 's', os.rmdir, mount(b'snapshots/t' if moved else b'snapshots/s'))
    return done


def wanted(model, what, name):
    """The errors one of which is due, 0 for success."""
    parent = os.path.dirname(name)
    if what in ('snapshot', 'rename', 'drop'):
        return {model.on('snapshots', True, 3)}
    if what in ('list', 'stat', 'chdir'):
        need = {'list': 4, 'stat': 0, 'chdir': 1}[what]
        return {model.on(name, name in DIRECTORIES, need)}
    if what == 'read':
        return {model.on(name, False, 4)}
    # Before it asks whether anybody may enter, the kernel knows whose the root is.
    if not model.passes(name) and (what, name) != ('chmod', ''):
        return {errno.EACCES}
    if what == 'mkdir':
        return {model.on(name, True, 3, errno.EPERM)}
    if what == 'unlink':
        return {model.on(parent, True, 3, errno.EROFS)}
    # Owner or not, nothing can be written or changed.
    return {errno.EACCES, errno.EPERM, errno.EROFS}


@unittest.skipIf(os.geteuid() != 0, 'only root can become others')
class Access(am.MountCase):
    """Every user, every kind of node, every set of options."""

    def check(self, options, user):
        with Mount(am.DUMP_A, ','.join(filter(None, [options, f'snapshot=s={am.DUMP_A}']))) as mount:
            done, error = Worker(attempts, mount, user).wait()
            self.assertIsNone(error)
            model = Model(options, user)
            for what, name, got in done:
                self.assertIn(got, wanted(model, what, name), (options, user, what, name))
            return len(done), sum(got == 0 for _, _, got in done)

    def test_table(self):
        for options in OPTIONS:
            for user in USERS:
                with self.subTest(options=options, user=user):
                    count, allowed = self.check(options, user)
                    self.assertEqual(count, 5 * len(DIRECTORIES) - 3 + 5 * len(FILES) + 3)
                    if user == 'root':
                        self.assertGreater(allowed, count / 2)
                    elif 'allow_other' not in options:
                        self.assertEqual(allowed, 0)

    def test_attributes(self):
        for options in OPTIONS:
            with Mount(am.DUMP_A, options) as mount, self.subTest(options=options):
                model = Model(options, 'root')
                for name in ('', 'all', 'snapshots', 'README', 'allocinfo', '.total'):
                    got = os.stat(mount(name.encode()))
                    is_dir = stat.S_ISDIR(got.st_mode)
                    self.assertEqual((stat.S_IMODE(got.st_mode), got.st_uid, got.st_gid),
                                     (model.mode(name, is_dir), model.uid, model.gid), name)


if __name__ == '__main__':
    am.main()
