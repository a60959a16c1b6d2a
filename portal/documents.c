// SPDX-License-Identifier: Apache-2.0
// Reads the document store, one request at a time.
#include "portal/documents.h"

#include <errno.h>
#include <pthread.h>

#include "common/log.h"
#include "common/store/site.h"

// The store's handle serves one thread. A read copies some kilobytes, so requests take turns;
// taking a document apart happens outside the lock.
struct documents {
	pthread_mutex_t lock;
	const struct settings *settings;
	struct store *store, *history; // NULL: not open (yet)
};

int documents_open(const struct settings *s, struct documents **ret, struct error *err)
{
	struct documents *d = calloc(1, sizeof(*d));
	if (!d)
		return error_set(err, ENOMEM, "out of memory");
	pthread_mutex_init(&d->lock, NULL);
	d->settings = s;
	*ret = d;
	return 0;
}

void documents_close(struct documents *d)
{
	if (!d)
		return;
	store_close(d->store);
	store_close(d->history);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

// From one of the stores, which is opened when it is needed, and afresh after a failure.
static int get_from(struct documents *d, const char *url, struct store **store,
	const struct job_key *key, struct arena *a, struct store_item *ret, struct error *err)
{
	if (!*store)
		TRY(store_open_site(d->settings, url, true, store, err));
	int found = store_get(*store, key, a, ret, err);
	if (found < 0) {
		store_close(*store);
		*store = NULL;
	}
	return found;
}

static int get_locked(struct documents *d, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	const char *history = d->settings->store_history;
	int found = get_from(d, d->settings->store_url, &d->store, key, a, ret, err);
	if (found != 0 || !history)
		return found;
	return get_from(d, history, &d->history, key, a, ret, err);
}

int documents_get(struct documents *d, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	struct error why = {0};
	pthread_mutex_lock(&d->lock);
	int found = get_locked(d, key, a, ret, &why);
	pthread_mutex_unlock(&d->lock);
	if (found >= 0)
		return found;
	log_warning("document store: %s", why.text);
	return error_set(err, EAGAIN, "The document store cannot be read at the moment.");
}
