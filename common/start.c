// SPDX-License-Identifier: Apache-2.0
// The command line, then the configuration: either may say that there is nothing to be done.
#include "common/start.h"

#include "common/log.h"

int start(const struct program *p, int argc, char **argv, void *args,
	struct common_arguments *common, struct arena *a, struct settings *ret)
{
	struct error err = {0};
	int code = options_parse(p, argc, argv, args, common);

	if (code >= 0)
		return code;
	if (settings_load(common->config, a, ret, &err) == 0)
		return -1;
	log_error("%s", err.text);
	return EXIT_USAGE;
}
