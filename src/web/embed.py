#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the console as a C table (daemon/web.h): embed.py FILE... >web.c

index.html is served as /. The ETag is of the contents, so that a browser asks again after an upgrade and only then.
"""

import hashlib
import os
import sys

TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
}
BYTES_A_LINE = 20


def array(name, data):
    lines = (data[i:i + BYTES_A_LINE] for i in range(0, len(data), BYTES_A_LINE))
    body = ''.join('    ' + ','.join(str(byte) for byte in line) + ',\n' for line in lines)
    return f'static const unsigned char {name}[] = {{\n{body}}};\n'


def row(name, path, data):
    base = os.path.basename(path)
    url = '/' if base == 'index.html' else f'/{base}'
    kind = TYPES[os.path.splitext(base)[1]]
    etag = hashlib.sha256(data).hexdigest()[:16]
    return f'    {{ "{url}", "{kind}", "\\"{etag}\\"", {name}, sizeof({name}) }},\n'


def main():
    files = [(f'file_{i}', path, open(path, 'rb').read()) for i, path in enumerate(sys.argv[1:])]
    print('/* Made by src/web/embed.py. */\n#include "daemon/web.h"\n')
    for name, _, data in files:
        print(array(name, data))
    print('const struct web_file web_files[] = {')
    print(''.join(row(*file) for file in files), end='')
    print('    { NULL, NULL, NULL, NULL, 0 },\n};')


main()
