# SPDX-License-Identifier: GPL-2.0-or-later
"""What files have to contain: bytes where the rules say them all, else a test of what was read."""
import csv
import io
import json
import re

from allocfs_mount import HEADER, utf8

IEC = {'B': 0, 'KiB': 10, 'MiB': 20, 'GiB': 30, 'TiB': 40, 'PiB': 50, 'EiB': 60}
CSV_HEADER = ['file', 'line', 'function', 'module', 'bytes', 'calls', 'accurate']


class Test:
    """Equal to whatever passes; says what it is when something did not."""

    def __init__(self, what, passes):
        self.what, self.passes = what, passes

    def __eq__(self, got):
        try:
            return bool(self.passes(got))
        except (ValueError, TypeError, KeyError, IndexError):
            return False

    def __repr__(self):
        return f'<{self.what}>'


def calls_of(query, rows):
    calls = sum(tag.calls for tag in rows)
    return calls if query.listing.is_difference else calls % 2 ** 64


def total(query, rows, path):
    """A line of .total; in a difference seconds stand in it, which only a clock knows."""
    start = b'%12d %8d tags:%d ' % (sum(tag.bytes for tag in rows), calls_of(query, rows),
                                    len(rows))
    end = b'/' + b'/'.join(path) + b'\n'
    if not query.listing.is_difference:
        return start + end
    return Test(f'{start} seconds:N {end}',
                lambda got: got.startswith(start) and got.endswith(end) and
                re.fullmatch(rb'seconds:-?\d+ ', got[len(start):len(got) - len(end)]))


def totals(query):
    """A line for each child, largest first; the order of equal ones is not said."""
    lines = {query.path + (name,): (rows, total(query, rows, query.path + (name,)))
             for name, rows in query.children().items()}

    def passes(got):
        got = got.splitlines(True)
        sizes = [int(line.split()[0]) for line in got]
        by_path = {tuple(line[:-1].partition(b' /')[2].split(b'/')): line for line in got}
        return len(got) == len(lines) == len(by_path) and \
            sizes == sorted(sizes, reverse=True) and \
            all(lines[path][1] == line for path, line in by_path.items())

    return Test(f'a total for each of {list(lines)[:20]}', passes)


def fields(query, tag):
    calls = tag.calls if query.listing.is_difference else tag.calls % 2 ** 64
    return [utf8(tag.file), tag.line, utf8(tag.function),
            None if tag.module is None else utf8(tag.module), tag.bytes, calls, tag.accurate]


def as_json(query):
    rows = lambda: [dict(zip(CSV_HEADER, fields(query, tag))) for tag in query.rows]
    return Test(f'json of {len(query.rows)} tags', lambda got: json.loads(got) == rows())


def as_csv(query):
    rows = lambda: [CSV_HEADER] + [
        ['' if value is None else str(value).lower() if isinstance(value, bool) else str(value)
         for value in fields(query, tag)] for tag in query.rows]
    return Test(f'csv of {len(query.rows)} tags', lambda got: list(csv.reader(
        io.StringIO(got.decode(), newline=''), strict=True)) == rows())


def folded(query):
    return b''.join(b'%s;%s:%d %d\n' % (b';'.join(tag.path), tag.function_name, tag.line, tag.bytes)
                    for tag in query.rows if tag.bytes > 0)


def summary(query):
    """One screen, and the numbers of all."""
    size, calls = (sum(getattr(tag, what) for tag in query.rows) for what in ('bytes', 'calls'))
    pattern = rf' *(-?[\d.]+) (\w+) +in {calls} allocations\n'
    count = rf'\n +{sum(tag.live for tag in query.rows)} +of {len(query.rows)} sites '
    if query.listing.is_difference:
        pattern = rf' *(-?[\d.]+) ([KMGTPE]?i?B).* {calls}  all {len(query.rows)} sites that '
        count = ''

    def passes(got):
        text = got.decode('latin-1')  # as is: how a snapshot is called
        found = re.search(pattern, text)
        unit = 1 << IEC[found[2]]
        return max(map(len, text.splitlines())) <= 80 and re.search(count, text) and \
            abs(float(found[1]) * unit - size) <= unit * 0.051

    return Test(f'summary of {size} bytes, {calls} calls, {len(query.rows)} tags', passes)


RENDERERS = {
    b'.allocinfo': lambda query: HEADER + b''.join(tag.text for tag in query.rows),
    b'.raw': lambda query: b''.join(tag.record for tag in query.rows),
    b'.total': lambda query: total(query, query.rows, query.path),
    b'.totals': totals,
    b'.json': as_json,
    b'.csv': as_csv,
    b'.folded': folded,
    b'.summary': summary,
    b'.prom': lambda query: Test('prom', lambda got: got.startswith(b'# HELP ')),
}


def status(listing):
    """That the numbers are those of one listing."""
    wanted = {'tags': len(listing.tags), 'bytes': sum(tag.bytes for tag in listing.tags),
              'inaccurate': sum(not tag.accurate for tag in listing.tags), 'skipped-lines': 0}

    def passes(got):
        rows = dict(row.split(': ', 1) for row in got.decode().splitlines())
        return all(rows[key] == str(value) for key, value in wanted.items())

    return Test(f'status with {wanted}', passes)


def content(file):
    """What reading a model.File gives: bytes or a Test."""
    query = file.query
    if file.kind == 'report':
        return RENDERERS[file.name](query)
    if file.kind == 'allocinfo':
        return query.listing.data
    if file.kind == 'status':
        return status(query.listing)
    if file.kind == 'README':
        return Test('README', lambda got: b'live/' in got and got.count(b'\n') > 10)
    return b''.join(tag.record if query.view == b'raw' else tag.text for tag in file.tags)


def attributes(file):
    """st_size and st_blocks; None for what is not said, or only a clock knows."""
    view = file.query.view
    if file.kind == 'tag':
        tag = file.tags[0]
        size = {b'raw': 224, b'sized': max(tag.bytes, 0)}.get(view, len(tag.text))
        return size, 0 if view == b'raw' else tag.blocks
    if file.kind == 'record':
        return (None if view == b'sized' else len(content(file))), None
    data = content(file)
    return (None if isinstance(data, Test) else len(data)), 0
