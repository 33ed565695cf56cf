#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""From the tree to Prometheus: node_exporter reads .prom, Prometheus scrapes it, and is asked."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import allocfs_mount as am
from allocfs_mount import HEADER, Mount, Listing

EXPORTER, PROMETHEUS = 'prometheus-node-exporter', 'prometheus'
SECONDS = 60  # for all to start, on a slow machine

CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ['{exporter}']
"""


def free_address():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return '127.0.0.1:%d' % listener.getsockname()[1]


def fetch(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as answer:
        return answer.read().decode()


def fetched(url):
    try:
        return fetch(url)
    except OSError:
        return None


class Fleet(unittest.TestCase):
    """One host of a fleet."""

    def start(self, *command):
        process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def query(self, expression):
        """label set -> value."""
        answer = fetched(f'http://{self.prometheus}/api/v1/query?' +
                         urllib.parse.urlencode({'query': expression}))
        return [] if answer is None else json.loads(answer)['data']['result']

    def wait_for(self, condition, what):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.2)
        self.log.seek(0)
        raise AssertionError(f'{what}:\n{self.log.read().decode()[-3000:]}')

    def test_rules(self):
        """The rules of docs/ are well-formed."""
        rules = os.path.join(os.path.dirname(__file__), '../../docs/allocinfo.rules.yml')
        done = subprocess.run(['promtool', 'check', 'rules', rules], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(b'3 rules found', done.stdout)

    def test_top(self):
        self.log = tempfile.TemporaryFile()
        self.addCleanup(self.log.close)
        base = tempfile.mkdtemp(prefix='allocfs-test-')
        self.addCleanup(shutil.rmtree, base)
        mount = Mount(am.DUMP_A)
        self.addCleanup(mount.close)
        exporter, self.prometheus = free_address(), free_address()
        textfiles = os.path.join(base, 'textfiles')
        os.mkdir(textfiles)
        os.symlink(mount(b'min-size/1M/.prom'), os.path.join(os.fsencode(textfiles), b'alloc.prom'))
        with open(os.path.join(base, 'prometheus.yml'), 'w', encoding='ascii') as file:
            file.write(CONFIG.format(exporter=exporter))
        self.start(EXPORTER, '--collector.disable-defaults', '--collector.textfile',
                   f'--collector.textfile.directory={textfiles}', f'--web.listen-address={exporter}')
        self.start(PROMETHEUS, f'--config.file={base}/prometheus.yml',
                   f'--storage.tsdb.path={base}/data', f'--web.listen-address={self.prometheus}')
        listing = Listing.read(mount.dump)
        large = sorted((tag for tag in listing.tags if tag.bytes >= 1 << 20),
                       key=lambda tag: (-tag.bytes, tag.number))
        self.wait_for(lambda: 'allocinfo_up 1' in (fetched(f'http://{exporter}/metrics') or ''),
                      'node_exporter has no allocinfo_up')
        self.assertIn('node_textfile_scrape_error 0', fetch(f'http://{exporter}/metrics'))
        top = self.wait_for(lambda: self.query('topk(5, allocinfo_bytes)'),
                            'Prometheus has no allocinfo_bytes')
        self.assertEqual(
            [(each['metric']['file'], each['metric']['line'], each['metric']['function'],
              int(each['value'][1])) for each in top],
            [(tag.file.decode(), str(tag.line), tag.function.decode(), tag.bytes)
             for tag in large[:5]])
        count = self.query('count(allocinfo_bytes)')
        self.assertEqual(int(count[0]['value'][1]), len(large))
        total = self.query('sum(allocinfo_module_bytes)')
        self.assertEqual(int(total[0]['value'][1]), sum(tag.bytes for tag in large))
        # The listing changes, and with it what is scraped.
        mount.write(HEADER + b'%12d %8d mm/new.c:1 func:new \n' % (5 << 20, 5))
        found = self.wait_for(lambda: self.query('allocinfo_bytes{file="mm/new.c"}'),
                              'Prometheus does not see the new listing')
        self.assertEqual(int(found[0]['value'][1]), 5 << 20)


if __name__ == '__main__':
    MISSING = [name for name in (EXPORTER, PROMETHEUS) if not shutil.which(name)]
    if MISSING:
        print('skipped: not installed:', *MISSING)
        sys.exit(77)
    am.main()
