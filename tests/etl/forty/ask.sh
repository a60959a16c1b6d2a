#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ask.sh CONNECTION: asks the questions on standard input (see oracle.py) and prints the answers.
set -eu
{
	cat <<'SQL'
CREATE TEMPORARY TABLE q (n serial, reading text, realm text, statistic text, dimension text, unit text);
COPY q (reading, realm, statistic, dimension, unit) FROM STDIN (DELIMITER '|');
SQL
	cat
	cat <<'SQL'
\.
SET timezone = 'Europe/Berlin';
SELECT q.reading, q.realm, q.statistic, q.dimension, q.unit, a.period, a.value_id, a.dimension_value, a.value
FROM q CROSS JOIN LATERAL (
	SELECT * FROM warehouse.statistic(q.realm, q.statistic, q.dimension, q.unit, '2023-12-01', '2024-11-30')
		WHERE q.reading = 'exact' AND q.unit <> 'total'
	UNION ALL SELECT * FROM warehouse.total(q.realm, q.statistic, q.dimension, '2023-12-01', '2024-11-30')
		WHERE q.reading = 'exact' AND q.unit = 'total'
	UNION ALL SELECT c.period, c.dimension_value, c.dimension_value, c.value, NULL
		FROM compat.statistic(q.realm, q.statistic, q.dimension, q.unit, '2023-12-01', '2024-11-30') c
		WHERE q.reading = 'compat') a
ORDER BY q.n;
SQL
} | psql -XAtq -v ON_ERROR_STOP=1 "$1"
