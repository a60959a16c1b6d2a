#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dashboard.py CONF-GRAFANA ANALYST PUBLIC: runs the SQL of every panel and variable of the dashboard, with the macros
put in as Grafana does, by the connection of an analyst; those of the row "For everybody" by that of the public."""
import csv
import io
import json
import re
import subprocess
import sys

FROM, TO = "'2026-01-01T00:00:00Z'", "'2026-02-28T23:59:59Z'"
VARIABLES = {'by': 'queue', 'unit': 'month'}


def put_in(sql):
    """As the macro engine of Grafana's PostgreSQL source does."""
    sql = re.sub(r'\$__timeFilter\(([^()]*)\)', rf'\1 BETWEEN {FROM} AND {TO}', sql)
    sql = sql.replace('$__timeFrom()', FROM).replace('$__timeTo()', TO)
    sql = re.sub(r'\$\{(\w+):sqlstring\}', lambda m: "'" + VARIABLES[m[1]].replace("'", "''") + "'", sql)
    if '$' in sql:
        raise ValueError(f'a macro that nobody knows: {sql}')
    return sql


def rows(connection, sql):
    done = subprocess.run(['psql', '-XqtA', '--csv', '-P', 'tuples_only=off', '-v', 'ON_ERROR_STOP=1', connection],
                          input=put_in(sql), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def check(panel, connection, source):
    target, = panel['targets']
    if panel['datasource'] != source or target['datasource'] != source:
        raise ValueError('another data source')
    found = rows(connection, target['rawSql'])
    if not found:
        raise ValueError('nothing')
    if panel['type'] == 'timeseries':
        if target['format'] != 'time_series' or list(found[0]) != ['time', 'metric', 'value']:
            raise ValueError(f'no series: {list(found[0])}')
        if not any(r['value'] for r in found):
            raise ValueError('no values')
    elif panel['type'] in ('stat', 'bargauge'):
        [float(r['value']) for r in found]
    return len(found)


def main():
    folder, analyst, public = sys.argv[1:]
    with open(f'{folder}/jobsight.json', encoding='utf-8') as file:
        dashboard = json.load(file)
    with open(f'{folder}/datasource.yaml', encoding='utf-8') as file:
        text = file.read()
    source = {'type': re.search(r'^ *type: (\S+)', text, re.M)[1], 'uid': re.search(r'^ *uid: (\S+)', text, re.M)[1]}
    wrong, n, row = 0, 0, ''
    names = {v['name'] for v in dashboard['templating']['list']}
    used = set(re.findall(r'\$\{(\w+)', json.dumps(dashboard)))
    if used != names or names != set(VARIABLES):
        print(f'variables: {used} used, {names} there')
        wrong += 1
    for variable in dashboard['templating']['list']:
        if variable['type'] == 'query':
            choices = rows(analyst, variable['query'])
            wrong += not any(c['__value'] == variable['current']['value'] for c in choices)
    ids = [p['id'] for p in dashboard['panels']]
    wrong += len(ids) != len(set(ids))
    for panel in dashboard['panels']:
        if panel['type'] == 'row':
            row = panel['title']
            continue
        n += 1
        try:
            check(panel, public if row == 'For everybody' else analyst, source)
        except (ValueError, KeyError) as error:
            wrong += 1
            print(f'{row}: {panel["title"]}: {error}')
    print(f'{n} panels, {wrong} wrong')
    return 1 if wrong or n < 15 else 0


sys.exit(main())
