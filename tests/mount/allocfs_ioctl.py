# SPDX-License-Identifier: GPL-2.0-or-later
"""The ioctls of allocinfo for the tests: both layouts by struct, and what a filter lets through.

An own description, from the facts about the kernel; nothing here is taken from the program.
"""
import fcntl
import os
import struct
from collections import namedtuple

CONTENT_ID = 0x8008a600
MODULE, FUNCTION, FILE, LINE, INACCURATE, MIN_SIZE, MAX_SIZE = (1 << bit for bit in range(7))

Record = namedtuple('Record', 'module function file line bytes calls accurate')
Filter = namedtuple('Filter', 'mask module function file line inaccurate min_size max_size',
                    defaults=(0, b'', b'', b'', 0, 0, 0, 0))


class Layout:
    """One of the two: numbers of commands, and where the fields are."""

    def __init__(self, name, get_at, get_next, tag, filter_tail):
        self.name, self.get_at, self.get_next = name, get_at, get_next
        self.record = struct.Struct('=' + tag + 'QQB7x')
        self.filter = struct.Struct('=Q' + tag + filter_tail)

    def pack_filter(self, rule):
        words = (rule.mask, rule.module, rule.function, rule.file, rule.line)
        sizes = (rule.min_size, rule.max_size)
        if self is V3:
            return self.filter.pack(*words, rule.inaccurate, *sizes)
        return self.filter.pack(*words, *sizes, rule.inaccurate)

    def unpack_record(self, data):
        module, function, file, *numbers = self.record.unpack(data)
        if self is V3:
            del numbers[1]  # of a filter alone
        return Record(*(word.rstrip(b'\0') for word in (module, function, file)), *numbers)


MAINLINE = Layout('mainline', 0xc1d0a601, 0x80e0a602, '64s64s64sQ', 'QQQ')
V3 = Layout('v3', 0xc1d8a601, 0x80e8a602, '64s64s64sQQ', 'QQ')
LAYOUTS = {layout.name: layout for layout in (MAINLINE, V3)}
EVERYTHING = Filter()


class Allocinfo:
    """An open file that answers the ioctls; each call raises OSError where the kernel says no."""

    def __init__(self, path, layout=MAINLINE, descriptor=None):
        self.layout = layout
        self.descriptor = os.open(path, os.O_RDONLY) if descriptor is None else descriptor

    def content_id(self):
        data = bytearray(8)
        fcntl.ioctl(self.descriptor, CONTENT_ID, data)
        return int.from_bytes(data, 'little')

    def get_at(self, position=0, rule=EVERYTHING):
        taken = struct.pack('=Q', position) + self.layout.pack_filter(rule)
        data = bytearray(taken + bytes(self.layout.record.size))
        fcntl.ioctl(self.descriptor, self.layout.get_at, data)
        if data[:len(taken)] != taken:
            raise AssertionError('what GET_AT takes is not what came back')
        return self.layout.unpack_record(data[len(taken):])

    def get_next(self):
        data = bytearray(self.layout.record.size)
        fcntl.ioctl(self.descriptor, self.layout.get_next, data)
        return self.layout.unpack_record(data)

    def walk(self, rule=EVERYTHING):
        """All records that pass, by GET_AT and GET_NEXT."""
        records, call = [], lambda: self.get_at(0, rule)
        while True:
            try:
                records.append(call())
            except FileNotFoundError:
                return records
            call = self.get_next

    def close(self):
        os.close(self.descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def record_of(tag):
    """What the ioctls give for a tag of a listing."""
    return Record((tag.module or b'')[-63:], tag.function[-63:], tag.file[-63:], tag.line,
                  tag.bytes % 2 ** 64, tag.calls % 2 ** 64, int(tag.accurate))


def passes(record, rule):
    """Whether a record passes a filter, as the kernel would say; words of a filter are cut."""
    tests = ((MODULE, record.module == rule.module), (FUNCTION, record.function == rule.function),
             (FILE, record.file == rule.file), (LINE, record.line == rule.line),
             (INACCURATE, record.accurate == (not rule.inaccurate)),
             (MIN_SIZE, record.bytes >= rule.min_size), (MAX_SIZE, record.bytes <= rule.max_size))
    return all(right for bit, right in tests if rule.mask & bit)
