#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# perfevent.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_ROOT: archives with the events of PCP's own perfevent, by the names it
# gives them on three makers' processors, through the shipped catalogue: operations and cycles per instruction.
set -u
summarize=$1 golden=$2 mkarchive=$3 root=$4
catalogue=$root/conf/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
mkdir "$work/archives"

# node HOST ACTIVE EVENT=INCREASE ...: 600 s in which each event counts that much on CPU 0, twice that on CPU 1.
node()
{
	local host=$1 active=$2 item=1 event at
	shift 2
	{
		printf 'version 2\nhost %s\nstart 2026-01-01T00:00:00Z\nmetric perfevent.active 127.1.0 u32 - instant\n' "$host"
		for event; do
			printf 'metric perfevent.hwcounters.%s.value 127.2.%s u64 127.1 counter\n' "${event%=*}" $item
			item=$((item + 1))
		done
		echo 'indom 127.1 0=cpu0, 1=cpu1'
		for at in 0 300 600; do
			printf 'at %s\nperfevent.active %s\n' $at "$active"
			for event; do
				printf 'perfevent.hwcounters.%s.value 0=%s 1=%s\n' "${event%=*}" \
					$((1000 + ${event#*=} * at / 600)) $((2000 + ${event#*=} * at / 300))
			done
		done
	} > "$work/$host.txt"
	"$mkarchive" "$work/$host.txt" "$work/archives/$host" || exit 1
}
skl=(UNHALTED_REFERENCE_CYCLES=3000 INSTRUCTION_RETIRED=6000 MEM_LOAD_RETIRED_L1_HIT=1500
	FP_ARITH_SCALAR_DOUBLE=600 FP_ARITH_128B_PACKED_DOUBLE=600 FP_ARITH_256B_PACKED_DOUBLE=600
	FP_ARITH_512B_PACKED_DOUBLE=600)
node skl 7 "${skl[@]}"
node zen 3 CYCLES_NOT_IN_HALT=4000 RETIRED_INSTRUCTIONS=2000 RETIRED_SSE_AVX_FLOPS_ANY=8000
node snb 7 UNHALTED_REFERENCE_CYCLES=3000 INSTRUCTIONS_RETIRED=1000 MEM_LOAD_UOPS_RETIRED_L1_HIT=500 \
	SIMD_FP_256_PACKED_DOUBLE=600 FP_COMP_OPS_EXE_SSE_FP_PACKED_DOUBLE=600 \
	FP_COMP_OPS_EXE_SSE_SCALAR_DOUBLE=600 FP_COMP_OPS_EXE_X87=0
node away 0 "${skl[@]}" # somebody else has the counters

{
	echo 'Cluster|JobIDRaw|JobID|User|Group|Account|Partition|JobName|State|ExitCode|Submit|Eligible|Start|End|NNodes|AllocCPUS|NodeList'
	job=1
	for host in skl zen snb away; do
		printf 'golden|%s|%s|ann|g|chem|batch|%s|COMPLETED|0:0|2026-01-01T00:00:00|2026-01-01T00:00:00|2026-01-01T00:00:00|2026-01-01T00:10:00|1|2|%s\n' \
			$job $job $host $host
		job=$((job + 1))
	done
} > "$work/jobs.sacct"
"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs.sacct" --archives "$work/archives" \
	--cluster golden --store "sqlite:$work/store.sqlite" --workers 1 > "$work/out" 2>&1 || { cat "$work/out"; exit 1; }

# Mean over the two CPUs: 1.5 times CPU 0. Skylake: 600 * (1 + 2 + 4 + 8).
cat > "$work/expected.txt" <<-EOT
	1/0 cpuperf.flops.avg 13500
	1/0 cpuperf.cpiref.avg 0.5
	1/0 cpuperf.cpldref.avg 2
	2/0 cpuperf.flops.avg 12000
	2/0 cpuperf.cpiref.avg 2
	3/0 cpuperf.flops.avg 6300
	3/0 cpuperf.cpiref.avg 3
	3/0 cpuperf.cpldref.avg 6
	4/0 cpuperf.flops.error 1
EOT
"$golden" "sqlite:$work/store.sqlite" "$work/expected.txt"
