#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies of this python what some tests need, for a machine that has none.

usage: pack_python.py DIRECTORY TEST...

TEST: a program whose main() is guarded. DIRECTORY/bin/python3 works there with
PYTHONHOME=DIRECTORY. What is needed is found out by importing it; compiled here, as the machine is
slow.
"""
import os
import py_compile
import shutil
import sys
import sysconfig

# Imported only when something happens, or by no name that can be seen.
LATE = 'encodings.latin_1 encodings.ascii encodings.unicode_escape difflib pprint'.split()


def import_all(tests):
    """The files of all that the tests import, and of what that imports."""
    sys.dont_write_bytecode = True
    for test in tests:
        sys.path.insert(0, os.path.dirname(os.path.abspath(test)))
        __import__(os.path.basename(test).removesuffix('.py'))
    for name in LATE:
        __import__(name)
    return {os.path.realpath(module.__file__) for module in list(sys.modules.values())
            if getattr(module, '__file__', None)}


def pack(file, root, lib):
    """One module of the standard library, compiled or for the machine."""
    if file.endswith('.py'):
        inside = os.path.join(lib, os.path.relpath(file, root) + 'c')
        py_compile.compile(file, inside, doraise=True)
    else:
        inside = os.path.join(lib, 'lib-dynload', os.path.basename(file))
        copy_program(file, inside)


def copy_program(file, copy):
    """Executable, so that vmrun takes its libraries along."""
    shutil.copyfile(file, copy)
    os.chmod(copy, 0o755)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    home = sys.argv[1]
    root = os.path.realpath(sysconfig.get_path('stdlib'))
    lib = os.path.join(home, 'lib', 'python%d.%d' % sys.version_info[:2])
    os.makedirs(os.path.join(home, 'bin'))
    os.makedirs(os.path.join(lib, 'lib-dynload'))
    copy_program(os.path.realpath(sys.executable), os.path.join(home, 'bin', 'python3'))
    for file in sorted(import_all(sys.argv[2:])):
        if file.startswith(root + os.sep):
            pack(file, root, lib)


if __name__ == '__main__':
    main()
