# SPDX-License-Identifier: GPL-2.0-or-later
"""Random paths: what someone could ask, and the same with something wrong in it."""
from listings import WORDS as ODD
from model import FILTERS, LIMITS, PLAIN, PRESETS, RANKS, REPORTS, WAITING, WORDS

TYPED = sorted(REPORTS | FILTERS) + [
    b'at', b'sized', b'raw', b'README', b'status', b'allocinfo', b'snapshots', b'since', b'mm',
    b'vmlinux', b'0', b'1', b'5', b'1M', b'top', b'1Q', b'01', b'00', b'1kB', b'1KB', b'1Ki', b'2T',
    b'0x10', b'1.5M', b'-1', b'+1', b'K', b'18446744073709551615', b'18446744073709551616',
    b'16384P', b'16383PiB', b'18446PB', b'18447PB', b'9' * 250, b'9' * 256, b'x' * 255, b'x' * 256,
    b'x' * 1025, b'..x', b'...', b'.summaryx', b'mm:1', b':', b':1', b'a.c:', b'a.c:01', b'a.c:5x',
    b'%', b'%41', b'%6dm', b'1,', b',1', b'001,', b'123456789012345,f', b'\n', b'\x01', b'\xff']
FEW = sorted(WORDS)
MANY = sorted({**RANKS, **LIMITS, **PLAIN, b'by-file': 0})


class Paths:
    """Of one worker: knows its snapshots, by name."""

    def __init__(self, rand, listings, snapshots):
        self.rand, self.listings, self.snapshots = rand, list(listings), snapshots

    def chance(self, share):
        return self.rand.random() < share

    def world(self):
        """A world, as components, and a listing whose names it has or could have."""
        names, roll = sorted(self.snapshots), self.rand.random()
        if not names or roll < 0.5:
            return [], self.rand.choice(self.listings)
        name, other = self.rand.choice(names), self.rand.choice(names)
        listing = self.snapshots[self.rand.choice([name, other])]
        if roll < 0.7:
            return [b'snapshots', name], self.snapshots[name]
        if roll < 0.8:
            return [b'since', name], self.rand.choice([self.snapshots[name], *self.listings])
        return [b'since', name + b'..' + other], listing

    def number(self, kind, tag):
        if kind in RANKS:
            return b'%d' % self.rand.choice([1, 3, 10, 100, 650, 1234, 10 ** 14])
        value = max(tag.bytes if kind.endswith(b'-size') else tag.calls, 0)
        return self.rand.choice([*PRESETS[kind], b'%d' % value, b'%d' % (value + 1), b'0', b'1'] +
                                [b'4KiB', b'100kB', b'2MB', b'1G'] * kind.endswith(b'-size'))

    def step(self, kind, tag):
        if kind in PLAIN:
            return [kind]
        if kind == b'by-file':
            return [kind, *tag.path[:self.rand.randint(0, len(tag.path))]]
        if kind in WORDS:
            value = WORDS[kind](tag)
            return [kind, value if isinstance(value, bytes) else b'%d' % value]
        return [kind, self.number(kind, tag)]

    def steps(self, listing, tag):
        """Filters that tag passes, for the most part."""
        count = self.rand.choice([0, 1, 1, 1, 2, 2, 3, 5])
        kinds = self.rand.sample(FEW + MANY, count)
        parts, ranked = [], False
        for kind in kinds:
            other = tag if self.chance(0.95) else self.rand.choice(listing.every)
            parts += self.step(kind, other)
            ranked = ranked or kind in RANKS
        return parts, ranked, kinds[-1:]

    def last(self, listing, tag, ranked, kind, parts):
        """A file, a directory that waits for a value, or nothing more."""
        roll = self.rand.random()
        rank = self.rand.choice([b'001,', b'1,', b'12345678901234,']) \
            if ranked != self.chance(0.02) else b''
        if roll < 0.3 and kind != [b'by-file']:
            return [rank + tag.flat]
        if roll < 0.35:
            return [b'at', b'%d' % self.rand.choice([0, 1, 5, 50, len(listing.tags) - 1])]
        if roll < 0.6:
            return [self.rand.choice(sorted(REPORTS))]
        if roll < 0.7:
            waiting = self.rand.choice(sorted(WAITING))
            return [waiting] + ([self.rand.choice(sorted(REPORTS))] if self.chance(0.3) else [])
        if kind == [b'by-file'] and roll < 0.95:
            del parts[len(parts) - parts[::-1].index(b'by-file'):]
            if self.chance(0.3):
                return [*tag.path[:-1], b'%s:%d' % (tag.path[-1], tag.line)]
            return [*tag.path, rank + tag.in_file]
        return []

    def below(self, listing):
        tag = self.rand.choice(listing.every)
        parts, ranked, kind = self.steps(listing, tag)
        end = self.last(listing, tag, ranked, kind, parts)
        return parts + end

    def valid(self):
        """Valid in the main: names of one listing may be none of another."""
        world, listing = self.world()
        view = self.rand.choice([[], [], [], [b'sized'], [b'raw']])
        if self.chance(0.06):
            return world + view + [self.rand.choice(
                [b'README', b'status', b'allocinfo', b'allocinfo', b'snapshots', b'since', b''])]
        return world + view + self.below(listing)

    def random(self):
        parts = self.valid()
        for _ in range(self.rand.choice([0, 0, 0, 0, 0, 0, 1, 2])):
            parts = self.mutated(parts)
        return b'/'.join(parts).replace(b'\0', b'\1')

    def random_below(self, listing):
        """For a directory that has been opened."""
        parts = self.below(listing)
        if self.chance(0.3):
            parts = self.mutated(parts)
        return b'/'.join(parts).replace(b'\0', b'\1')

    def mutated(self, parts):
        """One thing wrong, or at least unusual."""
        parts = list(parts) or [b'']
        i, rand = rand_index(self.rand, parts), self.rand
        kind = rand.randrange(12)
        if kind == 0:
            del parts[i]
        elif kind == 1:
            parts.insert(i, parts[i])
        elif kind == 2:
            parts.insert(i + rand.randrange(2), rand.choice(TYPED + ODD))
        elif kind == 3:
            parts[i] = rand.choice(TYPED + ODD)
        elif kind == 4:
            j = rand_index(rand, parts)
            parts[i], parts[j] = parts[j], parts[i]
        elif kind == 5:
            parts[i] += rand.choice([b'x' * 256, b',2', b'0', b'.', b' ', b'%00', b':1', b'..',
                                     b'\n'])
        elif kind == 6:
            parts.append(rand.choice([b'', b'.', b'x', b'.total', b'/', b'all']))
        elif kind == 7:
            parts[i:i + 1] = rand.choice([[b'', parts[i]], [b'.', parts[i]],
                                          [parts[i], b'..', parts[i]], [parts[i]] * 500])
        elif parts[i]:
            parts[i] = self.other_bytes(parts[i], kind)
        return parts

    def other_bytes(self, word, kind):
        at, rand = rand_index(self.rand, word), self.rand
        byte = word[at:at + 1]
        if kind == 8:
            new = b'%%%02X' % byte[0]
        elif kind == 9:
            new = byte.swapcase() if byte.isalpha() else b''
        elif kind == 10:
            new = bytes([rand.randint(1, 255)])
        else:
            new = byte + bytes(rand.randint(1, 255) for _ in range(rand.randint(1, 4)))
        return word[:at] + new + word[at + 1:]


def rand_index(rand, row):
    return rand.randrange(len(row))
