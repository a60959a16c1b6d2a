#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""questions.py check|fill CONNECTION DOCUMENT: runs each ```sql block of the document that a ```text
block follows, as the role it connects as, and compares what psql prints with that block, or writes
it there. A block that begins with "jobsight" is left alone."""
import difflib
import re
import subprocess
import sys

PAIR = re.compile(r'```sql\n(.*?)```\n\n```text\n(.*?)```', re.S)


def answer(connection, sql):
    # The last column is not padded: editors take blanks at ends of lines away.
    done = subprocess.run(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'footer=off', connection],
                          input=sql, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'{sql}\n{done.stderr}')
    return ''.join(line.rstrip() + '\n' for line in done.stdout.rstrip('\n').split('\n'))


def main():
    verb, connection, path = sys.argv[1:]
    text = open(path, encoding='utf-8').read()
    n = wrong = 0

    def compare(match):
        nonlocal n, wrong
        n += 1
        got = answer(connection, match[1])
        if got != match[2]:
            wrong += 1
            if verb == 'check':
                print(f'question {n}:\n' + '\n'.join(difflib.unified_diff(match[2].split('\n'), got.split('\n'), 'document', 'database', lineterm='')))
        return f'```sql\n{match[1]}```\n\n```text\n{got}```'

    filled = PAIR.sub(compare, text)
    if verb == 'fill':
        open(path, 'w', encoding='utf-8').write(filled)
        return 0
    print(f'{n} questions, {wrong} answers differ')
    return 1 if wrong or n < 20 else 0


sys.exit(main())
