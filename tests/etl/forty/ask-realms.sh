#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ask-realms.sh CONNECTION: the lines of realms.txt with the warehouse's answers in place of those by hand.
set -eu
{
	echo 'CREATE TEMPORARY TABLE q (n serial, realm text, statistic text, dimension text, unit text, first date, last date, answer text);'
	echo "COPY q (realm, statistic, dimension, unit, first, last, answer) FROM STDIN (DELIMITER '|');"
	grep -v '^#' "$(dirname "$0")/realms.txt"
	cat <<'SQL'
\.
SET timezone = 'Europe/Berlin';
SELECT q.realm, q.statistic, q.dimension, q.unit, q.first, q.last, string_agg(concat_ws('=',
		CASE WHEN q.dimension = 'none' THEN a.period::text ELSE coalesce(nullif(a.dimension_value, ''), '-') END,
		trim_scale(round(a.value::numeric, 6))), ' ' ORDER BY CASE WHEN a.dimension_value = '' OR a.dimension_value IS NULL THEN 1 ELSE 0 END,
		a.period, a.dimension_value COLLATE "C")
FROM q LEFT JOIN LATERAL warehouse.statistic(q.realm, q.statistic, q.dimension, q.unit, q.first, q.last) a ON a.value IS NOT NULL
GROUP BY q.n, 1, 2, 3, 4, 5, 6 ORDER BY q.n;
SQL
} | PGOPTIONS='-c jit=off' psql -XAtq -v ON_ERROR_STOP=1 "$1"
