# SPDX-License-Identifier: GPL-2.0-or-later
"""mount(8), fstab and umount find allocfs by its name and hand its options on.

Each test has a mount namespace of its own, in which a tmpfs with the program lies over
/usr/local/bin: as installed, without installing.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

from allocfs_mount import ALLOCFS, DUMP_A, STACK, STACK_OPTIONS, Mount, main

INSTALL = '''set -eu
mount -t tmpfs none /usr/local/bin
install -m 755 "$ALLOCFS" /usr/local/bin/allocfs
shown() { grep " $mnt fuse.allocfs " /proc/self/mounts; }
gone() { for i in 1 2 3 4 5 6 7 8 9 10; do shown || return 0; sleep 0.2; done; return 1; }
'''


def why_not():
    """What keeps these tests from running, or None."""
    done = subprocess.run(['unshare', '-m', 'true'], capture_output=True, text=True, check=False)
    return f'no mount namespace of our own: {done.stderr.strip()}' if done.returncode else None


class Mount8(unittest.TestCase):
    def setUp(self):
        reason = why_not()
        if reason and not os.environ.get('ALLOCFS_TESTS_MUST_RUN'):
            self.skipTest(reason)
        self.base = tempfile.mkdtemp(prefix='allocfs-test-')
        self.addCleanup(shutil.rmtree, self.base)
        self.mnt = os.path.join(self.base, 'mnt')
        os.mkdir(self.mnt)
        self.source = DUMP_A
        if STACK:
            inner = Mount(DUMP_A, STACK_OPTIONS, foreground=True, stack=False)
            self.addCleanup(inner.close)
            self.source = inner(b'allocinfo')

    def shell(self, script):
        """What a script prints, run where allocfs is installed; it has to succeed."""
        environment = dict(os.environ, ALLOCFS=shutil.which(ALLOCFS), source=self.source,
                           mnt=self.mnt, base=self.base)
        done = subprocess.run(['unshare', '-m', 'sh', '-c', INSTALL + script], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_mount_and_umount(self):
        out = self.shell('''
            mount -t fuse.allocfs "$source" "$mnt"
            shown; ls "$mnt/all" | wc -l
            umount "$mnt"; gone && echo unmounted
            mount -t fuse.allocfs "$source" "$mnt"
            fusermount3 -u "$mnt"; gone && echo again''')
        for word in ('nosuid,nodev,noexec', 'default_permissions', '3143', 'unmounted', 'again'):
            self.assertIn(word, out)

    def test_options(self):
        out = self.shell('''
            mount -t fuse.allocfs "$source" "$mnt" \\
                -o allow_other,uid=nobody,gid=adm,umask=0027,max_age=50,dev,suid,exec
            shown; stat -c '%U %G %a' "$mnt" "$mnt/README"
            umount "$mnt"''')
        self.assertIn('nosuid,nodev,noexec', out)
        self.assertIn('allow_other', out)
        self.assertIn('nobody adm 550\nnobody adm 440\n', out)

    def test_fstab(self):
        out = self.shell('''
            echo "$source $mnt fuse.allocfs noauto,nofail,_netdev,x-test.word=1,umask=0007 0 0" \\
                >"$base/fstab"
            mount --fstab "$base/fstab" "$mnt"
            shown; stat -c '%a' "$mnt"
            umount "$mnt"; gone && echo unmounted''')
        self.assertIn('\n550\n', out)
        self.assertIn('unmounted', out)

    def test_refused(self):
        for options, word in (('remount', 'unmount it and mount it again'),
                              ('nonsense', 'nonsense'), ('umask=9', 'octal')):
            with self.subTest(options=options):
                out = self.shell(f'''
                    mount -t fuse.allocfs "$source" "$mnt"
                    if [ {options} != remount ]; then umount "$mnt"; fi
                    ! mount -t fuse.allocfs "$source" "$mnt" -o {options}
                    umount "$mnt" 2>/dev/null || true''')
                self.assertIn(word, out)


if __name__ == '__main__':
    main()
