#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slurmdb.sh DUMP SLURM: jobs of every kind in a real Slurm, read by sacct and from slurmdbd's database, are
# the same; with the columns of older and newer releases too, by a user who may only read, and over TLS.
# shellcheck disable=SC2154 # work
set -u
dump=$1 slurm=$2
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has sacct sbatch mariadb mariadbd mariadb-dump openssl setsid
# shellcheck source=SCRIPTDIR/../support/slurm.sh
. "$(dirname "$0")/../support/slurm.sh"

echo 'AccountingStoreFlags=job_comment,job_env,job_script' >"$work/more.conf"
start_slurm --nodes 3 --cpus 4 --gpus 2 --cluster alpha --conf "$work/more.conf"

# ---- jobs ----
common_jobs
batch -J 'a|bar' "$work/job.sh"
batch --mem=100 -c2 --wrap 'srun -n1 sleep 0.1'
batch --requeue -J again --wrap 'sleep 30'
if [ "$(id -u)" -eq 0 ]; then
	setpriv --reuid=nobody --regid=nogroup --clear-groups sbatch -Q -D "$work/out" \
		-o "$work/out/nobody" --wrap true >/dev/null
fi
again=$(squeue -h -n again -o %i)
is_running() { [ "$(squeue -h -j "$again" -o %T)" = RUNNING ]; }
wait_for 60 is_running
scontrol requeue "$again"
others_ended() { ! squeue -h -o %j | grep -qv '^again$'; }
wait_for 60 others_ended
scancel "$again"
wanted=14
[ "$(id -u)" -ne 0 ] || wanted=15
all_there() {
	[ "$(my 'select count(*) from alpha_job_table where time_end <> 0
		and time_eligible <> 0')" -ge $wanted ]
}
wait_for 60 all_there

columns=JobID,JobIDRaw,Cluster,User,Group,Account,Partition,QOS,WCKey,Reservation,UID,GID,State,ExitCode
columns=$columns,Submit,Eligible,Start,End,Suspended,TimelimitRaw,NNodes,AllocCPUS,ReqCPUS,AllocTRES,ReqTRES
columns=$columns,ReqMem,ConsumedEnergyRaw,NodeList,WorkDir,JobName
SLURM_TIME_FORMAT=%s sacct -X -D -a -P -S 2020-01-01 -E now+1hour --format="$columns" >"$work/sacct"
"$dump" "sacct:$work/sacct" alpha UTC | sort >"$work/by-sacct"
without_line() { sed 's/ line=.* hosts=/ line= hosts=/'; }
same() { # FILE of jobs by slurmdb
	without_line <"$1" | diff - "$work/by-sacct"
}

"$dump" "slurmdb:$place" alpha UTC | sort >"$work/by-db"
ok "as many jobs as were begun" test "$(wc -l <"$work/by-db")" -ge $wanted
ok "the same by sacct and slurmdb" same "$work/by-db"
for what in 'id=[0-9]*_2 ' 'het=[0-9]*:1 ' 'state=REQUEUED ' 'exit=3:0 ' 'exit=15:0 ' 'exit=0:9 ' 'gpus=2 ' 'name=a|bar ' \
	'hosts=n1,n2,' 'reqmem=157286400 ' 'limit=86400 '; do
	ok "there is one with $what" grep -q "$what" "$work/by-db"
done
ok "lines of submission" grep -q ' line=sbatch .*--array=1-3%2' "$work/by-db"
"$dump" "slurmdb:$place" alpha UTC script >"$work/scripts"
ok "scripts when asked for" grep -q ' script=2[0-9]$' "$work/scripts"
half=$(my 'select max(time_end) from alpha_job_table')
"$dump" "slurmdb:$place" alpha UTC "since=$half" | sort >"$work/late-db"
"$dump" "sacct:$work/sacct" alpha UTC "since=$half" | sort >"$work/by-sacct.late"
mv "$work/by-sacct.late" "$work/by-sacct.kept"
mv "$work/by-sacct" "$work/by-sacct.all"
cp "$work/by-sacct.kept" "$work/by-sacct"
ok "since: the same" same "$work/late-db"
mv "$work/by-sacct.all" "$work/by-sacct"

# ---- another server, with TLS; the tables as other releases have them ----
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
db=$work/db
mkdir "$db"
mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$db/data" --skip-test-db \
	--auth-root-authentication-method=normal >"$db/install.log" 2>&1 || exit 99
port=$(free_port)
start database mariadbd --no-defaults --user="$(id -un)" --datadir="$db/data" --socket="$db/sock" \
	--bind-address=127.0.0.1 --port="$port" --innodb-buffer-pool-size=16M \
	--innodb-flush-log-at-trx-commit=0 --ssl-cert="$work/cert.pem" --ssl-key="$work/key.pem"
sql() { mariadb --no-defaults -S "$db/sock" -u root "$@"; }
answers() { sql -e 'select 1' >/dev/null 2>&1; }
wait_for 60 answers
mariadb-dump --no-tablespaces -S "$SLURM_DB_SOCKET" -u "$SLURM_DB_USER" -p"$SLURM_DB_PASSWORD" \
	"$SLURM_DB_NAME" >"$work/dump.sql" || exit 99
# shellcheck source=SCRIPTDIR/../support/slurm-releases.sh
. "$(dirname "$0")/../support/slurm-releases.sh"
for release in 2011 2108 2205 2605; do
	sql -e "create database r$release" && { cat "$work/dump.sql"; release_changes $release; } | sql "r$release" || exit 99
done
sql -e "create user reader@'127.0.0.1' identified by 'not seen' require ssl;
	grant select on \`r%\`.* to reader@'127.0.0.1'"
(umask 077 && echo 'not seen' >"$work/password")
unset JOBSIGHT_SLURMDB_PASSWORD
remote="host=127.0.0.1 port=$port user=reader password_file=$work/password ca_file=$work/cert.pem"
for release in 2011 2108 2205 2605; do
	"$dump" "slurmdb:$remote database=r$release" alpha UTC script | sort >"$work/r$release"
	sed 's/ script=[0-9]*$/ script=0/' "$work/r$release" >"$work/r$release.plain"
	ok "release $release: the same" same "$work/r$release.plain"
done
ok "scripts of 21.08 are those of 22.05" diff "$work/r2108" "$work/r2205"
ok "20.11 has no scripts" test "$(grep -c 'script=0$' "$work/r2011")" -eq "$(wc -l <"$work/r2011")"

refused() { # WORDS SPEC CLUSTER
	"$dump" "slurmdb:$2" "$3" >"$work/out.txt" 2>"$work/err" && return 1
	grep -q "$1" "$work/err" || { cat "$work/err"; return 1; }
}
ok "an unknown authority" refused slurmdb "host=127.0.0.1 port=$port user=reader password_file=$work/password ca_file=/dev/null" alpha
chmod 644 "$work/password"
ok "a password that others can read" refused password "$remote" alpha
chmod 600 "$work/password"
ok "no such cluster" refused "no cluster 'beta'" "$remote database=r2205" beta
ok "a name that is none" refused "no name of a cluster" "$remote database=r2205" 'x`; drop table y'
ok "a password in the open" refused "not written here" "password=secret" alpha
ok "an unknown word" refused "none of host" "hots=x" alpha
ok "nobody there" refused slurmdb "host=127.0.0.1 port=9" alpha
done_testing
