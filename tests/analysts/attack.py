#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What everybody may see of random sites, attacked by differences.

attack.py make         prints SQL of 24 months, each a random small site on two clusters whose dimensions
                       lie in one another more or less (partitions in clusters, sizes in node counts)
attack.py try ANSWERS  takes psql's lines "statistic|dimension|period|value|figure|people" and looks for
                       unions of groups of one dimension that, less groups of another within them,
                       leave rows of fewer than 5 people; prints what it finds
"""
import itertools
import random
import sys

MONTHS = [f'{2022 + m // 12}-{m % 12 + 1:02}-01' for m in range(24)]
LEAST = 5
DIMENSIONS = ('none', 'resource', 'queue', 'qos', 'nodecount', 'jobsize', 'gpucount', 'jobwalltime', 'exit_status')
CORES = ((1, '1'), (2, '2'), (4, '3 to 4'), (64, '33 to 64'), (128, '65 to 128'))


def jobs():
    """Rows: month, person, and a value of each dimension."""
    rng = random.Random(8)
    rows = []
    for month in MONTHS:
        people = [f'p{i:02}' for i in range(rng.randint(4, 26))]
        usual = rng.random()
        for person in people:
            home = rng.choice('ab')
            for _ in range(rng.randint(1, 4)):
                cluster = home if rng.random() < usual else rng.choice('ab')
                cores, size = CORES[min(int(rng.expovariate(.7)), 4)]
                queue = cluster + (rng.choice('xy') if cores < 64 else 'z')
                gpus = 1 if queue == 'bx' and rng.random() < .7 else 0
                minutes = rng.choice((5, 90, 400)) + rng.random()
                rows.append({
                    'month': month, 'person': person, 'resource': cluster, 'queue': queue, 'gpucount': str(gpus),
                    'qos': 'long' if minutes > 300 and rng.random() < .8 else 'normal',
                    'nodecount': str((cores + 63) // 64), 'jobsize': size, 'cores': cores, 'gpus': gpus, 'minutes': minutes,
                    'jobwalltime': '30 s to 30 min' if minutes < 30 else '1 to 5 h' if minutes < 300 else '5 to 10 h',
                    'exit_status': rng.choice(('COMPLETED',) * 8 + ('FAILED', 'TIMEOUT')), 'none': 'all'})
    return rows


def make():
    print('BEGIN; CREATE TEMPORARY TABLE c (id bigint, month date, person text, cluster text, queue text, qos text,'
          ' nodes integer, cores integer, gpus integer, state text, seconds float8);')
    print('INSERT INTO c VALUES')
    print(',\n'.join(
        f"({i}, '{r['month']}', '{r['person']}', '{r['resource']}', '{r['queue']}', '{r['qos']}', {r['nodecount']},"
        f" {r['cores']}, {r['gpus']}, '{r['exit_status']}', {r['minutes'] * 60:.0f})" for i, r in enumerate(jobs(), 1)) + ';')
    print("""
INSERT INTO warehouse.cluster (name) SELECT DISTINCT cluster FROM c ORDER BY 1;
INSERT INTO warehouse.person (name) SELECT DISTINCT person FROM c ORDER BY 1;
INSERT INTO warehouse.account (name) VALUES ('all');
INSERT INTO warehouse.partition (cluster_id, name) SELECT DISTINCT k.cluster_id, queue FROM c JOIN warehouse.cluster k ON k.name = cluster;
INSERT INTO warehouse.qos (name) SELECT DISTINCT qos FROM c ON CONFLICT DO NOTHING;
INSERT INTO warehouse.state (name) SELECT DISTINCT state FROM c ON CONFLICT DO NOTHING;
SELECT warehouse.create_month(t) FROM (SELECT DISTINCT date_trunc('month', month::timestamptz, 'UTC') AS t FROM c) m;
CREATE TEMPORARY TABLE j AS SELECT c.*, month + interval '10 days' AS start, month + interval '10 days' + seconds * interval '1 s' AS stop FROM c;
INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t)
	SELECT id, k.cluster_id, id, start, stop FROM j JOIN warehouse.cluster k ON k.name = cluster;
INSERT INTO warehouse.job (job_id, end_t, submit_t, start_t, raw_id, local_id, name, nodes, cores, gpus, person_id, account_id,
		cluster_id, partition_id, qos_id, state_id)
	SELECT id, stop, start, start, id, id::text, 'j', nodes, cores, gpus, p.person_id, 1, k.cluster_id, q.partition_id, o.qos_id, s.state_id
	FROM j JOIN warehouse.person p ON p.name = person JOIN warehouse.cluster k ON k.name = cluster
	JOIN warehouse.partition q ON q.name = queue JOIN warehouse.qos o ON o.name = qos JOIN warehouse.state s ON s.name = state;
COMMIT;
SELECT warehouse.refresh();""")


def subsets(cells):
    return itertools.chain.from_iterable(itertools.combinations(cells, n) for n in range(1, len(cells) + 1))


def read(path):
    shown = {}
    for line in open(path, encoding='utf-8'):
        statistic, dimension, period, value, _, people = line.rstrip('\n').split('|')
        shown.setdefault((statistic, period), {}).setdefault(dimension, {})[value] = int(people)
    return shown


def cells_of(rows, dimension, values):
    """Sets of rows, by the group they are shown in."""
    cells = {}
    for i, row in enumerate(rows):
        value = row[dimension] if row[dimension] in values else 'others'
        cells.setdefault(value, set()).add(i)
    unknown = set(values) - set(cells)
    assert not unknown, f'{dimension} has no {unknown}'
    return {v: s for v, s in cells.items() if v in values}


def attack(rows, shown, tell):
    """Every union of groups of one dimension, less every set of groups of another that lies in it."""
    tried = 0
    cells = {d: cells_of(rows, d, v) for d, v in shown.items()}
    people = [r['person'] for r in rows]
    for one, groups in cells.items():
        for value, group in groups.items():
            n = len({people[i] for i in group})
            if n < LEAST:
                tell(f'{one} {value}: {n} people')
        for other in cells:
            for union in subsets(list(groups)):
                whole = set().union(*(groups[v] for v in union))
                rest = whole.difference(*(s for s in cells[other].values() if s <= whole))
                tried += 1
                n = len({people[i] for i in rest})
                if 0 < n < LEAST:
                    tell(f'{one} {union} less what is in it by {other}: {n} people')
    return tried


def main():
    if sys.argv[1] == 'make':
        make()
        return 0
    found, tried, dimensions = [], 0, set()
    by_month = {}
    for row in jobs():
        by_month.setdefault(row['month'], []).append(row)
    for (statistic, period), shown in read(sys.argv[2]).items():
        dimensions |= set(shown)
        tried += attack(by_month[period], shown, lambda text, w=f'{statistic} {period}': found.append(f'{w}: {text}'))
    print('\n'.join(found[:20]))
    print(f'{tried} differences, by {len(dimensions)} dimensions: {len(found)} tell of a few')
    return 1 if found or tried < 1000 or len(dimensions) < 6 else 0


sys.exit(main())
