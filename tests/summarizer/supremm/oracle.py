# SPDX-License-Identifier: Apache-2.0
# oracle.py DOCUMENT.json FIELDS ARCHIVE...: works out SUPReMM's fields of a job from the archives of
# its nodes, read by pmdumplog, in the plainest way, and compares them with the document to 1e-9.
# Nothing here is shared with the summarizer. FIELDS says which there must be, one a line, with `*`
# for a device; those that the archives have no samples for are named with a `-` in front.
import calendar
import json
import math
import re
import struct
import subprocess
import sys
import time

document = json.load(open(sys.argv[1]))
promised = [line.split() for line in open(sys.argv[2]) if line.strip()]
acct = document["acct"]
begin, end = acct["start_time"], acct["end_time"]
wall = end - begin


def read(archive):
    """[(time, {metric: {instance: value}})] of all records"""
    text = subprocess.run(["pmdumplog", "-Z", "UTC", "-xx", archive], check=True,
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}).stdout
    kinds = {}
    listed = subprocess.run(["pmdumplog", "-d", archive], check=True, capture_output=True,
        text=True).stdout
    for m in re.finditer(r"PMID: \S+ \((\S+)\)\n\s+Data Type: (.*?)  InDom", listed):
        kinds[m.group(1)] = m.group(2)
    records = []
    metric = None
    for line in text.split("\n"):
        m = re.match(r"\[?\w+ (\w+ +\d+ \d+:\d+:\d+)\.(\d+) (\d{4})", line)
        if m:
            stamp = calendar.timegm(time.strptime(m.group(3) + " " + m.group(1), "%Y %b %d %H:%M:%S"))
            # seconds of the job: as a float, those since 1970 are good to 2e-7 only
            records.append((stamp - begin + int(m.group(2)) / 10 ** len(m.group(2)), {}))
            continue
        m = re.match(r"\s+\S+ \((\S+)\):(.*)", line)
        if m and records:
            metric, line = m.group(1), m.group(2)
        m = re.match(r'\s+(?:inst \[(-?\d+) or "(.*)"\] )?value (\S+)$', line)
        if m and records and metric and not m.group(3).startswith('"'):
            value = float(m.group(3)) if "." in m.group(3) or "e" in m.group(3) else int(m.group(3))
            if kinds.get(metric) == "float":
                value = struct.unpack("f", struct.pack("f", value))[0]
            records[-1][1].setdefault(metric, {})[m.group(2) or ""] = value
    return records


def samples(records, *metrics):
    """of records inside the job that hold all of the metrics"""
    return [(t, *[v[m] for m in metrics]) for t, v in records
        if 0 <= t <= wall + 1 and all(m in v for m in metrics)]


nodes = [read(archive) for archive in sys.argv[3:]]
expected = {}  # path: number or {statistic: number}
drawn = set()  # series


def stats(v):
    n = len(v)
    mean = math.fsum(v) / n
    if n == 1 or min(v) == max(v):
        return {"avg": v[0], "cnt": n}
    m2, m3, m4 = (math.fsum((x - mean) ** k for x in v) / n for k in (2, 3, 4))
    s = sorted(v)
    r = {"min": s[0], "max": s[-1], "avg": mean, "cnt": n, "med": (s[n // 2] + s[(n - 1) // 2]) / 2,
        "skw": m3 / m2**1.5, "krt": m4 / m2**2 - 3}
    deviation = math.sqrt(m2 * n / (n - 1))
    if n > 2:
        r["std"] = deviation
    if mean > 0:
        r["cov"] = deviation / mean
    return r


def put(path, values):
    if values:
        expected[path] = stats(values)


def first_last(records, *metrics):
    s = samples(records, *metrics)
    return [(a, b) for a, b in zip(s[0][1:], s[-1][1:])] if len(s) > 1 else None


def per_device(form, metric):
    found = {}
    for records in nodes:
        ends = first_last(records, metric)
        for name in ends[0][0] if ends else ():
            found.setdefault(name, []).append(ends[0][1][name] - ends[0][0][name])
    for name, values in found.items():
        put(form.replace("*", name.replace(".", "-")), values)


# cpu
MODES = {"user": "user", "nice": "nice", "system": "sys", "idle": "idle", "iowait": "wait.total",
    "irq": "irq.hard", "softirq": "irq.soft"}
ratios = {m: [] for m in MODES}
n_cores = []
for records in nodes:
    ends = first_last(records, *["kernel.percpu.cpu." + m for m in MODES.values()])
    names = list(ends[0][0])
    n_cores.append(len(names))
    for core in names:
        grown = [b[core] - a[core] for a, b in ends]
        for mode, g in zip(MODES, grown):
            ratios[mode].append(g / sum(grown))
busy = [i for i, idle in enumerate(ratios["idle"]) if idle < 0.95]
for mode in MODES:
    put("cpu.jobcpus." + mode, ratios[mode])
    put("cpu.nodecpus." + mode, ratios[mode])
    put("cpu.effcpus." + mode, [ratios[mode][i] for i in busy])
expected["cpu.jobcpus.all"] = expected["cpu.nodecpus.all"] = {"cnt": len(ratios["user"])}
expected["cpu.effcpus.all"] = len(busy)
put("cores", n_cores)


# memory
def mean(v):
    return math.fsum(v) / len(v)


NUMA = ["mem.numa.util." + m for m in ("used", "filePages", "slab")]
numa = [samples(records, *NUMA)[1:-1] for records in nodes]
if all(numa):
    put("memory.used", [mean([sum(s[1].values()) for s in n]) / c for n, c in zip(numa, n_cores)])
    put("memory.used_minus_cache", [mean([sum(s[1].values()) - sum(s[2].values()) -
        sum(s[3].values()) for s in n]) / c for n, c in zip(numa, n_cores)])
node = [samples(records, "mem.freemem", "mem.physmem") for records in nodes]
inner = [s[1:-1] for s in node]
if all(inner):
    free = [mean([x[1][""] for x in s]) for s in inner]
    physical = [s[0][2][""] for s in node]
    put("nodememory.free", free)
    put("nodememory.maxfree", [max(x[1][""] for x in s) for s in inner])
    put("nodememory.physmem", physical)
    put("nodememory.used", [p - f for p, f in zip(physical, free)])
    put("nodememory.maxused", [p - min(x[1][""] for x in s) for p, s in zip(physical, inner)])
    cached = [samples(r, "mem.freemem", "mem.util.cached")[1:] for r in nodes]
    put("nodememory.used_minus_cache", [p - mean([x[1][""] + x[2][""] for x in s])
        for p, s in zip(physical, cached)])
    put("nodememory.maxused_minus_cache", [p - min(x[1][""] + x[2][""] for x in s)
        for p, s in zip(physical, cached)])
own = re.compile(r".*/job_%d(\.|$)" % acct["local_job_id_raw"])
groups = []
for records in nodes:
    s = samples(records, "cgroup.memory.usage", "cgroup.memory.limit")[1:]
    groups.append([([v for k, v in u.items() if own.match(k)], [v for k, v in m.items()
        if own.match(k)]) for _, u, m in s])
if all(g and all(u for u, _ in g) for g in groups):
    usage = [[u[0] for u, _ in g] for g in groups]
    ratio = [[u[0] / m[0] for u, m in g] for g in groups]
    put("process_memory.usage.avg", [mean(u) for u in usage])
    put("process_memory.usage.max", [max(u) for u in usage])
    put("process_memory.limit", [max(m[0] for _, m in g) for g in groups])
    put("process_memory.usageratio.avg", [mean(r) for r in ratio])
    put("process_memory.usageratio.max", [max(r) for r in ratio])
loads = [[s[1]["1 minute"] for s in samples(r, "kernel.all.load")[1:]] for r in nodes]
if all(loads):
    put("load1.mean", [mean(v) for v in loads])
    put("load1.max", [max(v) for v in loads])
    put("load1.meanpercore", [mean(v) / c for v, c in zip(loads, n_cores)])
    put("load1.maxpercore", [max(v) / c for v, c in zip(loads, n_cores)])

# devices
for way in ("read", "write"):
    per_device("block.*." + way, "disk.dev." + way)
    per_device("block.*.%s_bytes" % way, "disk.dev.%s_bytes" % way)
    per_device("gpfs.*.%s_bytes" % way, "gpfs.fsios.%s_bytes" % way)
    per_device("gpfs.*.%ss" % way, "gpfs.fsios.%ss" % way)
    per_device("lustre.*.%s_bytes-total" % way, "lustre.llite.%s_bytes.total" % way)
    for what in ("normal", "direct", "server"):
        per_device("nfs.*.%s-%s" % (way, what), "nfsclient.bytes.%s.%s" % (way, what))
for way in ("in", "out"):
    for what in ("bytes", "packets"):
        per_device("network.*.%s-%s" % (way, what), "network.interface.%s.%s" % (way, what))
        per_device("infiniband.*.switch-%s-%s" % (way, what),
            "infiniband.port.switch.%s.%s" % (way, what))
for way in ("drop", "recv", "send"):
    for what, name in (("length", way), ("count", way + "_count")):
        ends = [first_last(r, "lustre.lnet.%s_%s" % (way, what)) for r in nodes]
        if all(ends):
            put("lnet." + name, [e[0][1][""] - e[0][0][""] for e in ends])

# GPUs and power
for metric, name in (("gpuactive",) * 2, ("memused",) * 2, ("memactive",) * 2):
    found, most = {}, {}
    for records in nodes:
        s = samples(records, "nvidia." + metric)
        for device in s[0][1] if s else ():
            v = [x[1][device] for x in s]
            found.setdefault(device, []).append(mean(v))
            most.setdefault(device, []).append(max(v))
    for device in found:
        put("gpu.%s.%s" % (device, name), found[device])
        put("gpu.%s.%smax" % (device, name), most[device])


def power(form, metric, scale):
    average, most, energy = {}, {}, {}
    for records in nodes:
        s = samples(records, metric)
        for device in s[0][1] if s else ():
            v = [x[1][device] * scale for x in s]
            joules = [p * (b[0] - a[0]) for p, a, b in zip(v[1:], s, s[1:])]
            average.setdefault(device, []).append(mean(v[1:]))
            most.setdefault(device, []).append(max(v[1:]))
            energy.setdefault(device, []).append(math.fsum(joules))
    for device in average:
        put(form.replace("*", device) + ".power.mean", average[device])
        put(form.replace("*", device) + ".power.max", most[device])
        path = form.replace("*", device) + ".energy"
        put(path, energy[device])
        expected[path]["total"] = math.fsum(energy[device])


power("gpupower.*", "nvidia.powerused", 0.001)
power("ipmi", "ipmi.dcmi.power", 1)

# hardware counters
P = "perfevent.hwcounters."
SANDY = [P + e + ".value" for e in ("UNHALTED_REFERENCE_CYCLES", "INSTRUCTIONS_RETIRED",
    "MEM_LOAD_UOPS_RETIRED_L1_HIT", "SIMD_FP_256_PACKED_DOUBLE",
    "FP_COMP_OPS_EXE_SSE_FP_PACKED_DOUBLE", "FP_COMP_OPS_EXE_SSE_SCALAR_DOUBLE",
    "FP_COMP_OPS_EXE_X87")]
perf = {"flops": [], "cpiref": [], "cpldref": [], "clk_mhz": []}
IMC = [P + "snbep_unc_imc%d__UNC_M_CAS_COUNT_%s.value" % (i, w) for i in range(4)
    for w in ("RD", "WR")]
traffic = []
for records in nodes:
    ends = first_last(records, *SANDY)
    for core in ends[0][0] if ends else ():
        d = [b[core] - a[core] for a, b in ends]
        perf["flops"].append(4 * d[3] + 2 * d[4] + d[5] + d[6])
        perf["cpiref"].append(d[0] / d[1])
        perf["cpldref"].append(d[0] / d[2])
        perf["clk_mhz"].append(d[0] / 1232896)
    ends = first_last(records, *IMC)
    if ends:
        traffic.append(64 * sum(b[i] - a[i] for a, b in ends for i in a))
for name, values in perf.items():
    put("cpuperf." + name, values)
put("uncperf.membw", traffic)
drops = []
for records in nodes:
    s = [(t, sum(v.values())) for t, v in samples(records, P + "MEM_LOAD_RETIRED_L1D_HIT.value")]
    if len(s) > 6:
        (ts, xs), (te, xe) = s[2], s[len(s) - 2]
        drops += [((xe - x) / (te - t)) / ((x - xs) / (t - ts)) for t, x in s[3:len(s) - 3]]
if drops:
    expected["catastrophe.value"] = min(drops)

# categories of cores
EIGHT = ["kernel.percpu.cpu." + m for m in ("user", "nice", "sys", "idle", "wait.total", "intr",
    "irq.soft", "irq.hard")]
duties, at_once = {}, 0
for i, records in enumerate(nodes):
    s = samples(records, *EIGHT)
    above, covered, most = {}, {}, 0
    for a, b in zip(s, s[1:]):
        total = {c: sum(y[c] - x[c] for x, y in zip(a[1:], b[1:])) for c in a[1]}
        # a core that counted no time in a step says nothing of it
        used = {c: (b[1][c] - a[1][c]) / total[c] for c in a[1] if total[c] > 0}
        most = max(most, round(sum(used.values())))
        for core, u in used.items():
            covered[core] = covered.get(core, 0) + b[0] - a[0]
            above[core] = above.get(core, 0) + (b[0] - a[0] if u > 0.5 else 0)
    at_once += most
    duties.update({(i, core): t / covered[core] for core, t in above.items()})
if duties and "dutycycles" in document.get("cpucategories", {}):
    expected["cpucategories.maxcores"] = at_once
    for (i, core), duty in duties.items():
        expected["cpucategories.dutycycles.%s.%s" % (acct["host_list"][i], core)] = duty
    high = [d for d in duties.values() if d >= 0.1]
    expected["cpucategories.category"] = (
        "GOOD" if all(d >= 0.5 for d in duties.values()) else "LOW" if not high else
        "PINNED" if (len(high) > 1 and max(high) - min(high) < 0.1) or
        (len(high) == 1 and high[0] >= 0.5) else "UNPINNED")


# time series
def pick(s):
    kept = []
    for x in s:
        if len(kept) > 10:
            lead = kept[10][0] - kept[0][0]
            width = (wall - 2 * lead) / 80
            if len(kept) >= 100 or (x[0] <= kept[0][0] + wall - lead and
                    x[0] <= kept[-1][0] + width):
                continue
        kept.append(x)
    return kept


series_lines = 0


def compare_series(name, metrics, point, is_rate):
    global series_lines
    for i, records in enumerate(nodes):
        s = samples(records, *metrics)
        if len(s) < 3:
            return
        kept = [(x[0], point(*x[1:])) for x in pick(s)]
        if is_rate:
            kept = [(b[0], (b[1] - a[1]) / (b[0] - a[0])) for a, b in zip(kept, kept[1:])]
        line = document["timeseries"][name]
        if i == 0:
            check("timeseries.%s.times" % name, line["times"], [begin + k[0] for k in kept], 1e-15)
        check("timeseries.%s.hosts.%d.all" % (name, i), line["hosts"][str(i)]["all"],
            [k[1] for k in kept])
        series_lines += 1
        drawn.add(name)


failed = compared = 0


def check(path, got, want, allowed=1e-9):
    global failed, compared
    compared += 1
    if isinstance(want, list):
        good = isinstance(got, list) and len(got) == len(want) and all(
            g is not None and abs(g - w) <= allowed * max(1, abs(w)) for g, w in zip(got, want))
    elif isinstance(want, str):
        good = got == want
    else:
        good = isinstance(got, (int, float)) and abs(got - want) <= allowed * max(1, abs(want))
    if not good:
        failed += 1
        print("%s is %s, the oracle says %s" % (path, str(got)[:300], str(want)[:300]))


def all_of(*tables):
    return sum(sum(t.values()) for t in tables)


USER = ["kernel.percpu.cpu.user"]
compare_series("cpuuser", USER, lambda u: mean(list(u.values())) / 10, True)
compare_series("memused", NUMA, lambda u, f, s: all_of(u) / 1048576, False)
compare_series("memused_minus_diskcache", NUMA,
    lambda u, f, s: (all_of(u) - all_of(f) - all_of(s)) / 1048576, False)
compare_series("process_mem_usage", ["cgroup.memory.usage"],
    lambda u: [v for k, v in u.items() if own.match(k)][0] / 2**30, False)
compare_series("gpu_usage", ["nvidia.gpuactive"], lambda a: mean(list(a.values())), False)
compare_series("membw", IMC, lambda *v: 64 * all_of(*v) / 2**30, True)
compare_series("power", ["ipmi.dcmi.power"], lambda p: p[""], False)
compare_series("block", ["disk.dev.read_bytes", "disk.dev.write_bytes"],
    lambda *v: all_of(*v) / 1048576, True)
compare_series("ib_lnet", ["infiniband.port.switch.in.bytes", "infiniband.port.switch.out.bytes"],
    lambda *v: all_of(*v) / 1048576, True)
compare_series("lnet", ["lustre.llite.read_bytes.total", "lustre.llite.write_bytes.total"],
    lambda *v: all_of(*v) / 1048576, True)
compare_series("nfs", ["nfsclient.bytes.%s.%s" % (a, b) for a in ("read", "write")
    for b in ("normal", "direct", "server")], lambda *v: all_of(*v) / 1048576, True)
compare_series("simdins", SANDY[3:], lambda a, b, c, d: sum(4 * a[i] + 2 * b[i] + c[i] + d[i]
    for i in a), True)
compare_series("sveins", [P + "arm_a64fx__SVE_INST_RETIRED.value"],
    all_of, True)


# all of it
def look_up(path):
    """device names have dots and slashes: the longest key that fits wins"""
    d, rest = document, path
    while rest:
        if not isinstance(d, dict):
            return None
        key = max((k for k in d if rest == k or rest.startswith(k + ".")), key=len, default=None)
        if key is None:
            return None
        d, rest = d[key], rest[len(key) + 1:]
    return d


for path, want in expected.items():
    got = look_up(path)
    if not isinstance(want, dict):
        check(path, got, want)
        continue
    for statistic, value in want.items():
        check(path + "." + statistic, (got or {}).get(statistic), value)
for what, *scope in promised:
    wanted = not what.startswith("-")
    name = what.lstrip("-")
    if name == "series":
        there = scope[0] in drawn
        name = scope[0]
    else:
        pattern = re.compile("^" + re.escape(name).replace(r"\*", ".+") + "(\\.|$)")
        there = any(pattern.match(p) for p in expected)
    if wanted and not there:
        failed += 1
        print("%s: the oracle has nothing to say of it" % name)
print("%d values and %d lines of series compared" % (compared, series_lines))
sys.exit(failed > 0 or compared == 0)
