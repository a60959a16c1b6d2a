// SPDX-License-Identifier: Apache-2.0
// Reads the document store, one request at a time.
#include "portal/documents.h"

#include <errno.h>
#include <pthread.h>

#include "common/log.h"

// The store's handle serves one thread. A read copies some kilobytes, so requests take turns;
// taking a document apart happens outside the lock.
struct documents {
	pthread_mutex_t lock;
	const struct settings *settings;
	struct store *store; // NULL: not open (yet)
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
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int get_locked(struct documents *d, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	const struct settings *s = d->settings;
	if (!d->store)
		TRY(store_open(s->store_url, s->store_password, true, &d->store, err));
	int found = store_get(d->store, key, a, ret, err);
	if (found < 0) { // opened afresh the next time
		store_close(d->store);
		d->store = NULL;
	}
	return found;
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
