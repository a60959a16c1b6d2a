// SPDX-License-Identifier: Apache-2.0
// queue-tool shuffle: takes messages out of the queue and puts each back twice, in reverse order, again
// and again until it is killed. queue-tool put DIR: puts every file of DIR into the queue as it is, in the order of
// their names.
// The broker is that of the environment (tests/servers/rabbitmq).
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/file.h"
#include "relay/broker.h"

enum { HAND = 12 };

static int publish_sure(struct broker *b, struct bytes body, struct error *err)
{
	struct confirm c;
	int rc = 0;

	TRY(broker_publish(b, body, err));
	while (rc == 0)
		rc = broker_confirm(b, 1000, &c, err);
	return rc < 0 ? rc : 0;
}

static int open_both(struct broker **take, struct broker **give, struct error *err)
{
	struct broker_options o = {
		.url = getenv("RABBITMQ_URL"),
		.password = getenv("RABBITMQ_PASSWORD"),
		.ca = getenv("RABBITMQ_CA"),
		.queue = "jobsight.archives",
		.makes_queue = true,
	};

	TRY(broker_open(&o, give, err));
	TRY(broker_confirms_on(*give, err));
	if (!take)
		return 0;
	TRY(broker_open(&o, take, err));
	return broker_consume(*take, HAND, err);
}

static int shuffle_hand(struct broker *take, struct broker *give, struct error *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct bytes hand[HAND];
	struct delivery d = {0};
	size_t n = 0;
	int rc = 1;

	while (n < HAND && rc > 0) {
		rc = broker_next(take, 100, &d, err);
		if (rc > 0) {
			hand[n].data = arena_copy(&arena, d.body.data, d.body.len);
			hand[n++].len = d.body.len;
		}
	}
	if (rc < 0)
		return rc;
	for (size_t i = 2 * n; i > 0; i--)
		TRY(publish_sure(give, hand[(i - 1) % n], err));
	if (n == 0)
		return 0;
	printf("%zu\n", n);
	(void)fflush(stdout);
	return broker_ack(take, d.tag, err);
}

static void shuffle(void)
{
	for (;;) {
		struct broker *take = NULL;
		struct broker *give = NULL;
		struct error err = {0};
		int rc = open_both(&take, &give, &err);
		while (rc == 0) {
			rc = shuffle_hand(take, give, &err);
			usleep(50000); // so that it is not alone with the messages
		}
		broker_close(take);
		broker_close(give);
		usleep(300000);
	}
}

static int put_files(const char *folder, struct error *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct dirent **entries = NULL;
	struct broker *give = NULL;
	struct bytes body;
	int n = scandir(folder, &entries, NULL, alphasort);

	if (n < 0)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	int rc = open_both(NULL, &give, err);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && entries[i]->d_name[0] != '.') {
			rc = file_read(arena_printf(&arena, "%s/%s", folder, entries[i]->d_name),
				1 << 20, &arena, &body, err);
			if (rc == 0)
				rc = publish_sure(give, body, err);
		}
		free(entries[i]);
	}
	free(entries);
	broker_close(give);
	return rc;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc == 2 && strcmp(argv[1], "shuffle") == 0)
		shuffle();
	if (argc != 3 || put_files(argv[2], &err) < 0) {
		(void)fprintf(stderr, "queue-tool: %s\n", err.text);
		return 1;
	}
	return 0;
}
