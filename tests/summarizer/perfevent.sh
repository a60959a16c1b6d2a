#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# perfevent.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_ROOT: archives with the events of each set of PCP's own perfevent, and of TACC's,
# by the names they give them, through the shipped catalogue: operations, cycles per instruction, memory traffic, power of A64FX.
set -u
summarize=$1 golden=$2 mkarchive=$3 root=$4
catalogue=$root/conf/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
mkdir "$work/archives"

# node HOST ACTIVE EVENT=INCREASE ...: 600 s in which each event counts that much on CPU 0, twice that on CPU 1.
# ACTIVE - : none of PCP's, but of the agent that SUPReMM calls taccstats_perfevent.
node()
{
	local host=$1 active=$2 item=1 event at agent=perfevent
	shift 2
	[ "$active" != - ] || agent=taccstats_perfevent
	echo "$host" >>"$work/hosts"
	{
		printf 'version 2\nhost %s\nstart 2026-01-01T00:00:00Z\n' "$host"
		echo 'metric perfevent.active 127.1.0 u32 - instant'
		for event; do
			printf 'metric %s.hwcounters.%s.value 127.2.%s u64 127.1 counter\n' $agent "${event%=*}" $item
			item=$((item + 1))
		done
		echo 'indom 127.1 0=cpu0, 1=cpu1'
		for at in 0 300 600; do
			printf 'at %s\n' $at
			[ "$active" = - ] || printf 'perfevent.active %s\n' "$active"
			for event; do
				printf '%s.hwcounters.%s.value 0=%s 1=%s\n' $agent "${event%=*}" \
					$((1000 + ${event#*=} * at / 600)) $((2000 + ${event#*=} * at / 300))
			done
		done
	} >"$work/$host.txt"
	"$mkarchive" "$work/$host.txt" "$work/archives/$host" || exit 1
}
ticks=UNHALTED_REFERENCE_CYCLES=3000
older=$ticks' INSTRUCTIONS_RETIRED=1000'
newer=$ticks' INSTRUCTION_RETIRED=6000'
operations='SIMD_FP_256_PACKED_DOUBLE=600 FP_COMP_OPS_EXE_SSE_FP_PACKED_DOUBLE=1200 FP_COMP_OPS_EXE_SSE_SCALAR_DOUBLE=1800'
skl=$newer' MEM_LOAD_RETIRED_L1_HIT=1500 FP_ARITH_SCALAR_DOUBLE=600 FP_ARITH_128B_PACKED_DOUBLE=1200
	FP_ARITH_256B_PACKED_DOUBLE=1800 FP_ARITH_512B_PACKED_DOUBLE=2400'
channels() # PREFIX: of each the reads one line, the writes two
{
	for i in 0 1 2 3; do echo "${1}_unc_imc${i}__UNC_M_CAS_COUNT_RD=600 ${1}_unc_imc${i}__UNC_M_CAS_COUNT_WR=1200"; done
}
# shellcheck disable=SC2046,SC2086 # words
{
	node skl 7 $skl
	node zen 3 CYCLES_NOT_IN_HALT=4000 RETIRED_INSTRUCTIONS=2000 RETIRED_SSE_AVX_FLOPS_ANY=8000
	node snb 7 $older MEM_LOAD_UOPS_RETIRED_L1_HIT=500 $operations FP_COMP_OPS_EXE_X87=60 $(channels snbep)
	node away 0 $skl # somebody else has the counters
	node nehalem 4 $older MEM_LOAD_RETIRED_L1D_HIT=1500 FP_COMP_OPS_EXE_SSE_FP=4200 UNC_LLC_MISS_READ=600 UNC_LLC_MISS_WRITE=300
	node fills 4 $older L1D_REPL=750 FP_COMP_OPS_EXE_SSE_FP=4200
	node haswell 3 $older L1D_REPLACEMENT=600 $(channels ivbep)
	node restarted 3 $older L1D_REPLACEMENT=600 $(channels ivbep | sed 's/=[0-9]*/=-300/g') # counters fall
	node arm 2 perf__cycles=9000 perf__instructions=18000
	node interlagos 4 CPU_CLK_UNHALTED=2400 RETIRED_INSTRUCTIONS=1200 DATA_CACHE_MISSES_DC_MISS_STREAMING_STORE=300 \
		RETIRED_SSE_OPS_ALL=5000 L3_CACHE_MISSES_ALL=1000
	node plain 2 $newer
	node plainer 2 $older
	node a64fx 6 perf__cycles=9000 perf__instructions=18000 arm_a64fx__SVE_INST_RETIRED=6000 arm_a64fx__EA_CORE=6000000000 \
		arm_a64fx__EA_L2=1200000000 arm_a64fx__EA_MEMORY=240000000
	node tacc_snb - $older MEM_LOAD_UOPS_RETIRED_L1_HIT=500 $operations $(channels snbep)
	node tacc_nehalem - $older MEM_LOAD_RETIRED_L1D_HIT=1500 FP_COMP_OPS_EXE_SSE_FP=4200
	node tacc_fills - $older L1D_REPL=750 FP_COMP_OPS_EXE_SSE_FP=4200
	node tacc_interlagos - CPU_CLK_UNHALTED=2400 RETIRED_INSTRUCTIONS=1200 RETIRED_SSE_OPS_ALL=5000 \
		DATA_CACHE_MISSES_DC_MISS_STREAMING_STORE=300
	node tacc_haswell - $older L1D_REPLACEMENT=600
}

{
	echo 'Cluster|JobIDRaw|JobID|User|Group|Account|Partition|JobName|State|ExitCode|Submit|Eligible|Start|End|NNodes|AllocCPUS|NodeList'
	job=1
	while read -r host; do
		printf 'golden|%s|%s|ann|g|chem|batch|%s|COMPLETED|0:0|2026-01-01T00:00:00|2026-01-01T00:00:00|2026-01-01T00:00:00|2026-01-01T00:10:00|1|2|%s\n' \
			$job $job "$host" "$host"
		job=$((job + 1))
	done <"$work/hosts"
} >"$work/jobs.sacct"
"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs.sacct" --archives "$work/archives" \
	--cluster golden --store "sqlite:$work/store.sqlite" --workers 1 >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }

# Mean over the two CPUs: 1.5 times CPU 0; a node has 3 times CPU 0. Skylake: 600 + 2*1200 + 4*1800 + 8*2400 = 29400.
# Sandy Bridge: 4*600 + 2*1200 + 1800 + 60 = 6660, in 600 s on both CPUs 33.3/s. Four channels of 600 reads and 1200 writes of
# 64 bytes on two CPUs: 64 * 4 * 1800 * 3 = 1382400. A64FX: (8.04*6e9 + 32.8/12*1.2e9 + 271/12*2.4e8) * 3 / 1e9 = 170.82 J in 600 s.
while read -r host path value; do
	echo "$(grep -nx "$host" "$work/hosts" | cut -d: -f1)/0 $path $value"
done >"$work/expected.txt" <<-EOT
	skl cpuperf.flops.avg 44100
	skl cpuperf.cpiref.avg 0.5
	skl cpuperf.cpldref.avg 2
	zen cpuperf.flops.avg 12000
	zen cpuperf.cpiref.avg 2
	snb cpuperf.flops.avg 9990
	snb cpuperf.cpiref.avg 3
	snb cpuperf.cpldref.avg 6
	snb uncperf.membw.avg 1382400
	snb timeseries.simdins.hosts.0.all.0 33.3
	away cpuperf.flops.error 1
	nehalem cpuperf.flops.avg 6300
	nehalem cpuperf.cpiref.avg 3
	nehalem cpuperf.cpldref.avg 2
	nehalem uncperf.membw.avg 172800
	fills cpuperf.flops.avg 6300
	fills cpuperf.cpldref.avg 4
	haswell cpuperf.flops.error 4
	haswell cpuperf.cpiref.avg 3
	haswell cpuperf.cpldref.avg 5
	haswell uncperf.membw.avg 1382400
	restarted cpuperf.cpldref.avg 5
	restarted uncperf.membw.error 6
	arm cpuperf.flops.error 4
	arm cpuperf.cpiref.avg 0.5
	arm cpuperf.cpldref.error 4
	interlagos cpuperf.flops.avg 7500
	interlagos cpuperf.cpiref.avg 2
	interlagos cpuperf.cpldref.avg 8
	interlagos uncperf.membw.avg 192000
	plain cpuperf.cpiref.avg 0.5
	plain cpuperf.flops.error 4
	plainer cpuperf.cpiref.avg 3
	plainer cpuperf.cpldref.error 4
	a64fx cpuperf.cpiref.avg 0.5
	a64fx cpuperf.sve.avg 9000
	a64fx timeseries.sveins.hosts.0.all.0 30
	a64fx energy.a64fx.avg 170.82
	a64fx timeseries.corepower.hosts.0.all.0 0.2847
	tacc_snb cpuperf.flops.avg 9900
	tacc_snb cpuperf.cpiref.avg 3
	tacc_snb cpuperf.cpldref.avg 6
	tacc_snb cpuperf.clk_mhz.error 4
	tacc_snb uncperf.membw.avg 1382400
	tacc_nehalem cpuperf.flops.avg 6300
	tacc_nehalem cpuperf.cpldref.avg 2
	tacc_fills cpuperf.flops.avg 6300
	tacc_fills cpuperf.cpldref.avg 4
	tacc_interlagos cpuperf.flops.avg 7500
	tacc_interlagos cpuperf.cpldref.avg 8
	tacc_haswell cpuperf.cpiref.avg 3
	tacc_haswell cpuperf.cpldref.avg 5
EOT
"$golden" "sqlite:$work/store.sqlite" "$work/expected.txt"
