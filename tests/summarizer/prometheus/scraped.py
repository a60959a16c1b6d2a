# SPDX-License-Identifier: Apache-2.0
"""scraped.py URL DIR: waits until a Prometheus has scraped hosts g1 and g2 for long enough, then writes into
DIR the accounting of a job on them (scraped.sacct) and what its document must hold (scraped.txt), by plain
arithmetic on the samples that Prometheus says it has."""
import json
import math
import sys
import time
import urllib.parse
import urllib.request

url, folder = sys.argv[1:]
EPOCH = 1767225600  # as golden.c has it
SAMPLES = 9  # of everything since the job's begin


def series(selector):
    """{(host, instance, mode): [(time, value)]} of the last ten minutes, series of a GPU's jobs as one."""
    query = urllib.parse.urlencode({"query": selector + "[10m]"})
    with urllib.request.urlopen(url + "/api/v1/query?" + query) as r:
        result = json.load(r)["data"]["result"]
    found = {}
    for one in result:
        m = one["metric"]
        name = m.get("device") or m.get("cpu") or m.get("node") or ""
        if "gpu" in m:
            name = "gpu" + m["gpu"]
            if "GPU_I_ID" in m and "FB_USED" in selector:
                name += "-mig" + m["GPU_I_ID"]
        at = found.setdefault((m["host"], name, m.get("mode", "")), {})
        at.update({t: float(v) for t, v in one["values"]})
    return {key: sorted(at.items()) for key, at in found.items()}


def job_time():
    """A job that begins when all are scraped, and ends when all were scraped often enough in it."""
    begin = None
    for _ in range(1500):
        seen = [s for k in ("DCGM_FI_DEV_GPU_UTIL", "node_load1") for s in series(k).values()]
        if len(seen) == 3:
            begin = begin or math.ceil(max(s[0][0] for s in seen)) + 1
            if min(sum(t >= begin for t, _ in s) for s in seen) > SAMPLES:
                return begin, math.floor(min(s[-1][0] for s in seen)) - 1
        time.sleep(0.2)
    sys.exit("scraped.py: nothing was scraped")


begin, end = job_time()
lines = []


def inside(samples):
    """As `edges: samples` has it."""
    return [v for t, v in samples if begin <= t <= end + 1]


def mean(values):
    return math.fsum(values) / len(values)


def expect(path, values):
    """The mean over what it is of, and how many these are."""
    lines.append("1000/%d %s.avg %.17g" % (begin - EPOCH, path, mean(values)))
    lines.append("1000/%d %s.cnt %d" % (begin - EPOCH, path, len(values)))


def gauge(selector, path, fold, skip=0, scale=1):
    groups = {}
    for (host, name, _), samples in sorted(series(selector).items()):
        groups.setdefault(path.replace("*", name), []).append(fold(inside(samples)[skip:]) * scale)
    for full, values in groups.items():
        expect(full, values)


def increase(selector):
    return {key: inside(s)[-1] - inside(s)[0] for key, s in series(selector).items()}


gauge("DCGM_FI_DEV_GPU_UTIL", "gpu.*.gpuactive", mean)
gauge("DCGM_FI_DEV_GPU_UTIL", "gpu.*.gpuactivemax", max)
gauge("DCGM_FI_DEV_MEM_COPY_UTIL", "gpu.*.memactive", mean)
gauge("DCGM_FI_DEV_FB_USED", "gpu.*.memused", mean, scale=1048576)
gauge("DCGM_FI_DEV_POWER_USAGE", "gpupower.*.power.mean", mean, skip=1)
gauge("DCGM_FI_DEV_POWER_USAGE", "gpupower.*.power.max", max, skip=1)
gauge("node_load1", "load1.mean", mean, skip=1)
gauge("node_memory_MemTotal_bytes", "nodememory.physmem", max, scale=1 / 1024)
for (_, device, _), bytes_ in increase("node_network_receive_bytes_total").items():
    lines.append("1000/%d network.%s.in-bytes.total %.17g" % (begin - EPOCH, device, bytes_))
modes = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
cpu = increase("node_cpu_seconds_total")
cores = sorted({name for _, name, _ in cpu})
for mode in ("user", "system", "idle"):
    shares = [cpu["g1", c, mode] / math.fsum(cpu["g1", c, m] for m in modes) for c in cores]
    expect("cpu.nodecpus." + mode, shares)

columns = "Cluster|JobIDRaw|JobID|User|Account|Partition|JobName|State|ExitCode|Submit|Start|End|NNodes|AllocCPUS|NodeList"
with open(folder + "/scraped.sacct", "w", encoding="ascii") as f:
    stamp = [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) for t in (begin, begin, end)]
    f.write("%s\ngolden|1000|1000|ann|chem|gpu|scraped|COMPLETED|0:0|%s|2|%d|g[1-2]\n"
            % (columns, "|".join(stamp), 2 * len(cores)))
with open(folder + "/scraped.txt", "w", encoding="ascii") as f:
    f.write("\n".join(lines) + "\n")
