# SPDX-License-Identifier: GPL-2.0-or-later
"""The listings of the soak: a part of each real one, among names made to be mistaken for others."""
from allocfs_mount import DUMP_A, DUMP_B, HEADER, LINE, slurp
from names import Listing

REAL, MADE_UP = 450, 250  # lines of each
WORDS = [b'', b'.', b'..', b'...', b'.x', b'x', b'X', b'-rf', b'+', b'0', b'1', b'7f', b'a,b',
         b'a%2Cb', b'%', b'%00', b'%2F', b'live', b'all', b'top', b'at', b'by-file', b'by-module',
         b'min-size', b'accurate', b'raw', b'sized', b'README', b'status', b'allocinfo',
         b'snapshots', b'since', b'vmlinux', b'.summary', b'.total', b'\xff\xfe', b'\xc3\xa9',
         b'\x01', b'\x7f', b'$x', b'*', b'~', b'"', b"'", b'\\', b'{', b';', b'=', b'#',
         b'x' * 63, b'x' * 64, b'w' + b'x' * 64, b'y' * 239, b'y' * 240, b'y' * 241, b'z' * 400,
         b'0' * 24 + b'+' + b'x' * 215, b'%' * 90]
PARTS = [b'mm', b'fs', b'a', b'a.c', b'b.c', b'.', b'..', b'', b'a b'] + WORDS
MODULES = [None] * 6 + [b'm', b'n', b'vmlinux', b'xfs', b'']
LINES = [0, 1, 2, 5, 7, 10, 100, 2 ** 32, 2 ** 64 - 1]
SIZES = [0, 0, 0, 1, 7, 511, 512, 513, 4096, 65536, 1 << 20, 1 << 24, (1 << 28) + 1, 1 << 40,
         10 ** 13, -1, -4096, -86241280]
CALLS = [0, 0, 1, 1, 2, 7, 99, 100, 101, 10000, 10 ** 9, 2 ** 64 - 1, 2 ** 64 - 21055]


def made_up_site(rand):
    """A site of words that mean something elsewhere in a path, or in a line."""
    file = b'/'.join(rand.choice(PARTS) for _ in range(rand.choice([1, 1, 2, 2, 3, 5])))
    if rand.random() < 0.05:
        file = b'd/' * rand.choice([50, 119, 120, 130]) + file
    module = rand.choice(MODULES + WORDS[:20])
    function = rand.choice(WORDS + [b'f', b'g', b'f.cold'])
    where = b'' if module is None else b' [%s]' % module
    return b'%s:%d%s func:%s' % (file, rand.choice(LINES), where, function)


def sites_of(path, rand):
    """Sites of a real listing in its order, whole neighbourhoods of them."""
    lines = slurp(path)[len(HEADER):].splitlines()
    start = rand.randrange(len(lines) - REAL // 2)
    chosen = sorted(set(rand.sample(range(len(lines)), REAL // 2)) |
                    set(range(start, start + REAL // 2)))
    return [lines[i][found.start(3):found.end(6)]
            for i in chosen for found in [LINE.match(lines[i])]]


def mixed(real, odd, rand):
    """Sites in an order that stays; some of the odd ones are there many times."""
    sites = list(real)
    for site in odd + rand.choices(odd, k=40) + rand.choices(odd, k=3) * 8:
        sites.insert(rand.randrange(len(sites) + 1), site)
    return sites


def patched(sites, rand):
    """The same kernel after a patch: lines moved, sites gone, come, and behind others."""
    found = [LINE.match(b'0 0 ' + site) for site in sites]
    files = sorted({each[3] for each in found})
    moved = {file: rand.choice([0, 0, 1, 7]) for file in files}
    out = []
    for site, each in zip(sites, found):
        line = int(each[4])
        if rand.random() < 0.06:
            continue
        if line < 2 ** 32:
            site = b'%s:%d%s' % (each[3], line + moved[each[3]], site[each.end(4) - 4:])
        out += [site] * rand.choice([1] * 30 + [2])
    block = rand.randrange(len(out) // 2)
    return out[block:] + out[:block] if rand.random() < 0.5 else out


def counted(name, sites, rand):
    """A listing of these sites with counters of all kinds, among them many equal ones."""
    lines = []
    for site in sites:
        counter = (rand.choice(SIZES), rand.choice(CALLS)) if rand.random() < 0.4 else \
            rand.choice([(0, 0), (0, 0), (rand.randrange(1 << rand.randrange(1, 36)),
                                          rand.randrange(1 << rand.randrange(1, 20)))])
        tail = b' accurate:no' if rand.random() < 0.05 else b''
        lines.append(b'%12d %8d %s%s \n' % (*counter, site, tail))
    return Listing(name, HEADER + b''.join(lines))


def recounted(name, listing, rand):
    """The same sites; some counters stay, so that there are differences of zero."""
    lines = []
    for tag in listing.tags:
        size, calls = tag.bytes, tag.calls
        if rand.random() < 0.5:
            size, calls = rand.choice([(0, 0), (size + 4096, calls + 1), (size, calls + 1),
                                       (size - 512, calls), (rand.choice(SIZES), calls)])
        tail = b'' if tag.accurate else b' accurate:no'
        lines.append(b'%12d %8d %s%s \n' % (size, calls % 2 ** 64, tag.site, tail))
    return Listing(name, HEADER + b''.join(lines))


def make(rand):
    """Five listings: of two kernels, one of them patched, with various counters."""
    odd = sorted({made_up_site(rand) for _ in range(MADE_UP)})
    rand.shuffle(odd)
    first = mixed(sites_of(DUMP_A, rand), odd, rand)
    other = mixed(sites_of(DUMP_B, rand), odd[::2] + [made_up_site(rand) for _ in range(60)], rand)
    listings = [counted('a', first, rand)]
    listings.append(recounted('a-later', listings[0], rand))
    listings.append(counted('patched', patched(first, rand), rand))
    listings.append(counted('b', other, rand))
    listings.append(recounted('b-later', listings[-1], rand))
    return listings
