// SPDX-License-Identifier: Apache-2.0
// Draws sparklines and bars. Only numbers go into the SVG; text is escaped by html.c.
#include "portal/svg.h"

#include <math.h>

#include "portal/html.h"

#define WIDTH  600.0
#define HEIGHT 120.0

struct frame { // data to drawing
	int64_t from;
	double seconds, top, bottom;
};

static double x_of(const struct frame *f, int64_t t)
{
	return f->seconds > 0 ? (double)(t - f->from) / f->seconds * WIDTH : WIDTH / 2;
}

static double y_of(const struct frame *f, double v)
{
	double height = f->top - f->bottom;
	return height > 0 ? HEIGHT - 2 - (v - f->bottom) / height * (HEIGHT - 4) : HEIGHT / 2;
}

// Zero is always in the picture: half a scale misleads.
static struct frame frame_of(const struct series_data *d, const struct series_band *b)
{
	struct frame f = {
		.from = d->times[0], .seconds = (double)(d->times[d->n_times - 1] - d->times[0])};
	for (size_t i = 0; i < d->n_times; i++) {
		f.top = fmax(f.top, b->high[i]);
		f.bottom = fmin(f.bottom, b->low[i]);
	}
	return f;
}

// One run of points without gap: [from, to).
static size_t run_end(const struct series_data *d, const double *values, size_t from)
{
	size_t i = from + 1;
	while (i < d->n_times && !isnan(values[i]) && !series_gap_before(d, i))
		i++;
	return i;
}

static void put_point(struct strbuf *out, const struct frame *f, char command, int64_t t, double v)
{
	strbuf_printf(out, "%c%.1f %.1f", command, x_of(f, t), y_of(f, v));
}

static void band_path(struct strbuf *out, const struct frame *f, const struct series_data *d,
	const struct series_band *b)
{
	html_raw(out, "<path class=\"spark-band\" d=\"");
	for (size_t i = 0; i < d->n_times; i++) {
		if (isnan(b->mean[i]))
			continue;
		size_t end = run_end(d, b->mean, i);
		for (size_t k = i; k < end; k++)
			put_point(out, f, k == i ? 'M' : 'L', d->times[k], b->high[k]);
		for (size_t k = end; k > i; k--)
			put_point(out, f, 'L', d->times[k - 1], b->low[k - 1]);
		strbuf_putc(out, 'Z');
		i = end - 1;
	}
	html_raw(out, "\"/>");
}

static void line_path(struct strbuf *out, const struct frame *f, const struct series_data *d,
	const double *values)
{
	html_raw(out, "<path class=\"spark-line\" d=\"");
	for (size_t i = 0; i < d->n_times; i++) {
		if (isnan(values[i]))
			continue;
		size_t end = run_end(d, values, i);
		for (size_t k = i; k < end; k++)
			put_point(out, f, k == i ? 'M' : 'L', d->times[k], values[k]);
		if (end == i + 1) // a lone point: a line of no length, which round caps make a dot
			put_point(out, f, 'L', d->times[i], values[i]);
		i = end - 1;
	}
	html_raw(out, "\"/>");
}

void svg_series(struct strbuf *out, const struct series_data *d, struct arena *a)
{
	struct series_band b = series_band(d, a);
	struct frame f = frame_of(d, &b);
	strbuf_printf(out,
		"<svg class=\"spark\" viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\">",
		WIDTH, HEIGHT);
	if (d->n_lines > 1)
		band_path(out, &f, d, &b);
	line_path(out, &f, d, b.mean);
	html_raw(out, "</svg>");
}

void svg_share(struct strbuf *out, double share, const char *label)
{
	double width = fmin(fmax(share, 0), 1) * 100;
	html_raw(out, "<svg class=\"share\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
		      "role=\"img\"");
	html_attribute(out, "aria-label", label);
	strbuf_printf(out,
		"><rect class=\"share-all\" width=\"100\" height=\"8\"/>"
		"<rect class=\"share-used\" width=\"%.2f\" height=\"8\"/></svg>",
		width);
}

void svg_timing(struct strbuf *out, const struct svg_timing *t, const char *label)
{
	const struct {
		const char *class_name;
		int64_t seconds;
	} parts[] = {{"time-wait", t->wait_s}, {"time-run", t->run_s}, {"time-rest", t->rest_s}};
	double total = 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		total += parts[i].seconds > 0 ? (double)parts[i].seconds : 0;
	html_raw(out, "<svg class=\"timing\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
		      "role=\"img\"");
	html_attribute(out, "aria-label", label);
	strbuf_putc(out, '>');
	double x = 0;
	for (size_t i = 0; i < ARRAY_LEN(parts) && total > 0; i++) {
		double width = parts[i].seconds > 0 ? (double)parts[i].seconds / total * 1000 : 0;
		strbuf_printf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>",
			parts[i].class_name, x, width);
		x += width;
	}
	html_raw(out, "</svg>");
}
