# SPDX-License-Identifier: Apache-2.0
# xdmod.py SUMMARY.json SERIES.json SCHEMA.json: looks every field up that Open XDMoD's Job Performance
# module ingests, as its ETL does: along a dotted path or the first of several that has a value, a
# statistic that was left out at its default is that, an `error` on the way is an error. Each must be
# there with its type. Then the series and the descriptions, as its Job Viewer reads them.
import json
import sys

summary, series = (json.load(open(f)) for f in sys.argv[1:3])
schema = {d["_id"]: d for d in map(json.loads, open(sys.argv[3]))}
failed = []


def look_up(path):
    d, error = summary, None
    for key in path:
        if isinstance(d, dict) and "error" in d:
            error = d["error"]
        if isinstance(d, dict) and key not in d and "avg" in d and key in ("cov", "max", "min"):
            return 0.0 if key == "cov" else d["avg"], error
        if not isinstance(d, dict) or key not in d:
            return None, error
        d = d[key]
    return d, error


def is_int32(v):
    return isinstance(v, int) and not isinstance(v, bool) and -(2**31) <= v < 2**31


TYPES = {
    "int32": is_int32,
    "uint32": lambda v: is_int32(v) and v >= 0,
    "double": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, (str, int)) and str(v) != "",
    "limit": lambda v: is_int32(v) or (isinstance(v, str) and v.count(":") == 2),
    "hosts": lambda v: isinstance(v, list) and v and all(isinstance(h, str) and h for h in v),
    "commands": lambda v: isinstance(v, list) and all(isinstance(c, str) for c in v),
    "bool": lambda v: isinstance(v, bool),
}
# column, type, paths; "*" is any device
COLUMNS = """
local_job_id int32 acct.id
name string acct.jobname
account string acct.account
username string acct.user
executable commands procDump.constrained procDump.unconstrained
exit_status string acct.exit_status
datasource string summarization.datasource
cores int32 acct.ncpus
queue string acct.partition
nodes int32 acct.nodes
hosts hosts acct.host_list
complete bool summarization.complete
cores_avail int32 cpu.nodecpus.all.cnt
submit_time_ts int32 acct.submit
eligible_time_ts int32 acct.eligible
start_time_ts int32 acct.start_time
end_time_ts int32 acct.end_time
requested_wall_time limit acct.timelimit
gpus int32 acct.gpus
cpu_idle double cpu.jobcpus.idle.avg cpu.nodecpus.idle.avg
cpu_system double cpu.jobcpus.system.avg cpu.nodecpus.system.avg
cpu_user double cpu.jobcpus.user.avg cpu.nodecpus.user.avg
node_cpu_idle double cpu.nodecpus.idle.avg
cpu_user_cv double cpu.jobcpus.user.cov cpu.nodecpus.user.cov
cpu_user_max double cpu.jobcpus.user.max
cpu_user_min double cpu.jobcpus.user.min
flops double cpuperf.flops.avg
flops_cov double cpuperf.flops.cov
cpiref double cpuperf.cpiref.avg
cpiref_cov double cpuperf.cpiref.cov
cpldref double cpuperf.cpldref.avg
cpldref_cov double cpuperf.cpldref.cov
mem_transferred double uncperf.membw.avg
mem_transferred_cov double uncperf.membw.cov
catastrophe double catastrophe.value
memory_used double memory.used_minus_cache.avg
memory_used_cov double memory.used_minus_cache.cov
mem_used_including_os_caches double memory.used.avg
mem_used_including_os_caches_cov double memory.used.cov
max_memory double process_memory.usageratio.max.max process_memory.usageratio.max.avg
energy double ipmi.energy.avg
max_power double ipmi.power.max.max ipmi.power.max.avg
ib_rx_bytes double infiniband.*.switch-out-bytes.avg
block_sda_rd_ios double block.sda.read.avg
block_sda_wr_ios double block.sda.write.avg
block_sda_rd_bytes double block.sda.read_bytes.avg
block_sda_wr_bytes double block.sda.write_bytes.avg
block_sda_rd_bytes_cov double block.sda.read_bytes.cov
block_sda_wr_bytes_cov double block.sda.write_bytes.cov
netdrv_gpfs_rx double gpfs.scratch.read_bytes.avg
netdrv_gpfs_rx_cov double gpfs.scratch.read_bytes.cov
netdrv_gpfs_rx_msgs double gpfs.scratch.reads.avg
netdrv_gpfs_tx double gpfs.scratch.write_bytes.avg
netdrv_gpfs_tx_cov double gpfs.scratch.write_bytes.cov
netdrv_gpfs_tx_msgs double gpfs.scratch.writes.avg
netdir_home_read_normal double nfs./home.read-normal.avg
netdir_home_read_server double nfs./home.read-server.avg
netdir_home_read_direct double nfs./home.read-direct.avg
netdir_home_write_normal double nfs./home.write-normal.avg
netdir_home_write_server double nfs./home.write-server.avg
netdir_home_write_direct double nfs./home.write-direct.avg
net_eth0_rx double network.eth0.in-bytes.avg
net_eth0_rx_cov double network.eth0.in-bytes.cov
net_eth0_rx_packets double network.eth0.in-packets.avg
net_eth0_tx double network.eth0.out-bytes.avg
net_eth0_tx_cov double network.eth0.out-bytes.cov
net_eth0_tx_packets double network.eth0.out-packets.avg
net_ib0_rx double network.ib0.in-bytes.avg
net_ib0_rx_packets double network.ib0.in-packets.avg
net_ib0_tx double network.ib0.out-bytes.avg
net_ib0_tx_packets double network.ib0.out-packets.avg
gpu_usage double gpu.*.gpuactive.avg
gpu0_nv_utilization double gpu.gpu0.gpuactive.avg
gpu0_nv_mem_used double gpu.gpu0.memused.avg
gpu_energy double gpupower.*.energy.avg
gpu_max_power double gpupower.*.power.max.max gpupower.*.power.max.avg
"""


def paths_of(text):
    keys = text.split(".")
    if "*" not in keys:
        return [keys]
    devices = summary.get(keys[0], {})
    return [[keys[0], d] + keys[2:] for d in devices if d != "error"]


n = 0
for row in COLUMNS.strip().split("\n"):
    column, kind, *paths = row.split()
    found = [look_up(p) for text in paths for p in paths_of(text)]
    n += 1
    value = next((v for v, error in found if v is not None), None)
    if value is None or not TYPES[kind](value):
        failed.append("%s (%s): %r %r" % (column, kind, value, [e for _, e in found if e]))
if not isinstance(summary["_id"], str) or not summary["_id"].split("-")[0].isdigit():
    failed.append("_id: %r" % summary["_id"])

# The Job Viewer: series by the schema of their version, values by that of the summary's.
if series["_id"] != summary["_id"] or series["version"] != 4:
    failed.append("series: %r %r" % (series["_id"], series["version"]))
about = schema["timeseries-%d" % series["version"]]["metrics"]
for name, line in series.items():
    if name in ("_id", "hosts", "version", "jobsight"):
        continue
    described = about.get(name, {})
    if not all(isinstance(described.get(k), str) for k in ("units", "description", "help")):
        failed.append("timeseries-4 says nothing of " + name)
    if "error" in line:
        continue
    for i, host in line["hosts"].items():
        if not i.isdigit() or i not in series["hosts"] or len(host["all"]) != len(line["times"]):
            failed.append("series %s of host %s" % (name, i))
        if set(host.get("dev", {})) != set(host.get("names", {})):
            failed.append("devices of series %s" % name)
definitions = schema["summary-" + summary["summarization"]["version"]]["definitions"]


def describe(d, into, path):
    if not isinstance(d, dict) or "error" in d or isinstance(into.get("documentation"), str):
        if not all(isinstance(into.get(k), str) for k in ("documentation", "type", "unit")):
            failed.append("summary-1.0.6 says nothing of " + path)
        return
    for key, item in d.items():
        describe(item, into.get(key, into.get("*", {})), path + "." + key)


for key, item in summary.items():
    if key not in ("_id", "created", "acct", "summarization", "jobsight", "processed"):
        describe(item, definitions.get(key, {}), key)
for text in failed:
    print(text)
print("%d fields, %d series" % (n, len(series) - 3))
sys.exit(len(failed) > 0)
