#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the pages of the knowledge base as a C table: embed-pages.py FOLDER OUTPUT DEPFILE

Every FOLDER/ID.md but README.md is a row of kb_entries (kb.h). DEPFILE names the pages and the folder, so that a page that is
changed, added or removed makes the table anew, and nobody has to list the pages a second time.
"""

import os
import sys


def literal(line):
    text = line.replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t').replace('?', '\\?')
    return f'        "{text}\\n"\n'


def row(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8') as page:
        lines = page.read().splitlines()
    text = ''.join(literal(line) for line in lines) or '        ""\n'
    return f'    {{ "{name[:-3]}",\n{text}    }},\n'


def escape(path):
    return path.replace(' ', '\\ ')


def main():
    folder, output, depfile = sys.argv[1:]
    names = sorted(n for n in os.listdir(folder) if n.endswith('.md') and n[0] != '.' and n != 'README.md')
    with open(output, 'w', encoding='utf-8') as file:
        file.write('/* Made by embed-pages.py of the pages of docs/kb. */\n#include "doctor/kb.h"\n\n')
        file.write('const struct kb_entry kb_entries[] = {\n')
        file.writelines(row(folder, name) for name in names)
        file.write('    { 0 },\n};\n')
    seen = [folder] + [os.path.join(folder, name) for name in names]
    with open(depfile, 'w', encoding='utf-8') as file:
        file.write(f'{escape(output)}: ' + ' '.join(escape(path) for path in seen) + '\n')


if __name__ == '__main__':
    main()
