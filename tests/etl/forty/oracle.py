# SPDX-License-Identifier: Apache-2.0
"""The figures of jobs.csv, worked out from single jobs without SQL, to hold the warehouse against.

oracle.py questions         the questions, one a line: reading realm statistic dimension unit
oracle.py compare ANSWERS   compares what the warehouse answered; exit code 1 where it differs

README.md works some of the same figures out by hand.
"""
import csv
import functools
import math
import os
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo('Europe/Berlin')
FIRST, LAST = date(2023, 12, 1), date(2024, 11, 30)
MEASURED = '2024-11-02 06:00:00'
NUMBERS = ('cpu_user cpu_system cpu_idle cpu_user_cv cpu_max cpu_min max_memory memory_used mem_total flops cpiref '
           'cpldref membw catastrophe gpu_usage gpu0 energy ib_rx eth_rx sda_rd_ios memreq limit').split()


def seconds(text):
    return int(datetime.strptime(text, '%Y-%m-%d %H:%M:%S').replace(tzinfo=ZONE).timestamp())


def midnight(day):
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


class Job:
    def __init__(self, row):
        self.__dict__.update(row)
        for name in NUMBERS:
            setattr(self, name, float(row[name]) if row[name] else None)
        for name in ('id', 'nodes', 'cores', 'gpus', 'shared'):
            setattr(self, name, int(row[name]))
        self.submit = seconds(row['submit'])
        self.ended_at = seconds(row['end']) if row['end'] else None
        self.start = seconds(row['start']) if row['start'] else None
        self.end = self.ended_at or seconds(MEASURED)
        self.wall = self.end - self.start if self.start is not None else None
        self.wait = self.start - self.submit if self.start is not None else None


def read_jobs():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'jobs.csv')) as f:
        next(f)
        return [Job(row) for row in csv.DictReader(f)]


JOBS = read_jobs()


def periods(unit):
    day = FIRST
    found = []
    while day <= LAST:
        if unit == 'day':
            later = day + timedelta(1)
        else:
            months = {'month': 1, 'quarter': 3, 'year': 12}[unit]
            first = (day.year * 12 + day.month - 1) // months * months
            day = date(first // 12, first % 12 + 1, 1)
            later = date((first + months) // 12, (first + months) % 12 + 1, 1)
        found.append((day, later))
        day = later
    return found


class Part:
    """What of a job falls into a period."""

    def __init__(self, job, begin, end):
        self.job = job
        inside = lambda t: t is not None and begin <= t < end
        self.submitted = inside(job.submit)
        self.started = inside(job.start)
        self.ended = inside(job.ended_at)
        self.begin = job.start is not None and job.start < begin < job.end
        self.w = max(0, min(job.end, end) - max(job.start, begin)) if job.start is not None else 0
        self.share = self.w / job.wall if job.wall else float(self.started)
        self.is_there = self.submitted or self.started or self.ended or self.begin or self.w > 0

    def __getattr__(self, name):
        return getattr(self.job, name)


def div(a, b):
    return a / b if a is not None and b else None


def total(parts, f):
    values = [f(p) for p in parts]
    values = [v for v in values if v is not None]
    return sum(values) if values else None


def product(*values):
    return None if any(v is None for v in values) else math.prod(values)


def mean(get, weight, scale=1):
    def f(parts):
        own = [p for p in parts if get(p) is not None]
        top = total(own, lambda p: get(p) * weight(p))
        return product(scale, div(top, total(own, weight)))
    return f


def rate(get, per, weight):
    def f(parts):
        own = [p for p in parts if get(p) is not None]
        return div(total(own, lambda p: get(p) * per(p) * p.share), total(own, weight))
    return f


CORE = lambda p: p.cores * p.w
NODE = lambda p: p.nodes * p.w
GPU = lambda p: p.gpus * p.w
ONE = lambda p: 1
A = lambda name: lambda p: getattr(p, name)
RUN = lambda parts: sum(p.begin or p.started for p in parts)
count = lambda name: lambda parts: sum(getattr(p, name) and (name == 'submitted' or p.start is not None) for p in parts)
hours = lambda f: lambda parts: total(parts, f) / 3600
per_run = lambda f: lambda parts: div(total(parts, f) / 3600, RUN(parts))
size = lambda p, name: getattr(p, name) if p.begin or p.started else None


def error_of(f, which):
    def g(parts):
        values = [f(p) for p in parts if which(p)]
        if not values:
            return None
        m = sum(values) / len(values)
        return math.sqrt(sum((v - m) ** 2 for v in values)) / len(values)
    return g


def percentile(q, f, which):
    def g(parts):
        values = sorted(f(p) for p in parts if which(p) and f(p) is not None)
        if not values:
            return None
        place = q * (len(values) - 1)
        low = int(place)
        return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)
    return g


ENDED = lambda p: p.ended and p.start is not None
STARTED = lambda p: p.started
RAN = lambda p: p.begin or p.started
IMBALANCE = lambda p: product(100, 1 - p.cpu_min / p.cpu_max) if p.cpu_max is not None else None
HOMOGENEITY = lambda p: 100 * (1 - 1 / (1 + 1000 * p.catastrophe)) if p.catastrophe is not None else None
LIMIT = lambda p: product(p.limit, p.share) if p.limit is not None else None


def accuracy(parts):
    return product(100, least(div(total([p for p in parts if p.limit is not None], lambda p: p.w), total(parts, LIMIT)), 1))


def least(a, b):
    return None if a is None else min(a, b)


def expansion(parts):
    own = [p for p in parts if p.wall]
    return div(total(own, lambda p: (p.wall + p.wait) / p.wall * NODE(p)), total(own, NODE))


def extreme(f):
    return lambda parts: f((p.cores for p in parts if p.start is not None and p.cores), default=None)


def jobs_statistics():
    s = {
        'job_count': count('ended'), 'started_job_count': count('started'), 'submitted_job_count': count('submitted'),
        'running_job_count': RUN, 'cancelled_job_count': lambda ps: sum(p.ended and p.start is None for p in ps),
        'short_job_count': lambda ps: sum(ENDED(p) and p.wall < 30 for p in ps),
        'total_cpu_hours': hours(CORE), 'total_gpu_hours': hours(GPU), 'total_node_hours': hours(NODE),
        'total_wallduration_hours': hours(A('w')), 'avg_cpu_hours': per_run(CORE), 'avg_gpu_hours': per_run(GPU),
        'avg_node_hours': per_run(NODE), 'avg_wallduration_hours': per_run(A('w')),
        'total_waitduration_hours': lambda ps: div(total(filter(STARTED, ps), A('wait')), 3600),
        'avg_waitduration_hours': lambda ps: div(div(total(filter(STARTED, ps), A('wait')), 3600), count('started')(ps)),
        'avg_processors': lambda ps: div(total(ps, lambda p: size(p, 'cores')), RUN(ps)),
        'avg_gpus': lambda ps: div(total(ps, lambda p: size(p, 'gpus')), RUN(ps)),
        'avg_job_size_weighted_by_cpu_hours': mean(A('cores'), CORE),
        'avg_job_size_weighted_by_gpu_hours': mean(A('gpus'), GPU),
        'min_processors': extreme(min), 'max_processors': extreme(max), 'expansion_factor': expansion,
        'utilization': lambda ps: None,  # no nodes are known here: test-availability has them
        'active_person_count': lambda ps: len({p.user for p in ps if RAN(p)}),
        'active_pi_count': lambda ps: 0, 'active_resource_count': lambda ps: int(any(map(RAN, ps))),
        'requested_wall_time': lambda ps: div(total(ps, LIMIT), 3600), 'wall_time_accuracy': accuracy,
        'sem_avg_cpu_hours': error_of(lambda p: p.wall * p.cores / 3600, ENDED),
        'sem_avg_node_hours': error_of(lambda p: p.wall * p.nodes / 3600, ENDED),
        'sem_avg_gpu_hours': error_of(lambda p: p.wall * p.gpus / 3600, ENDED),
        'sem_avg_wallduration_hours': error_of(lambda p: p.wall / 3600, ENDED),
        'sem_avg_waitduration_hours': error_of(lambda p: p.wait / 3600, STARTED),
        'sem_avg_processors': error_of(A('cores'), RAN), 'sem_avg_gpus': error_of(A('gpus'), RAN),
        'median_processors': percentile(.5, A('cores'), ENDED),
    }
    for q, name in ((.5, 'median'), (.9, 'p90'), (.99, 'p99')):
        s[name + '_wait_hours'] = percentile(q, lambda p: p.wait / 3600, STARTED)
    for q, name in ((.5, 'median'), (.9, 'p90')):
        s[name + '_wall_hours'] = percentile(q, lambda p: p.wall / 3600, ENDED)
    return s


def performance_statistics():
    j = jobs_statistics()
    nothing = lambda ps: None
    s = {i: j[i] for i in ('job_count', 'started_job_count', 'submitted_job_count', 'running_job_count',
                           'short_job_count', 'requested_wall_time', 'wall_time_accuracy')}
    s.update({
        'wall_time': j['total_cpu_hours'], 'wall_time_per_job': j['avg_wallduration_hours'],
        'requested_wall_time_per_job': lambda ps: div(div(total(ps, LIMIT), 3600), RUN(ps)),
        'wait_time': j['total_waitduration_hours'], 'wait_time_per_job': j['avg_waitduration_hours'],
        'gpu_time': j['total_gpu_hours'], 'avg_cpuusercv_per_core': mean(A('cpu_user_cv'), CORE),
        'avg_cpuuserimb_per_core': mean(IMBALANCE, CORE), 'avg_flops_per_core': rate(A('flops'), A('cores'), CORE),
        'avg_cpiref_per_core': mean(A('cpiref'), CORE), 'avg_cpldref_per_core': mean(A('cpldref'), CORE),
        'avg_mem_bw_per_core': rate(A('membw'), ONE, CORE), 'avg_memory_per_core': mean(A('memory_used'), CORE),
        'avg_total_memory_per_core': mean(A('mem_total'), CORE), 'avg_max_memory_per_core': mean(A('max_memory'), CORE, 100),
        'avg_homogeneity': mean(HOMOGENEITY, NODE), 'avg_ib_rx_bytes': rate(A('ib_rx'), ONE, NODE),
        'avg_net_eth0_rx': rate(A('eth_rx'), ONE, NODE), 'avg_block_sda_rd_ios': rate(A('sda_rd_ios'), ONE, NODE),
        'gpu_time_active': lambda ps: div(total(ps, lambda p: product(p.gpu_usage, GPU(p))), 3600),
        'avg_percent_gpu_active': mean(A('gpu_usage'), GPU, 100),
        'gpu0_nv_utilization': lambda ps: div(total(ps, lambda p: product(p.gpu0, NODE(p))), 3600),
        'avg_percent_gpu0_nv_utilization': mean(A('gpu0'), NODE, 100)})
    for x in ('idle', 'system', 'user'):
        get = A('cpu_' + x)
        s['cpu_time_' + x] = lambda ps, get=get: div(total(ps, lambda p: product(get(p), CORE(p))), 3600)
        s['avg_percent_cpu_' + x] = mean(get, CORE, 100)
    for name in ('block_sda_rd_bytes block_sda_wr_ios block_sda_wr_bytes net_eth0_tx net_ib0_rx net_ib0_tx '
                 'netdir_home_write netdir_projects_write netdir_util_write netdrv_gpfs_rx netdrv_gpfs_tx '
                 'netdrv_isilon_rx netdrv_isilon_tx netdrv_panasas_rx netdrv_panasas_tx').split():
        s['avg_' + name] = nothing
    for q, name in ((.5, 'median'), (.9, 'p90')):
        for x in ('cpu_user', 'max_memory', 'gpu_usage'):
            s[name + '_' + x] = percentile(q, lambda p, x=x: product(100, getattr(p, x)), ENDED)
    return s


def category(p):
    if p.cpu_user is None:
        return -1
    return 2 if p.cpu_user < .1 and (1 if p.max_memory is None else p.max_memory) < .5 else 1


def efficiency_statistics():
    bad = lambda p: category(p) == 2
    known = lambda p: category(p) > 0
    core = lambda which: lambda ps: total(filter(which, ps), CORE) or 0
    return {
        'job_count': count('ended'), 'job_count_bad': lambda ps: sum(ENDED(p) and bad(p) for p in ps),
        'bad_job_ratio': lambda ps: product(100, div(sum(ENDED(p) and bad(p) for p in ps), sum(ENDED(p) and known(p) for p in ps))),
        'core_time': hours(CORE), 'core_time_bad': lambda ps: core(bad)(ps) / 3600,
        'bad_core_ratio': lambda ps: product(100, div(core(bad)(ps), core(known)(ps))),
        'wasted_core_hours': lambda ps: div(total(ps, lambda p: product(p.cpu_idle, CORE(p))), 3600),
        'wasted_core_ratio': mean(A('cpu_idle'), CORE, 100),
        'wasted_gpu_hours': lambda ps: div(total(ps, lambda p: product(1 - p.gpu_usage, GPU(p)) if p.gpu_usage is not None else None), 3600),
        'wasted_gpu_ratio': mean(lambda p: 1 - p.gpu_usage if p.gpu_usage is not None else None, GPU, 100),
        'wasted_memory_gib_hours': lambda ps: div(total(ps, lambda p: max(p.memreq - p.memory_used * p.cores, 0) * p.w
                                                        if None not in (p.memreq, p.memory_used) else None), 3600 * 2 ** 30),
        'wasted_limit_hours': lambda ps: div(total(filter(ENDED, ps), lambda p: max(p.limit - p.wall, 0) if p.limit is not None else None), 3600),
        'failed_core_hours': lambda ps: (total([p for p in ps if p.state == 'FAILED'], CORE) or 0) / 3600,
    }


def energy_statistics():
    own = lambda ps: [p for p in ps if p.energy is not None]
    return {
        'node_energy_kwh': lambda ps: div(total(ps, lambda p: product(p.energy, p.share)), 3.6e6),
        'node_power_w': rate(A('energy'), ONE, NODE),
        'kwh_per_core_hour': lambda ps: div(total(own(ps), lambda p: p.energy * p.share / 1000), total(own(ps), CORE)),
        'idle_energy_kwh': lambda ps: div(total(ps, lambda p: product(p.energy, p.share, p.cpu_idle)), 3.6e6),
        **{i: (lambda ps: None) for i in ('gpu_energy_kwh', 'cpu_energy_kwh', 'dram_energy_kwh', 'accounting_energy_kwh',
                                          'gpu_power_w', 'max_node_power_w')}}


def band(bounds):
    return lambda x: None if x is None else max(i for i, b in enumerate(bounds) if x >= b)


def upper(bounds, first):
    return lambda x: None if x is None else next(i for i, b in enumerate(bounds + [math.inf], first) if x <= b * (1 + 1e-7))


TIMES = band([0, 1, 30, 1800, 3600, 18000, 36000, 64800])
CORES = band([0, 1, 2, 3] + [2 ** n + 1 for n in range(2, 13)])
GPUS = band(list(range(9)) + [2 ** n + 1 for n in range(3, 13)])
PERCENT = upper([10 * n for n in range(1, 10)], 1)
DIMENSIONS = {  # of exact figures: (realm) id -> value of a part
    'Jobs': {
        'none': lambda p: 'all', 'person': A('user'), 'username': A('user'), 'resource': lambda p: 'alpha',
        'queue': A('partition'), 'qos': A('qos'), 'account': lambda p: p.account or None,
        'application': lambda p: p.app or None, 'exit_status': A('state'), 'nodecount': A('nodes'),
        **{i: (lambda p: None) for i in ('pi', 'institution', 'pi_institution', 'fieldofscience', 'parentscience',
                                         'nsfdirectorate', 'resource_type', 'provider', 'project', 'business', 'domain')},
        '#jobsize': lambda p: CORES(p.cores), '#gpucount': lambda p: GPUS(p.gpus),
        '#jobwalltime': lambda p: TIMES(p.wall), '#jobwaittime': lambda p: TIMES(p.wait)},
    'SUPREMM': {
        'datasource': lambda p: 'pcp', 'granted_pe': A('cores'), '#shared': A('shared'),
        '#cpuuser': lambda p: PERCENT(product(100, p.cpu_user)), '#max_mem': lambda p: PERCENT(product(100, p.max_memory)),
        '#wall_time_accuracy_bucketid': lambda p: PERCENT(product(100, div(p.wall, p.limit))),
        '#gpu_usage_bucketid': lambda p: PERCENT(product(100, p.gpu_usage)),
        '#gpu0_nv_utilization_bucketid': lambda p: PERCENT(product(100, p.gpu0)),
        '#cpi': lambda p: upper([.4, .5, .6, .7, .8, .9, 1, 1.1, 1.2], 2)(p.cpiref),
        '#cpucv': lambda p: upper([.1, .2, .4, .8, 1.6, 3.2, 6.4], 1)(p.cpu_user_cv),
        **{'#' + i: lambda p: upper([1e-4, 1e-3, .01, .1, .5, 1, 1.5], 1)(p.catastrophe)
           for i in ('catastrophe_bucket_id', 'homogeneity_bucket_id')},
        '#ibrxbyterate_bucket_id': lambda p: upper([10 ** n for n in range(2, 11)], 2)(
            div(p.ib_rx, p.wall * p.nodes) if p.wall is not None else None),
        **{'#netdrv_%s_rx_bucket_id' % i: (lambda p: None) for i in ('gpfs', 'isilon', 'panasas')}},
    'JobEfficiency': {'#category': category},
}
STATISTICS = {'Jobs': jobs_statistics(), 'SUPREMM': performance_statistics(),
              'JobEfficiency': efficiency_statistics(), 'Energy': energy_statistics()}
BY = {'Jobs': ['total_cpu_hours', 'running_job_count', 'submitted_job_count', 'active_person_count'],
      'SUPREMM': ['wall_time', 'avg_percent_cpu_user', 'job_count'], 'JobEfficiency': ['wasted_core_hours'], 'Energy': []}


@functools.lru_cache(maxsize=None)
def parts_of(first, later):
    parts = [Part(job, midnight(first), midnight(later)) for job in JOBS]
    return [p for p in parts if p.is_there]


def exact(realm, statistic, dimension, unit):
    of = {**DIMENSIONS['Jobs'], **DIMENSIONS.get(realm, {})}
    value = of.get(dimension) or of['#' + dimension]
    spans = [(FIRST, LAST + timedelta(1))] if unit == 'total' else periods(unit)
    for first, later in spans:
        groups = defaultdict(list)
        for part in parts_of(first, later):
            groups[value(part)].append(part)
        for v, parts in groups.items():
            yield str(first), 'None' if v is None else str(v), STATISTICS[realm][statistic](parts)


# ---- As Open XDMoD has it -------------------------------------------------------------------------

class Row(defaultdict):
    """A row of the aggregate: sums over the jobs of one combination of keys."""

    def __init__(self, key):
        super().__init__(lambda: None)
        self.key = key

    def add(self, name, value):
        if value is not None:
            self[name] = value if self[name] is None else self[name] + value


def peer_key(j):
    return (j.user, j.account, j.partition, j.app, j.state, j.nodes, j.cores, j.gpus, j.shared, PEER_BUCKETS['jobwalltime'](j),
            *[PEER_BUCKETS[b](j) for b in sorted(PEER_BUCKETS)])


def na(low, bounds, first):  # NULL and what is not above 0: low
    return lambda x: low if x is None or x <= 0 else next(i for i, b in enumerate(bounds + [math.inf], first) if x <= b * (1 + 1e-12))


NA_PERCENT = na(0, [10 * n for n in range(1, 10)], 1)
PEER_BUCKETS = {
    'jobwalltime': lambda j: TIMES(j.wall), 'cpuuser': lambda j: NA_PERCENT(product(100, j.cpu_user)),
    'max_mem': lambda j: NA_PERCENT(product(100, j.max_memory)),
    'wall_time_accuracy_bucketid': lambda j: NA_PERCENT(product(100, div(j.wall, j.limit))),
    'gpu_usage_bucketid': lambda j: 0 if j.gpu_usage is None else min(int(j.gpu_usage * 10), 9) + 1,
    'gpu0_nv_utilization_bucketid': lambda j: NA_PERCENT(product(100, j.gpu0)),
    'cpi': lambda j: na(1, [.4, .5, .6, .7, .8, .9, 1, 1.1, 1.2], 2)(j.cpiref),
    # a coefficient of variation that is left out of a document is 0 where the mean is there
    'cpucv': lambda j: na(0, [.1, .2, .4, .8, 1.6, 3.2, 6.4], 1)(j.cpu_user_cv),
    'catastrophe_bucket_id': lambda j: 9 if j.catastrophe is None else upper([1e-4, 1e-3, .01, .1, .5, 1, 1.5], 1)(j.catastrophe),
    'homogeneity_bucket_id': lambda j: PEER_BUCKETS['catastrophe_bucket_id'](j),
    'ibrxbyterate_bucket_id': lambda j: na(1, [10 ** n for n in range(2, 11)], 2)(div(j.ib_rx, j.wall * j.nodes) if j.ib_rx else None),
    'netdrv_gpfs_rx_bucket_id': lambda j: 0, 'netdrv_isilon_rx_bucket_id': lambda j: 0, 'netdrv_panasas_rx_bucket_id': lambda j: 0,
    'jobsize': lambda j: upper([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096], 1)(j.cores),
    'gpucount': lambda j: GPUS(j.gpus) + 1}
PEER_NAMES = {
    'none': lambda j: -9999, 'person': A('user'), 'username': A('user'), 'resource': lambda j: 'alpha', 'queue': A('partition'),
    'application': lambda j: j.app or 'NA', 'exit_status': A('state'), 'datasource': lambda j: 'pcp', 'granted_pe': A('cores'),
    'nodecount': A('nodes'), 'shared': A('shared'), 'provider': lambda j: 1,
    **{i: (lambda j: -1) for i in ('pi', 'institution', 'pi_institution', 'fieldofscience', 'parentscience', 'nsfdirectorate')}}


def cut(value):
    return min(value, 2 ** 31 - 1)


@functools.lru_cache(maxsize=None)
def peer_rows(begin, later):
    rows = {}
    last = later - 1
    for j in JOBS:
        if j.ended_at is None or j.start is None or j.start > last or j.end < begin:
            continue
        r = rows.setdefault(peer_key(j), Row(j))
        f = (min(j.end, last) - max(j.start, begin) + 1) / (j.end - j.start + 1)
        cv = j.cpu_user_cv if j.cpu_user_cv is not None else 0 if j.cpu_user is not None else None
        imbalance = None if j.cpu_max is None else 0 if j.cores == 1 else div(100 * (j.cpu_max - j.cpu_min), j.cpu_max)
        r.add('job_count', j.end <= last)
        r.add('started', j.start >= begin)
        r.add('submitted', begin <= j.submit <= last)
        r.add('running', 1)
        r.add('wall', j.wall * f)
        r.add('limit', (j.limit or 0) * f)
        r.add('wait', j.wait if j.start >= begin else 0)
        r.add('cpu', cut(j.wall * j.cores) * f)
        r.add('node', cut(j.wall * j.nodes) * f)
        r.add('gpu', cut(j.wall * j.gpus) * f)
        r.add('gpu_active', product(j.gpu_usage, j.wall * j.gpus, f))
        r.add('gpu0', product(j.gpu0, j.wall * j.nodes, f))
        r.add('homogeneity', (HOMOGENEITY(j) or 0) * j.nodes * j.wall * f)
        for name, x in (('cpu_user_cv', cv), ('imbalance', imbalance), ('cpiref', j.cpiref), ('cpldref', j.cpldref),
                        ('memory_used', j.memory_used), ('mem_total', j.mem_total), ('max_memory', j.max_memory)):
            r.add(name, product(x, j.cores, j.wall, f))
        for x in ('idle', 'system', 'user'):
            r.add('cpu_' + x, product(getattr(j, 'cpu_' + x), cut(j.wall * j.cores), f))
        r.add('flops', product(j.flops, f))
        r.add('membw', product(j.membw, 1 / 1000, f))
        for name, x in (('ib_rx', j.ib_rx or None), ('eth_rx', j.eth_rx), ('sda_rd_ios', j.sda_rd_ios)):
            r.add(name, product(x, f))
            r.add(name + '_k', product(j.nodes, j.wall, f) if x is not None else 0)
        for name, n in (('cpu_user', j.cores), ('flops', j.cores), ('cpiref', j.cores), ('cpldref', j.cores), ('membw', j.cores),
                        ('memory_used', j.cores), ('max_memory', j.cores), ('catastrophe', j.nodes), ('gpu_usage', j.nodes), ('gpu0', j.nodes)):
            r.add(name + '_k', n * j.wall * f if getattr(j, name) is not None else 0)
    return list(rows.values())


def weighted(measure, weight, per=lambda r: r.key.cores, scale=1):
    def f(rows):
        own = [r for r in rows if r[measure] is not None]
        top = total([r for r in own if r['wall']], lambda r: r[measure] / r['wall'] / per(r) * r[weight])
        return product(scale, div(top, total(own, A_key(weight))))
    return f


def A_key(name):
    return lambda r: r[name]


def percent(measure, whole, weight):
    def f(rows):
        own = [r for r in rows if r[measure] is not None]
        return div(total([r for r in own if r[whole]], lambda r: 100 * r[measure] / r[whole] * r[weight]), total(own, A_key(weight)))
    return f


PER_NODE = lambda r: r.key.nodes
SUM = lambda name: lambda rows: total(rows, A_key(name))
HOURS = lambda name: lambda rows: div(total(rows, A_key(name)), 3600)
OR_0 = lambda f: lambda rows: f(rows) or 0
PEER = {
    'job_count': SUM('job_count'), 'started_job_count': SUM('started'), 'submitted_job_count': SUM('submitted'),
    'running_job_count': SUM('running'),
    'short_job_count': lambda rows: sum(r['job_count'] for r in rows if r.key.wall < 30),
    'wall_time': lambda rows: total(rows, lambda r: r['wall'] * r.key.cores) / 3600,
    'wall_time_per_job': lambda rows: SUM('wall')(rows) / SUM('running')(rows) / 3600,
    'requested_wall_time': HOURS('limit'),
    'requested_wall_time_per_job': lambda rows: SUM('limit')(rows) / SUM('running')(rows) / 3600,
    'wall_time_accuracy': lambda rows: 100 * min(div(SUM('wall')(rows), SUM('limit')(rows)) or 0, 1),
    'wait_time': HOURS('wait'), 'wait_time_per_job': OR_0(lambda rows: div(SUM('wait')(rows) / 3600, SUM('started')(rows))),
    **{'cpu_time_' + x: HOURS('cpu_' + x) for x in ('idle', 'system', 'user')},
    **{'avg_percent_cpu_' + x: percent('cpu_' + x, 'cpu', 'cpu_user_k') for x in ('idle', 'system', 'user')},
    'avg_cpuusercv_per_core': weighted('cpu_user_cv', 'cpu_user_k'), 'avg_cpuuserimb_per_core': weighted('imbalance', 'cpu_user_k'),
    'avg_flops_per_core': weighted('flops', 'flops_k', lambda r: 1), 'avg_cpiref_per_core': weighted('cpiref', 'cpiref_k'),
    'avg_cpldref_per_core': weighted('cpldref', 'cpldref_k'), 'avg_mem_bw_per_core': weighted('membw', 'membw_k'),
    'avg_memory_per_core': weighted('memory_used', 'memory_used_k'),
    'avg_total_memory_per_core': weighted('mem_total', 'memory_used_k'),
    'avg_max_memory_per_core': weighted('max_memory', 'max_memory_k', scale=100),
    'avg_homogeneity': weighted('homogeneity', 'catastrophe_k', PER_NODE),
    'avg_ib_rx_bytes': weighted('ib_rx', 'ib_rx_k', PER_NODE), 'avg_net_eth0_rx': weighted('eth_rx', 'eth_rx_k', PER_NODE),
    'avg_block_sda_rd_ios': weighted('sda_rd_ios', 'sda_rd_ios_k', PER_NODE),
    'gpu_time': HOURS('gpu'), 'gpu_time_active': HOURS('gpu_active'), 'avg_percent_gpu_active': percent('gpu_active', 'gpu', 'gpu_usage_k'),
    'gpu0_nv_utilization': HOURS('gpu0'), 'avg_percent_gpu0_nv_utilization': percent('gpu0', 'node', 'gpu0_k'),
    **{'avg_' + x: (lambda rows: None) for x in (
        'block_sda_rd_bytes block_sda_wr_ios block_sda_wr_bytes net_eth0_tx net_ib0_rx net_ib0_tx netdir_home_write '
        'netdir_projects_write netdir_util_write netdrv_gpfs_rx netdrv_gpfs_tx netdrv_isilon_rx netdrv_isilon_tx '
        'netdrv_panasas_rx netdrv_panasas_tx').split()},
}


class PeerPart:
    """A job in a period of the peer's realm Jobs: the share knows no extra second."""

    def __init__(self, job, begin, later):
        self.job = job
        last = later - 1
        whole = job.start >= begin and job.end <= last
        self.share = 1 if whole else (min(job.end, later) - max(job.start, begin)) / job.wall
        self.w = job.wall * self.share
        self.started, self.ended, self.submitted = job.start >= begin, job.end <= last, begin <= job.submit <= last

    def __getattr__(self, name):
        return getattr(self.job, name)


def peer_error(f):
    """Sums of squares over n jobs, whatever n is of."""
    def g(parts):
        n = len(parts)
        return math.sqrt(max((sum(f(p) ** 2 for p in parts) / n - (sum(f(p) for p in parts) / n) ** 2) / n, 0))
    return g


COUNT = lambda ps: len(ps)
started_only = lambda ps: [p for p in ps if p.started]
PEER_JOBS = {
    'job_count': lambda ps: sum(p.ended for p in ps), 'started_job_count': lambda ps: sum(p.started for p in ps),
    'submitted_job_count': lambda ps: sum(p.submitted for p in ps), 'running_job_count': COUNT,
    'total_cpu_hours': hours(CORE), 'total_gpu_hours': hours(GPU), 'total_node_hours': hours(NODE), 'total_wallduration_hours': hours(A('w')),
    'total_waitduration_hours': lambda ps: (total(started_only(ps), A('wait')) or 0) / 3600,
    'avg_cpu_hours': lambda ps: hours(CORE)(ps) / len(ps), 'avg_gpu_hours': lambda ps: hours(GPU)(ps) / len(ps),
    'avg_node_hours': lambda ps: hours(NODE)(ps) / len(ps), 'avg_wallduration_hours': lambda ps: hours(A('w'))(ps) / len(ps),
    'avg_waitduration_hours': OR_0(lambda ps: div((total(started_only(ps), A('wait')) or 0) / 3600, len(started_only(ps)))),
    'avg_processors': lambda ps: total(ps, A('cores')) / len(ps), 'avg_gpus': lambda ps: total(ps, A('gpus')) / len(ps),
    'avg_job_size_weighted_by_cpu_hours': OR_0(mean(A('cores'), CORE)), 'avg_job_size_weighted_by_gpu_hours': OR_0(mean(A('cores'), GPU)),
    'min_processors': lambda ps: min(p.cores for p in ps), 'max_processors': lambda ps: max(p.cores for p in ps),
    'expansion_factor': lambda ps: div(total([p for p in ps if p.wall], lambda p: (p.wall + p.wait) / p.wall * NODE(p)), total(ps, NODE)) or 0,
    'utilization': lambda ps: 0, 'active_person_count': lambda ps: len({p.user for p in ps}), 'active_pi_count': lambda ps: 1,
    'active_resource_count': lambda ps: 1,
    'sem_avg_cpu_hours': peer_error(lambda p: CORE(p) / 3600), 'sem_avg_node_hours': peer_error(lambda p: NODE(p) / 3600),
    'sem_avg_wallduration_hours': peer_error(lambda p: p.w / 3600), 'sem_avg_processors': peer_error(A('cores')),
    'sem_avg_gpus': peer_error(A('gpus')),
    'sem_avg_waitduration_hours': lambda ps: peer_error(lambda p: p.wait / 3600)(started_only(ps)) if started_only(ps) else 0,
}
PEER_JOBS_NAMES = {
    'qos': A('qos'), 'jobwaittime': lambda j: TIMES(j.wait), 'resource_type': lambda j: 'NA',
    **{i: {**PEER_NAMES, **PEER_BUCKETS}[i] for i in (
        'none person username pi institution provider pi_institution fieldofscience parentscience nsfdirectorate resource queue '
        'nodecount jobsize gpucount jobwalltime').split()}}


def compat(realm, statistic, dimension, unit):
    for first, later in periods(unit):
        begin, end = midnight(first), midnight(later)
        groups = defaultdict(list)
        if realm == 'Jobs':
            for job in JOBS:
                if job.ended_at is not None and job.start is not None and job.start < end and job.end >= begin:
                    groups[PEER_JOBS_NAMES[dimension](job)].append(PeerPart(job, begin, end))
        else:
            for row in peer_rows(begin, end):
                groups[{**PEER_NAMES, **PEER_BUCKETS}[dimension](row.key)].append(row)
        for v, rows in groups.items():
            value = (PEER_JOBS if realm == 'Jobs' else PEER)[statistic](rows)
            if value is not None:
                yield str(first), str(v), value


def questions():
    """Each once: the forms of a question that the warehouse answers by different ways."""
    asked = {}
    for realm, statistics in STATISTICS.items():
        for s in statistics:
            for unit in ('day', 'month', 'total'):
                asked['exact', realm, s, 'none', unit] = 1
        for s in BY[realm]:
            for unit in ('quarter', 'year'):
                asked['exact', realm, s, 'none', unit] = 1
            for d in {**(DIMENSIONS['Jobs'] if realm in ('Jobs', 'SUPREMM') else {}), **DIMENSIONS.get(realm, {})}:
                asked['exact', realm, s, d.lstrip('#'), 'month'] = 1
        for d in DIMENSIONS.get(realm, {}):
            asked['exact', realm, BY[realm][0], d.lstrip('#'), 'total'] = 1
    for s in PEER:
        asked['compat', 'SUPREMM', s, 'none', 'month'] = 1
    for s in ('job_count', 'running_job_count', 'wall_time', 'avg_percent_cpu_user', 'avg_percent_gpu_active'):
        for unit in ('day', 'quarter', 'year'):
            asked['compat', 'SUPREMM', s, 'none', unit] = 1
    for d in {**PEER_NAMES, **PEER_BUCKETS}:
        for s in ('job_count', 'avg_percent_cpu_user'):
            asked['compat', 'SUPREMM', s, d, 'month'] = 1
    for s in PEER_JOBS:
        asked['compat', 'Jobs', s, 'none', 'month'] = 1
    for s in ('job_count', 'running_job_count', 'submitted_job_count', 'total_cpu_hours'):
        for unit in ('day', 'quarter', 'year'):
            asked['compat', 'Jobs', s, 'none', unit] = 1
    for d in PEER_JOBS_NAMES:
        asked['compat', 'Jobs', 'total_cpu_hours', d, 'month'] = 1
    return list(asked)


def differs(a, b):
    if a is None or b is None:
        return a is not b
    return not math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


def compare(path):
    found = defaultdict(dict)
    with open(path) as f:
        for line in f:
            *question, period, value_id, label, value = line.rstrip('\n').split('|')
            if question[0] == 'exact' and '#' + question[3] not in {**DIMENSIONS['Jobs'], **DIMENSIONS.get(question[1], {})}:
                value_id = 'None' if value_id == '' else label
            found[tuple(question)][period, value_id or 'None'] = float(value) if value else None
    wrong = n = 0
    for question in questions():
        for period, v, wanted in (exact if question[0] == 'exact' else compat)(*question[1:]):
            n += 1
            got = found[question].pop((period, v), None)
            if differs(got, None if wanted is None else float(wanted)):
                wrong += 1
                if wrong <= 40:
                    print('%s in %s of %s: is %s, not %s' % (' '.join(question), period, v, got, wanted))
        for (period, v), got in found[question].items():
            if got is not None:
                wrong += 1
                print('%s in %s of %s: is %s, where nothing is' % (' '.join(question), period, v, got))
    print('%d figures, %d wrong' % (n, wrong))
    return 1 if wrong or n < 5000 else 0


if __name__ == '__main__':
    if sys.argv[1] == 'questions':
        for q in questions():
            print('|'.join(q))
    else:
        sys.exit(compare(sys.argv[2]))
