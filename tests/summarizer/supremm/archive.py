# SPDX-License-Identifier: Apache-2.0
# archive.py HOST SEED: the text of an archive (tests/support/mkarchive) that has every metric of
# SUPReMM's plugins, 130 samples of about 30 s each with values that a generator makes up.
import sys

host, seed = sys.argv[1], int(sys.argv[2])
state = seed


def random(below):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % below


CORES = 4
DOMAINS = {
    1: ["cpu%d" % i for i in range(CORES)],
    2: ["node0", "node1"],
    3: ["sda", "nvme0n1"],
    4: ["eth0", "ib0", "lo"],
    5: ["mlx5_0:1"],
    6: ["scratch", "home"],
    7: ["/work", "/home"],
    8: ["gpu0", "gpu1"],
    9: ["1 minute", "5 minute", "15 minute"],
    10: ["/slurm/uid_100/job_5", "/slurm/uid_100/job_6", "/"],
    11: ["cpu0", "cpu8"],
    12: ["/lustre"],
    13: ["000100 /opt/gromacs/gmx mdrun", "000101 vim"],
}
counters = []  # name, domain, at most so much a second
gauges = []  # name, domain, from, below


def counter(names, domain, most):
    counters.extend((name, domain, most) for name in names.split())


def gauge(names, domain, low, high):
    gauges.extend((name, domain, low, high) for name in names.split())


P = "perfevent.hwcounters."
counter(" ".join("kernel.percpu.cpu." + m for m in
    "user nice sys idle wait.total irq.hard irq.soft intr".split()), 1, 1000)
counter(" ".join(P + e + ".value" for e in
    "UNHALTED_REFERENCE_CYCLES INSTRUCTIONS_RETIRED MEM_LOAD_UOPS_RETIRED_L1_HIT"
    " SIMD_FP_256_PACKED_DOUBLE FP_COMP_OPS_EXE_SSE_FP_PACKED_DOUBLE"
    " FP_COMP_OPS_EXE_SSE_SCALAR_DOUBLE FP_COMP_OPS_EXE_X87 MEM_LOAD_RETIRED_L1D_HIT"
    " arm_a64fx__SVE_INST_RETIRED".split()), 1, 3000000000)
counter(" ".join(P + "snbep_unc_imc%d__UNC_M_CAS_COUNT_%s.value" % (i, w)
    for i in range(4) for w in ("RD", "WR")), 11, 100000000)
counter("disk.dev.read disk.dev.write disk.dev.read_bytes disk.dev.write_bytes", 3, 100000)
counter("network.interface.in.bytes network.interface.out.bytes network.interface.in.packets"
    " network.interface.out.packets", 4, 100000000)
counter(" ".join("infiniband.port.switch.%s.%s" % (d, w) for d in ("in", "out")
    for w in ("bytes", "packets")), 5, 1000000000)
counter(" ".join("gpfs.fsios." + w for w in "read_bytes write_bytes reads writes".split()), 6, 10**8)
counter("lustre.llite.read_bytes.total lustre.llite.write_bytes.total", 12, 10**8)
counter(" ".join("lustre.lnet.%s_%s" % (a, b) for a in ("drop", "recv", "send")
    for b in ("length", "count")), None, 10**6)
counter(" ".join("nfsclient.bytes.%s.%s" % (a, b) for a in ("read", "write")
    for b in ("normal", "direct", "server")), 7, 10**6)
gauge("mem.numa.util.used mem.numa.util.filePages mem.numa.util.slab", 2, 10**6, 3 * 10**6)
gauge("mem.freemem mem.util.cached", None, 10**6, 2 * 10**6)
gauge("mem.physmem", None, 8000000, 8000001)
gauge("kernel.all.load", 9, 0, 64)
gauge("cgroup.memory.usage", 10, 10**9, 2 * 10**9)
gauge("cgroup.memory.limit", 10, 4 * 10**9, 4 * 10**9 + 1)
gauge("nvidia.gpuactive nvidia.memactive", 8, 0, 101)
gauge("nvidia.memused", 8, 10**9, 10**10)
gauge("nvidia.powerused", 8, 50000, 400000)
gauge("ipmi.dcmi.power", None, 200, 900)
gauge("perfevent.active", None, 1, 2)

print("version 3\nhost %s\nstart 2026-01-01T00:00:00Z" % host)
for number, (name, domain, *_) in enumerate(counters + gauges):
    print("metric %s 60.0.%d u64 %s %s" % (name, number + 1,
        "60.%d" % domain if domain else "-", "counter" if number < len(counters) else "instant"))
for number, names in DOMAINS.items():
    print("indom 60.%d %s" % (number, ", ".join("%d=%s" % p for p in enumerate(names))))
for number, name in enumerate(("psinfo.cgroups", "psinfo.cpusallowed", "id.uid_nm")):
    print("metric hotproc.%s 3.0.%d string 60.13 instant" % (name, number + 1))
total = {}
before = 0
for sample in range(130):
    now = 30 * sample + random(1000) / 1000 if sample else 0
    print("at %.3f" % now)
    for name, domain, most in counters:
        words = []
        for k in range(len(DOMAINS[domain]) if domain else 1):
            key = name, k
            grown = int((now - before) * (1 + random(most)))
            total[key] = total.get(key, random(10**9)) + grown
            words.append("%s%d" % ("%d=" % k if domain else "", total[key]))
        print(name, " ".join(words))
    for name, domain, low, high in gauges:
        print(name, " ".join("%s%d" % ("%d=" % k if domain else "", low + random(high - low))
            for k in range(len(DOMAINS[domain]) if domain else 1)))
    print("hotproc.psinfo.cgroups 0=cpuset:/slurm/uid_100/job_5/step_0 1=cpuset:/user")
    print("hotproc.psinfo.cpusallowed 0=0-3 1=0-3")
    print("hotproc.id.uid_nm 0=ann 1=ann")
    before = now
