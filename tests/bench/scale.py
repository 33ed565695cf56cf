#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: scale.py ALLOCFS BENCH_SCALE [DATA [TAGS...]]

Mounts generated listings of many sizes and prints, for each, how long the mount took, the memory
that it keeps per tag, and what looking up, reading and listing cost (medians of three mounts). DATA
is where the table goes as well, to be plotted by scale.gp. Only ratios within one run mean something.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

COUNTS = [5_000, 50_000, 500_000, 1_000_000]
ROUNDS = 3
COLUMNS = ['tags', 'mount', 'rest', 'walked', 'forgotten', 'lookup', 'read-tag', 'list-file',
           'readdir-all']
UNITS = ['', 's', 'B/tag', 'B/tag', 'B/tag', 'us', 'us', 'us', 'us/entry']
TAGS_PER_FILE = 8


def write_listing(path, count):
    """About as many tags a file and as long names as a kernel has; returns the source files."""
    rand = random.Random(count)
    files = [f'drivers/d{n % 97}/sub{n % 13}/source_{n}.c' for n in range(count // TAGS_PER_FILE)]
    with open(path, 'w', encoding='ascii') as out:
        out.write('allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n')
        for number in range(count):
            size = rand.choice((0, 0, 0, 0, 4096, 192, 1 << 20))
            file = files[number // TAGS_PER_FILE % len(files)]
            module = f' [module{number % 150}]' if number % 3 else ''
            out.write(f'{size:12} {size // 64:8} {file}:{number % 4000 + 1}{module} '
                      f'func:function_name_{number % 50_000} \n')
    return files


def resident(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        return int(re.search(r'VmRSS:\s+(\d+)', status.read())[1]) * 1024


def forget_nodes():
    """Has the kernel drop what it knows of names; returns whether that is allowed."""
    try:
        with open('/proc/sys/vm/drop_caches', 'w', encoding='ascii') as file:
            file.write('2')
    except OSError:
        return False
    return True


def measure(allocfs, bench, listing, files, mount):
    """A row of the table without its first column."""
    count = len(files) * TAGS_PER_FILE
    start = time.monotonic()
    subprocess.run([allocfs, listing, mount], check=True)
    took = time.monotonic() - start
    pid = int(subprocess.run(['pgrep', '-f', f'^{allocfs} {listing} {mount}'], check=True,
                             capture_output=True).stdout.split()[0])
    rest = resident(pid) / count
    said = subprocess.run([bench, mount] + random.Random(1).sample(files, 200), check=True,
                          capture_output=True, text=True).stdout
    walked = resident(pid) / count
    forgotten = float('nan')
    if forget_nodes():
        time.sleep(1)
        forgotten = resident(pid) / count
    subprocess.run(['fusermount3', '-u', mount], check=True)
    return [took, rest, walked, forgotten] + [float(line.split()[1]) for line in said.splitlines()]


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    allocfs, bench = (os.path.abspath(path) for path in sys.argv[1:3])
    counts = [int(word) for word in sys.argv[4:]] or COUNTS
    table = [' '.join(f'{name:>11}' for name in COLUMNS), ' '.join(f'{unit:>11}' for unit in UNITS)]
    print('\n'.join(table), flush=True)
    with tempfile.TemporaryDirectory() as base:
        listing, mount = os.path.join(base, 'listing'), os.path.join(base, 'mount')
        os.mkdir(mount)
        for count in counts:
            files = write_listing(listing, count)
            rows = [measure(allocfs, bench, listing, files, mount) for _ in range(ROUNDS)]
            row = [count] + [median(column) for column in zip(*rows)]
            table.append(' '.join(f'{value:11.6g}' for value in row))
            print(table[-1], flush=True)
    if len(sys.argv) > 3:
        with open(sys.argv[3], 'w', encoding='ascii') as data:
            data.write('# ' + '\n# '.join(table[:2]) + '\n' + '\n'.join(table[2:]) + '\n')


if __name__ == '__main__':
    main()
