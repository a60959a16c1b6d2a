-- SPDX-License-Identifier: Apache-2.0
-- A time series may show something else than its metric (reads and writes together beside a total
-- of reads), and is then called something else on its chart.

ALTER TABLE warehouse.metric ADD series_label text;
COMMENT ON COLUMN warehouse.metric.series_label IS 'What the chart of the time series is called; NULL: no series.';

UPDATE warehouse.metric SET series_label = label WHERE series_key IS NOT NULL;

UPDATE warehouse.reason SET name = 'too few samples',
	help = 'There were not enough samples in the job for this metric.' WHERE reason = 2;
