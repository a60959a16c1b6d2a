# SPDX-License-Identifier: Apache-2.0
# The same samples of two hosts as OpenMetrics (form=prometheus) or as the text of an archive
# (form=archive host=p1), from `start` on (epoch and the same as ISO 8601). README.md says what they are.
function at(i) { return epoch + 30 * i }
function count(metric, host, i) {
	if (metric == "user0") return host == "p1" ? 30000 * i : 10000 * i
	if (metric == "idle0") return host == "p1" ? 0 : 20000 * i
	if (metric == "user1") return host == "p1" ? 15000 * i : 10000 * i
	if (metric == "idle1") return host == "p1" ? 15000 * i : 20000 * i
	if (metric == "net") return host == "p1" ? 300 * i : 600 * (i < 20 ? i : i - 20)
	if (metric == "memory") return 1000 * i
	if (metric == "load") return host == "p2" ? 1 : i <= 13 ? 2 : 4
}
function has(metric, host, i) {
	if (metric == "load") return host == "p2" || i <= 13 || i >= 23
	if (metric == "memory") return host == "p1"
	return 1
}
function series(name, labels, metric, scale, host, i) {
	for (h = 1; h <= 2; h++) {
		host = "p" h
		for (i = 0; i <= n; i++)
			if (has(metric, host, i))
				printf "%s{host=\"%s\",instance=\"%s:9100\"%s} %.17g %d\n", name, host, host,
					labels, count(metric, host, i) * scale, at(i)
	}
}
function flat(name, labels, value, host, i) {
	for (h = 1; h <= 2; h++) {
		host = "p" h
		for (i = 0; i <= n; i++)
			printf "%s{host=\"%s\",instance=\"%s:9100\"%s} %s %d\n", name, host, host, labels,
				value, at(i)
	}
}
BEGIN {
	n = 40
	split(start ? start : "1767225600 2026-01-01T00:00:00Z", starts)
	epoch = starts[1]
	iso = starts[2]
	if (form == "prometheus") {
		print "# TYPE node_cpu_seconds counter"
		for (c = 0; c < 2; c++) {
			series("node_cpu_seconds_total", ",cpu=\"" c "\",mode=\"user\"", "user" c, 0.001)
			series("node_cpu_seconds_total", ",cpu=\"" c "\",mode=\"idle\"", "idle" c, 0.001)
		}
		print "# TYPE node_network_receive_bytes counter"
		series("node_network_receive_bytes_total", ",device=\"eth0\"", "net", 1)
		print "# TYPE node_load1 gauge"
		series("node_load1", "", "load", 1)
		print "# TYPE cgroup_memory_used_bytes gauge"
		series("cgroup_memory_used_bytes", ",cgroup=\"/slurm/uid_1000/job_2\"", "memory", 1)
		print "# TYPE cgroup_cpu_info gauge"
		flat("cgroup_cpu_info", ",cgroup=\"/slurm/uid_1000/job_2\",cpus=\"1\"", 1)
		print "# TYPE site_pump_hertz gauge"
		flat("site_pump_hertz", "", 7)
		print "# EOF"
		exit
	}
	print "version 3"
	print "host " host
	print "start " iso
	print "metric kernel.percpu.cpu.user 60.0.0 u64 60.0 counter"
	print "metric kernel.percpu.cpu.idle 60.0.3 u64 60.0 counter"
	print "metric network.interface.in.bytes 60.3.0 u64 60.2 counter"
	print "metric kernel.all.load 60.2.0 double - instant"
	print "metric cgroup.memory.usage 60.4.0 u64 60.5 instant"
	print "metric cgroup.cpuset.cpus 60.4.1 string 60.5 discrete"
	print "indom 60.0 0=cpu0, 1=cpu1"
	print "indom 60.2 0=eth0"
	print "indom 60.5 0=/slurm/uid_1000/job_2"
	for (i = 0; i <= n; i++) {
		print "at " 30 * i
		printf "kernel.percpu.cpu.user 0=%d 1=%d\n", count("user0", host, i), count("user1", host, i)
		printf "kernel.percpu.cpu.idle 0=%d 1=%d\n", count("idle0", host, i), count("idle1", host, i)
		printf "network.interface.in.bytes 0=%d\n", count("net", host, i)
		if (has("load", host, i))
			printf "kernel.all.load %d\n", count("load", host, i)
		if (has("memory", host, i))
			printf "cgroup.memory.usage 0=%d\n", count("memory", host, i)
		print "cgroup.cpuset.cpus 0=1"
	}
}
