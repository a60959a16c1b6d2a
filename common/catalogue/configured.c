// SPDX-License-Identifier: Apache-2.0
// The configured catalogue, for programs.
#include "common/catalogue/configured.h"

#include "common/log.h"
#include "common/settings.h"

static void report(void *context, const struct error *why)
{
	(void)context;
	log_warning("%s", why->text);
}

int catalogue_load_configured(const struct option_list *directories, const char *config,
	struct arena *a, struct catalogue *ret, struct error *err)
{
	const struct catalogue_problem problem = {.bad = report};
	struct settings settings = {0};

	if (directories->n)
		return catalogue_load(directories->items, directories->n, &problem, a, ret, err);
	TRY(settings_load(config, a, &settings, err));
	const char *configured[] = {settings.catalogue_shipped, settings.catalogue_path};
	return catalogue_load(configured, ARRAY_LEN(configured), &problem, a, ret, err);
}
