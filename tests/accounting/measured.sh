#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# measured.sh IMPORT LOAD POSTGRES SSHD PROMETHEUS: usage of file systems, quotas, probes and instances of a cloud, from
# files of this host and of another, into a real warehouse; each wrong line named, counted, and ignored
# where the configuration says so.
# shellcheck disable=SC2154 # work, PG_URL, SSHD_*
set -u
import=$1 load=$2 postgres=$3 sshd=$4 prometheus=$5
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
start_postgres
migrate "$PG_URL"

cat >"$work/usage.csv" <<-END
	/home,2026-11-20T04:00:00Z,50.25,10.00
	/home,2026-11-20T04:00:00.123456,50.5,
	/scratch,2026-11-21T04:00:00Z,75.00,1.50,3000,4000,15,1000
	"/odd,name",2026-11-21T04:00:00Z,1.00
	/proc,2026-11-21T04:00:00Z,,,0,0,,
	/home,yesterday,1,1
	/home,2026-11-21T04:00:00Z,a lot,1
	/home,2026-11-21T04:00:00Z
	/home,2026-11-21T04:00:00Z,1,1,-5,1,1,1
END
cat >"$work/quota.csv" <<-END
	2026-11-21T05:00:00Z,alice,home,USR,1024,2048,4096,0,none,10,0,0,0,none
	2026-11-21T05:00:00Z,physics,/home,GRP,5000,0,0,0,7 days,10,0,0,0,none
	2026-11-21T05:00:00Z,bob,home,KIND,1,1,1,0,none,1,0,0,0,none
	2026-11-21T05:00:00Z,bob,home,USR,1,1
END
cat >"$work/quota.txt" <<-END
	Disk quotas for usr alice (uid 1001):
	      Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace
	         /lustre  [3000*]    2000    4000  6d23h   12    0   0     -
	Disk quotas for user bob (uid 1002): none
	Disk quotas for user carol (uid 1003):
	     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
	server.example.org:/export/home
	                    100     200     300               5      0       0
	Disk quotas for grp physics (gid 2001):
	      Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace
	         /lustre  700  0  0  -  1  0  0  -
	*** Report for user quotas on device /dev/sdb1
	Block grace time: 7days; Inode grace time: 7days
	                        Block limits                File limits
	User            used    soft    hard  grace    used  soft  hard  grace
	----------------------------------------------------------------------
	root      --      20       0       0              2     0     0
	dave      +-     900     500    1000  6days       7     0     0
	erin      ++     900     500    1000   none      17    10    20  3days
	oddity    --      xx     500    1000              1     0     0
	mmrepquota::HEADER:version:reserved:reserved:filesystemName:quotaType:id:name:blockUsage:blockQuota:blockLimit:blockInDoubt:blockGrace:filesUsage:filesQuota:filesLimit:filesInDoubt:filesGrace:remarks:quota:defQuota:fid:filesetname:
	mmrepquota::0:1:::gpfs1:USR:1001:ali%3Ace:64:128:256:32:none:3:0:0:0:none:e:on:off:::
	mmrepquota::0:1:::gpfs1:FILESET:5:proj1:640:0:0:0:none:30:0:0:0:none:e:on:off:::
END
touch -d '2026-11-21T06:00:00Z' "$work/quota.txt"
cat >"$work/probes.csv" <<-END
	alpha,2026-11-21T03:00:00Z,ok,12,3,1,
	alpha,2026-11-21T04:00:00Z,late,13,,,PENDING|Resources
	alpha,2026-11-21T05:00:00Z,unreachable,,,,"login1: connection: Connection refused, really"
	beta,2026-11-21T05:00:00Z,ok,99,1,1,
	alpha,2026-11-21T06:00:00Z,hanging,14,2,,
	alpha,2026-11-21T07:00:00Z,fine,15,1,1,
END
cat >"$work/cloud.csv" <<-END
	start,uuid,project,user,cores,memory_mib,disk_gib,state,end,cpu_s,unknown
	2026-11-01T00:00:00Z,aaaa,astro,alice,4,8192,20,ACTIVE,,1234.5,x
	2026-11-01T00:00:00Z,bbbb,astro,bob,2,4096,10,SHUTOFF,2026-11-02T00:00:00Z,10,x
	2026-11-03T00:00:00Z,cccc,astro,bob,2,4096,10,SHUTOFF,2026-11-02T00:00:00Z,10,x
	2026-11-03T00:00:00Z,dddd,astro,bob,-2,4096,10,ACTIVE,,10,x
	,eeee,astro,bob,2,4096,10,ACTIVE,,10,x
	short
END

# settings [LINE OF THE CLUSTER ...]
settings() {
	{
		echo "warehouse: {url: \"$PG_URL\"}"
		echo "import: {ignore: '${IGNORE:-}', strict: '${STRICT:-}'}"
		echo "launcher: {known_hosts: ${SSHD_KNOWN_HOSTS:-/dev/null}}"
		echo "clusters:"
		echo "- name: alpha"
		for line; do echo "  $line"; done
	} >"$work/settings.yaml"
}
# run CODE [ARGUMENT ...]
run() {
	local rc=0 wanted=$1
	shift
	"$import" --config "$work/settings.yaml" "$@" >"$work/said" 2>&1 || rc=$?
	cat "$work/said"
	[ $rc -eq "$wanted" ]
}
errors() {
	sql "SELECT code, n FROM warehouse.import_quality WHERE run_id = (SELECT max(run_id) FROM warehouse.import_run)
		ORDER BY 1"
}
met() { [ "$(errors | tr '\n' ' ')" = "$1" ] || { errors; return 1; }; }

settings "filesystems: csv:$work/usage.csv"
ok 'usage is imported' run 3
ok 'each wrong line is counted' met 'E_F0001|4 '
ok 'and named' grep -q 'usage.csv:6: no time' "$work/said"
ok 'as it was measured' is "SELECT f.name, to_char(t AT TIME ZONE 'UTC', 'DD HH24'), used_ratio, inode_ratio, used_bytes,
	total_bytes FROM warehouse.filesystem_usage u JOIN warehouse.filesystem f USING (filesystem_id)
	JOIN warehouse.cluster c USING (cluster_id) WHERE c.name = 'alpha' ORDER BY 1, t" \
	'/home|20 04|0.505|||
/odd,name|21 04|0.01|||
/proc|21 04|||0|0
/scratch|21 04|0.75|0.015|3000|4000'
echo '/home,2026-11-21T08:00:00Z,60.00,11.00' >>"$work/usage.csv"
ok 'the next run' run 3
ok 'brings what is new alone' is "SELECT added, changed FROM warehouse.import_step ORDER BY step_id DESC LIMIT 1" '1|0'
IGNORE=E_F0001 settings "filesystems: csv:$work/usage.csv"
ok 'a code may be ignored' run 0
ok 'and is counted still' is "SELECT code, is_ignored FROM warehouse.import_quality ORDER BY run_id DESC LIMIT 1" 'E_F0001|t'
silent() { ! grep -q "$1" "$work/said"; }
ok 'but not said' silent E_F0001
ok 'E_F0001 is ignored' ignores E_F0001 --config "$work/settings.yaml"
STRICT=E_F0001 settings "filesystems: csv:$work/usage.csv"
ok 'or be too much' run 1 --again

# What the server itself refuses, and text that is none.
sql "ALTER TABLE warehouse.filesystem ADD CONSTRAINT refused CHECK (name !~ '^/refus')"
printf '/refused,2026-11-21T09:00:00Z,1.00,1.00\n/refus\303\251,2026-11-21T09:00:00Z,1.00,1.00\n/good,2026-11-21T09:00:00Z,2.00,1.00\n/b\351te,2026-11-21T09:00:00Z,3.00,1.00\n' \
	>"$work/odd.csv"
settings "filesystems: csv:$work/odd.csv"
ok 'records that the warehouse refuses' run 3 --again
ok 'are counted, and so is text that is none' met 'E_X0001|2 E_X0002|1 '
ok 'put aside with the reason' is "SELECT record_key, code, reason ~ 'violates check constraint' FROM warehouse.import_quarantine
	ORDER BY 1" '/refused 2026-11-21T09:00:00Z|E_X0001|t
/refusé 2026-11-21T09:00:00Z|E_X0001|t'
ok 'and those beside them are there' is "SELECT f.name FROM warehouse.filesystem_usage JOIN warehouse.filesystem f
	USING (filesystem_id) WHERE t = '2026-11-21 09:00Z' ORDER BY 1" '/béte
/good'
for code in E_X0001 E_X0002; do
	ok "$code is ignored" ignores $code --config "$work/settings.yaml"
done
sql 'ALTER TABLE warehouse.filesystem DROP CONSTRAINT refused'
ok 'mended, they come' run 3 --again
ok 'and leave the quarantine' is 'SELECT count(*) FROM warehouse.import_quarantine' 0
sql "DELETE FROM warehouse.filesystem_usage u USING warehouse.filesystem f WHERE f.filesystem_id = u.filesystem_id
	AND t = '2026-11-21 09:00Z'"

settings "quotas: csv:$work/quota.csv"
ok 'quotas of an agent are imported' run 3
ok 'wrong lines of it are counted' met 'E_Q0001|2 '
ok 'in bytes, without limits that are none' is "SELECT f.name, kind, q.name, used_bytes, soft_bytes, hard_bytes, doubt_bytes,
	grace, used_files, soft_files FROM warehouse.filesystem_quota q JOIN warehouse.filesystem f USING (filesystem_id)
	ORDER BY 2, 3" '/home|group|physics|5120000|||0|7 days|10|
/home|user|alice|1048576|2097152|4194304|0||10|'
sql 'DELETE FROM warehouse.filesystem_quota'
sql "INSERT INTO warehouse.person (name) VALUES ('dave')"
settings "quotas: text:$work/quota.txt"
ok 'quotas that tools printed are imported' run 3
ok 'wrong lines of them are counted' met 'E_Q0001|1 '
ok 'and named' grep -q 'quota.txt:20: no quota' "$work/said"
ok 'as printed' is "SELECT f.name, kind, q.name, used_bytes / 1024, soft_bytes / 1024, hard_bytes / 1024, doubt_bytes / 1024,
	grace, used_files, soft_files, grace_files, p.name FROM warehouse.filesystem_quota q
	JOIN warehouse.filesystem f USING (filesystem_id) LEFT JOIN warehouse.person p USING (person_id)
	WHERE t = '2026-11-21 06:00Z' ORDER BY f.name COLLATE \"C\", kind, q.name" \
	'/dev/sdb1|user|dave|900|500|1000||6days|7|||dave
/dev/sdb1|user|erin|900|500|1000|||17|10|3days|
/dev/sdb1|user|root|20|||||2|||
/lustre|group|physics|700|||||1|||
/lustre|user|alice|3000|2000|4000||6d23h|12|||
gpfs1|fileset|proj1|640|||0||30|||
gpfs1|user|ali:ce|64|128|256|32||3|||
server.example.org:/export/home|user|carol|100|200|300|||5|||'

ok 'E_Q0001 is ignored' ignores E_Q0001 --config "$work/settings.yaml"

settings "probes: csv:$work/probes.csv" "login: me@login1"
ok 'probes are imported' run 3
ok 'a wrong one is counted' met 'E_R0001|1 '
ok 'those of this cluster' is "SELECT to_char(t AT TIME ZONE 'UTC', 'HH24'), front_end, result, reason, raw_id, wait_s, run_s
	FROM warehouse.probe ORDER BY t" '03|me@login1|ok||12|3|1
04|me@login1|late|PENDING|Resources|13||
05|me@login1|unreachable|login1: connection: Connection refused, really|||
06|me@login1|hanging||14|2|'

ok 'E_R0001 is ignored' ignores E_R0001 --config "$work/settings.yaml"

settings "cloud: csv:$work/cloud.csv"
ok 'instances are imported' run 3
ok 'wrong ones are counted' met 'E_C0001|3 E_C0002|1 '
ok 'as they are' is "SELECT uuid, p.name, a.name, cores, memory_bytes, disk_bytes, cpu_s, state, upper_inf(during)
	FROM warehouse.cloud_instance LEFT JOIN warehouse.person p USING (person_id)
	LEFT JOIN warehouse.account a USING (account_id) ORDER BY 1" \
	'aaaa|alice|astro|4|8589934592|21474836480|1234.5|ACTIVE|t
bbbb|bob|astro|2|4294967296|10737418240|10|SHUTOFF|f'
sed -i 's/^\(2026-11-01T00:00:00Z,aaaa,.*,20\),ACTIVE,,/\1,SHUTOFF,2026-11-05T00:00:00Z,/' "$work/cloud.csv"
ok 'a day later' run 3
ok 'one has changed' is "SELECT added, changed FROM warehouse.import_step ORDER BY step_id DESC LIMIT 1" '0|1'
for code in E_C0001 E_C0002; do
	ok "$code is ignored" ignores $code --config "$work/settings.yaml"
done
sed -i 's/uuid/id/' "$work/cloud.csv"
ok 'a file without the column' run 1
ok 'is named' grep -q 'cloud.csv:1: no column uuid' "$work/said"
settings "cloud: csv:$work/nowhere.csv"
ok 'a file that is not there' run 1
ok 'is named, too' grep -q 'nowhere.csv' "$work/said"

# ---- instances as a libvirt exporter saw them ----
now=$(date +%s)
start_t=$((now / 60 * 60 - 10800))
# series NAME LABELS VALUE FROM TO: each minute
series() {
	local t
	for ((t = start_t + $4 * 60; t <= start_t + $5 * 60; t += 60)); do echo "$1{$2} $3 $t"; done
}
nova() { # DOMAIN UUID NAME USER PROJECT FROM TO, as one exporter has it
	local at="instance=\"kvm1:9177\",domain=\"$1\""
	series libvirt_domain_openstack_info "$at,instance_name=\"$3\",instance_id=\"$2\",flavor_name=\"m1.small\",user_name=\"$4\",user_id=\"1\",project_name=\"$5\",project_id=\"2\"" 1 "$6" "$7"
}
sizes() { # DOMAIN CORES MEMORY DISK CPU STATE FROM TO
	local at="instance=\"kvm1:9177\",domain=\"$1\""
	series libvirt_domain_info_virtual_cpus "$at" "$2" "$7" "$8" >>"$work/cpus"
	series libvirt_domain_info_maximum_memory_bytes "$at" "$3" "$7" "$8" >>"$work/memory"
	series libvirt_domain_block_stats_capacity_bytes "$at,target_device=\"vda\"" "$4" "$7" "$8" >>"$work/disks"
	series libvirt_domain_block_stats_capacity_bytes "$at,target_device=\"vdb\"" 1 "$7" "$8" >>"$work/disks"
	series libvirt_domain_info_cpu_time_seconds_total "$at" "$5" "$7" "$8" >>"$work/seconds"
	series libvirt_domain_info_state "$at,state_desc=\"x\"" "$6" "$7" "$8" >>"$work/states"
}
# u1 goes on; u2 had an hour, and its domain's name is u4's later; u3 is another exporter's; one has no uuid
for at in "1 u1 web alice astro 0 180" "2 u2 db bob bio 10 70" "2 u4 'cache bob bio 150 180"; do
	read -r n uuid name user project from to <<<"$at"
	nova "instance-$n" "$uuid" "$name" "$user" "$project" "$from" "$to" >>"$work/info"
done
nova instance-9 '' odd x y 0 180 >>"$work/info"
series libvirt_domain_info_meta 'instance="kvm2:9177",domain="instance-3",uuid="u3",instance_name="x\"; drop",flavor="big",user_name="carol",project_name="bio"' \
	1 100 180 >>"$work/meta"
sizes instance-1 4 8589934592 1000 77.5 1 0 180
sizes instance-2 2 4294967296 2000 10 5 10 70
sizes instance-2 1 1073741824 3000 1 3 150 180
{
	for part in "openstack_info gauge info" "info_meta gauge meta" "info_virtual_cpus gauge cpus" "info_maximum_memory_bytes gauge memory" \
		"block_stats_capacity_bytes gauge disks" "info_cpu_time_seconds counter seconds" "info_state gauge states"; do
		read -r name type file <<<"$part"
		echo "# TYPE libvirt_domain_$name $type"
		sort -s -t' ' -k1,1 "$work/$file"
	done
	echo '# EOF'
} >"$work/libvirt.txt"
if command -v prometheus >/dev/null; then
	ok 'series are loaded' "$prometheus" load "$work/prometheus" "$work/libvirt.txt"
	started=$("$prometheus" start "$work/prometheus") || exit 99
	at_exit "'$prometheus' stop '$work/prometheus'"
	eval "$started"
	sql 'DELETE FROM warehouse.cloud_instance'
	settings "cloud: prometheus:$PROMETHEUS_URL"
	instances="SELECT uuid, i.name, p.name, a.name, host, flavor, state, cores, memory_bytes, disk_bytes, cpu_s,
		extract(epoch from lower(during))::bigint - $start_t, coalesce(extract(epoch from upper(during))::bigint - $start_t, -1)
		FROM warehouse.cloud_instance i LEFT JOIN warehouse.person p USING (person_id)
		LEFT JOIN warehouse.account a USING (account_id) ORDER BY 1"
	wanted="u1|web|alice|astro|kvm1:9177|m1.small|ACTIVE|4|8589934592|1001|77.5|0|-1
u2|db|bob|bio|kvm1:9177|m1.small|SHUTOFF|2|4294967296|2001|10|600|4560
u3|x\"; drop|carol|bio|kvm2:9177|big||||||6000|-1
u4|'cache|bob|bio|kvm1:9177|m1.small|PAUSED|1|1073741824|3001|1|9000|-1"
	ok 'instances of a cloud by Prometheus' run 3
	ok 'one without uuid is told of' grep -q "domain 'instance-9' has no uuid" "$work/said"
	ok 'as they were seen: a series goes on for five minutes' is "$instances" "$wanted"
	ok 'again' run 3
	ok 'nothing is new, and none begins later' is "SELECT added, changed FROM warehouse.import_step ORDER BY step_id DESC LIMIT 1" '0|0'
	ok 'E_C0001 of it is ignored' ignores E_C0001 --config "$work/settings.yaml"
	"$prometheus" stop "$work/prometheus"
	ok 'a Prometheus that is away' run 75
	ok 'loses nothing' is "$instances" "$wanted"
fi

# ---- events from a dump of sacctmgr ----
echo 'NodeName=n[1-3] CPUs=4 RealMemory=1000' >"$work/nodes.conf"
cat >"$work/events.txt" <<-END
	Cluster|NodeName|TimeStart|TimeEnd|StateRaw|User|TRES|Reason
	alpha||2026-11-20T00:00:00|Unknown|0||billing=12,cpu=12|Cluster Registered TRES
	alpha|n1|2026-11-20T01:00:00|2026-11-20T02:00:00|514|root(0)|billing=4,cpu=4,mem=1G|fan | bad "50 %"
	alpha|n1|2026-11-20T02:00:00|2026-11-20T03:30:00|514|alice(1001)|cpu=4|fan again
	alpha|n2|2026-11-20T05:00:00|Unknown|2049|root(0)|cpu=3000000000,mem=1G|
	beta|n2|2026-11-20T05:00:00|2026-11-20T06:00:00|1|||of another cluster
	alpha|n3|2026-11-20T06:00:00|2026-11-20T05:00:00|1|||ends before it begins
	alpha|n3|yesterday|Unknown|1|||no time
	alpha|n3|2026-11-20T06:00:00
	alpha|n9|2026-11-20T06:00:00|Unknown|1|||nobody knows it
END
events="SELECT d.name, e.kind, to_char(lower(e.during) AT TIME ZONE 'UTC', 'HH24:MI'),
	coalesce(to_char(upper(e.during) AT TIME ZONE 'UTC', 'HH24:MI'), 'open'), e.state, e.reason
	FROM warehouse.node_event e JOIN warehouse.node d USING (node_id) ORDER BY 1"
settings "timezone: UTC" "architecture: slurm:$work/nodes.conf" "events: sacctmgr:$work/events.txt"
ok 'events are imported' run 3
ok 'what is wrong with some is counted' met 'E_E0001|1 E_E0002|3 '
ok 'and where' grep -q 'events.txt:8: n3: from yesterday to Unknown' "$work/said"
ok 'those that touch are one; a reason may hold the separator' is "$events" \
	'n1|drained|01:00|03:30|IDLE+DRAIN|fan | bad "50 %"
n2|down|05:00|open|DOWN+NO_RESPOND|'
ok 'who, and how many cores' is "SELECT reason_uid, cores FROM warehouse.node_event_source ORDER BY node_id, start_t" \
	'0|4
1001|4
0|'
ok 'the same dump again' run 0
ok 'is not read' is "SELECT records FROM warehouse.import_step ORDER BY step_id DESC LIMIT 1" 0
sed -i '/|n2|.*Unknown/s/Unknown/2026-11-20T05:20:00/; /n3\|n9/d' "$work/events.txt"
ok 'a later one' run 0
ok 'ends what was open' is "$events" \
	'n1|drained|01:00|03:30|IDLE+DRAIN|fan | bad "50 %"
n2|down|05:00|05:20|DOWN+NO_RESPOND|'
sed -i 's/StateRaw/State/' "$work/events.txt"
ok 'a dump without a column' run 1
ok 'is told which' grep -q 'events.txt:1: no column StateRaw' "$work/said"

# ---- from a login node ----
if started=$("$sshd" start "$work/sshd"); then
	at_exit "'$sshd' stop '$work/sshd'"
	eval "$started"
	sql 'DELETE FROM warehouse.filesystem_usage; DELETE FROM warehouse.filesystem_quota'
	settings "filesystems: ssh:$work/usage.csv" "quotas: text-ssh:$work/quota.txt" "login: $SSHD_LOGIN" \
		"login_key: $SSHD_KEY"
	ok 'files of a login node are imported' run 3
	ok 'as those of this host' is "SELECT (SELECT count(*) FROM warehouse.filesystem_usage),
		(SELECT count(*) FROM warehouse.filesystem_quota)" '5|8'
	settings "filesystems: ssh:$work/none.csv" "login: $SSHD_LOGIN" "login_key: $SSHD_KEY"
	ok 'one that is not there' run 1
	ok 'is named with its host' grep -q 'none.csv: no such file' "$work/said"
	SSHD_KNOWN_HOSTS=/dev/null settings "filesystems: ssh:$work/usage.csv" "login: $SSHD_LOGIN" "login_key: $SSHD_KEY"
	ok 'a host that nobody knows' run 1
	ok 'is refused' grep -q 'SHA256:' "$work/said"
fi
settings "filesystems: ssh:$work/usage.csv"
ok 'a cluster without a login node' run 1
ok 'is told to have one' grep -q 'needs login and login_key' "$work/said"
done_testing
