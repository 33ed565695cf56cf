# SPDX-License-Identifier: GPL-2.0-or-later
"""Tags, their names, and listings: what "Names" and "Across snapshots" of docs/tree.md say.

Unlike the listings of the mount tests these have every name that the rules make: shortened ones,
modules that call themselves vmlinux, functions that begin with a digit.
"""
import hashlib
import re

from allocfs_mount import HEADER, LINE, RECORD, escape, normalise

LONGEST = 240
SHORTENED = re.compile(rb'[0-9a-f]{24}\+')


def shorten(name):
    """A name that leaves room for a rank."""
    if len(name) < LONGEST or len(name) == LONGEST and not SHORTENED.match(name):
        return name
    return hashlib.sha256(name).hexdigest()[:24].encode() + b'+' + name[-215:]


def signed(number):
    """A sum or difference as the 64 bits that a counter has."""
    return (number + 2 ** 63) % 2 ** 64 - 2 ** 63


class Tag:
    """One allocation site with its counter; calls are signed."""
    __slots__ = ('number', 'bytes', 'calls', 'file', 'line', 'module', 'function', 'accurate',
                 'site', 'text', 'path', 'whole_path', 'module_name', 'function_name', 'in_file',
                 'flat')

    def __init__(self, number, fields, counter, accurate):
        """fields: site, file, line, module or None, function; counter: bytes and calls."""
        self.number, self.accurate = number, accurate
        self.site, self.file, self.line, self.module, self.function = fields
        self.bytes, self.calls = counter
        self.whole_path = normalise(self.file)
        self.path = tuple(shorten(word) for word in self.whole_path)
        self.module_name = b'vmlinux' if self.module is None else \
            shorten(escape(self.module, self.module == b'vmlinux'))
        self.function_name = shorten(escape(self.function, self.function[:1].isdigit()))

    @property
    def fields(self):
        return self.site, self.file, self.line, self.module, self.function

    @property
    def origin(self):
        """What tells which tag of another listing it is, but for its line."""
        return self.file, self.module, self.function

    @property
    def key(self):
        """What ordinals are counted over."""
        return self.whole_path, self.line, self.function, self.module

    def set_names(self, ordinal):
        end = b'' if self.module is None else b',' + self.module_name
        if ordinal > 1:
            end = b',%s,%d' % (self.module_name, ordinal)
        in_file = b'%d,%s%s' % (self.line, self.function_name, end)
        self.in_file = shorten(in_file)
        self.flat = shorten(shorten(b','.join(self.path)) + b',' + in_file)

    def set_text(self, calls):
        """calls as they are printed: signed in a difference only."""
        self.text = b'%12d %8d %s%s \n' % (self.bytes, calls, self.site,
                                           b'' if self.accurate else b' accurate:no')

    @property
    def record(self):
        return RECORD.pack((self.module or b'')[-63:], self.function[-63:], self.file[-63:],
                           self.line, self.bytes % 2 ** 64, self.calls % 2 ** 64, self.accurate)

    @property
    def blocks(self):
        return -(-max(self.bytes, 0) // 512)

    @property
    def live(self):
        return self.bytes != 0 or self.calls != 0


class Listing:
    """Tags in order; `every` are those that names are looked up in, `tags` those of its sets."""
    is_difference = False

    def __init__(self, name, data):
        self.name, self.data = name, data
        self.every = self.tags = []
        for line in data[len(HEADER):].splitlines(True):
            found = LINE.match(line[:-1])
            size, calls, file, number, module, function, tail = found.groups()
            site = line[found.start(3):found.end(6)]
            tag = Tag(len(self.tags), (site, file, int(number), module, function),
                      (int(size), signed(int(calls))), b' accurate:no' not in tail)
            tag.set_text(int(calls))
            if tag.text != line:
                raise ValueError(f'not as the kernel writes it: {line!r}')
            self.tags.append(tag)
        self.finish()

    def finish(self):
        """Names and indices, when all tags are there."""
        seen = {}
        for tag in self.every:
            seen[tag.key] = seen.get(tag.key, 0) + 1
            tag.set_names(seen[tag.key])
        self.by_flat = {tag.flat: tag for tag in self.every}
        self.by_in_file = {(tag.path, tag.in_file): tag for tag in self.every}
        if len(self.by_flat) != len(self.every) or len(self.by_in_file) != len(self.every):
            raise ValueError('two tags of one name')
        self.known = {}  # sets that steps lead to: see Query

    def groups(self, key):
        groups = {}
        for tag in self.tags:
            groups.setdefault(key(tag), []).append(tag)
        return groups


def pairs(mine, theirs):
    """Tags of one module, file and function, now and then, that are the same."""
    found = []
    if len(mine) != len(theirs):
        by_line = {}
        for tag in theirs:
            by_line.setdefault(tag.line, []).append(tag)
        found = [(tag, by_line[tag.line].pop(0)) for tag in mine if by_line.get(tag.line)]
    taken = {id(tag) for pair in found for tag in pair}
    return found + list(zip([tag for tag in mine if id(tag) not in taken],
                            [tag for tag in theirs if id(tag) not in taken]))


def match(now, then):
    """The tag of then for each of now, or None; those of then that are left; how many guesses."""
    theirs = then.groups(lambda tag: tag.origin)
    mine = now.groups(lambda tag: tag.origin)
    found = [pair for group, tags in mine.items() for pair in pairs(tags, theirs.get(group, []))]
    before = {tag.number: other for tag, other in found}
    taken = {other.number for other in before.values()}
    return ([before.get(tag.number) for tag in now.tags],
            [tag for tag in then.tags if tag.number not in taken],
            sum(tag.line != other.line for tag, other in found))


class Difference(Listing):
    """now minus then: the tags of now, and behind them those that are gone."""
    is_difference = True

    def __init__(self, now, then):  # pylint: disable=super-init-not-called
        self.name = f'{now.name}-{then.name}'
        before, gone, self.guessed = match(now, then)
        self.every = []
        for mine, other in list(zip(now.tags, before)) + [(None, tag) for tag in gone]:
            halves = [tag for tag in (mine, other) if tag]
            sizes = [(tag.bytes, tag.calls) if tag else (0, 0) for tag in (mine, other)]
            tag = Tag(len(self.every), halves[0].fields,
                      [signed(a - b) for a, b in zip(*sizes)],
                      all(half.accurate for half in halves))
            tag.set_text(tag.calls)
            self.every.append(tag)
        self.tags = [tag for tag in self.every if tag.live]
        self.finish()


class Listings:
    """Those that can be current, and their differences, made when they are asked for."""

    def __init__(self, listings):
        self.listings, self.differences = listings, {}

    def __iter__(self):
        return iter(self.listings)

    def difference(self, now, then):
        if (now.name, then.name) not in self.differences:
            self.differences[now.name, then.name] = Difference(now, then)
        return self.differences[now.name, then.name]

    def of(self, data):
        """The one of this text, or None."""
        return next((listing for listing in self.listings if listing.data == data), None)
