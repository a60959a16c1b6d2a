#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The probe job of jobsight-jobstats. Names in braces after a dollar that are settings of jobstats are
# filled in before Slurm sees it; the first becomes a line for each of sbatch's options that is set.
# shellcheck disable=SC2154
${directives}
#SBATCH --output=/dev/null
#SBATCH --error=/dev/null
# What it finds goes, a line each, into the file that the agent waits for.
exec >>"${result}" 2>&1
echo "started $(date +%s) $(hostname)"
for fs in ${fs}; do
	probe=$fs/.jobsight-probe.$SLURM_JOB_ID
	if echo "$SLURM_JOB_ID" >"$probe" && [ "$(cat "$probe")" = "$SLURM_JOB_ID" ] && rm "$probe"; then
		echo "filesystem ok $fs"
	else
		echo "filesystem failed $fs"
	fi
done
echo "ended $(date +%s)"
