// SPDX-License-Identifier: Apache-2.0
// Writes figures. Counts are whole; what is large has no decimals, what is small has some. Hours are
// measured, not counted: in a column of them 4 stands as 4.00 below 3.75.
#include "export/number.h"

#include <math.h>
#include <string.h>

#include "common/macro.h"
#include "common/str.h"
#include "portal/units.h"

// Units that figures carry themselves.
static const char *const carried[] = {"%", "B", "B/s", "s"};

static bool is_carried(const char *unit)
{
	for (size_t i = 0; i < ARRAY_LEN(carried); i++)
		if (str_eq(unit, carried[i]))
			return true;
	return false;
}

static const char *plain(double v, const char *unit, char buf[FIGURE_SIZE])
{
	static const double exact_to = 1e15; // whole numbers are doubles up to here, and more
	char count[NUMBER_SIZE];
	double size = fabs(v);
	bool is_hours = str_ends(unit, "hours");

	if (size < exact_to && (size >= 999.5 || v == 0 || (v == trunc(v) && !is_hours)))
		(void)str_format(buf, FIGURE_SIZE, "%s", count_show(llround(v), count));
	else if (is_hours && size < 0.005)
		(void)str_format(buf, FIGURE_SIZE, "< 0.01");
	else
		(void)str_format(buf, FIGURE_SIZE, "%.*f",
			size >= 99.95             ? 0
			: size >= 9.95            ? 1
			: size >= 0.1 || is_hours ? 2
						  : 4,
			v);
	return buf;
}

// Hours of which hardly any are: seconds say more.
static bool is_moment(double v, const char *unit)
{
	return str_eq(unit, "hours") && v > 0 && v < 0.1;
}

const char *figure_text(const struct cell *c, const char *unit, char buf[FIGURE_SIZE])
{
	struct shown shown;

	if (!c->is_known)
		return NULL;
	if (str_eq(unit, "%")) {
		(void)str_format(buf, FIGURE_SIZE, "%.1f %%", c->value);
		return buf;
	}
	if (is_moment(c->value, unit))
		shown = unit_show(c->value * 3600, "s");
	else if (is_carried(unit))
		shown = unit_show(c->value, unit);
	else
		return plain(c->value, unit, buf);
	(void)str_format(
		buf, FIGURE_SIZE, "%s%s%s", shown.number, *shown.unit ? " " : "", shown.unit);
	return buf;
}

const char *column_unit(const struct column *c)
{
	if (is_carried(c->unit) || str_eq(c->unit, "1") || strcasestr(c->label, c->unit))
		return NULL;
	return c->unit;
}

const char *coverage_text(const struct cell *c, char buf[FIGURE_SIZE])
{
	static const double whole = 0.995; // 100 % when rounded

	if (!c->is_known || isnan(c->coverage) || c->coverage >= whole)
		return NULL;
	(void)str_format(
		buf, FIGURE_SIZE, "of %.*f %%", c->coverage < 0.1 ? 1 : 0, 100 * c->coverage);
	return buf;
}
