// SPDX-License-Identifier: Apache-2.0
// MongoDB: connecting, collections, and what its errors mean.
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/store/mongo.h"

static void drop_log(
	mongoc_log_level_t level, const char *domain, const char *message, void *context)
{
	(void)level, (void)domain, (void)message, (void)context;
}

static void start_library(void)
{
	// A library never prints, starting included; what matters comes back as an error.
	mongoc_log_set_handler(drop_log, NULL);
	mongoc_init();
}

int mongo_fail(const struct mongo_store *s, const char *doing, const bson_error_t *fault,
	struct error *err)
{
	int code = EIO;

	// What waiting does not mend; 13 and 18 are the server's "unauthorized" and "no such user".
	if (strstr(fault->message, "TLS handshake failed") ||
		strstr(fault->message, "certificate verify failed") ||
		fault->code == MONGOC_ERROR_CLIENT_AUTHENTICATE || fault->code == 13 ||
		fault->code == 18)
		code = EACCES;
	else if (fault->domain == MONGOC_ERROR_SERVER_SELECTION ||
		 fault->domain == MONGOC_ERROR_STREAM)
		code = EHOSTDOWN;
	else if (fault->code == MONGOC_ERROR_DUPLICATE_KEY)
		code = EEXIST;
	return error_set(
		err, code, "store: cannot %s mongodb://%s: %s", doing, s->shown, fault->message);
}

// Host list and database of the URL, without user, password and options.
static char *shown_url(const mongoc_uri_t *uri)
{
	struct strbuf text = {0};

	for (const mongoc_host_list_t *h = mongoc_uri_get_hosts(uri); h; h = h->next)
		strbuf_printf(&text, "%s%s", text.len ? "," : "", h->host_and_port);
	strbuf_printf(&text, "/%s", mongoc_uri_get_database(uri));
	return strbuf_take(&text);
}

// libmongoc 1.23 crashes over a user without password where the mechanism needs one.
static bool lacks_password(const mongoc_uri_t *uri)
{
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	return mongoc_uri_get_username(uri) && !mongoc_uri_get_password(uri) &&
	       (!mechanism || str_starts(mechanism, "SCRAM") || str_eq(mechanism, "PLAIN"));
}

// Of a file that it cannot read the library says "connection error".
static int check_files(const mongoc_uri_t *uri, struct error *err)
{
	static const char *const options[] = {
		MONGOC_URI_TLSCAFILE, MONGOC_URI_TLSCERTIFICATEKEYFILE};

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const char *file = mongoc_uri_get_option_as_utf8(uri, options[i], NULL);

		if (file && access(file, R_OK) != 0)
			return error_set(err, EACCES, "store: %s: cannot read %s: %s", options[i],
				file, strerror(errno));
	}
	return 0;
}

static int parse_url(const char *url, const char *password, mongoc_uri_t **ret, struct error *err)
{
	bson_error_t fault;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(url, &fault);

	// A malformed URL's parts may be anywhere in the library's words, a password among them.
	if (!uri && strchr(url, '@'))
		return error_set(err, EINVAL,
			"store: the MongoDB URL is malformed (\"/\", \"@\", \":\" and \"%%\" in "
			"user and password are written %%2F, %%40, %%3A, %%25)");
	if (!uri)
		return error_set(
			err, EINVAL, "store: the MongoDB URL is malformed: %s", fault.message);
	if (password && mongoc_uri_get_username(uri) && !mongoc_uri_get_password(uri))
		(void)mongoc_uri_set_password(uri, password);
	if (lacks_password(uri)) {
		mongoc_uri_destroy(uri);
		return error_set(
			err, EACCES, "store: the MongoDB URL has a user, but no password is set");
	}
	if (!mongoc_uri_get_database(uri))
		(void)mongoc_uri_set_database(uri, "supremm");
	if (!mongoc_uri_has_option(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS))
		(void)mongoc_uri_set_option_as_int32(
			uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 10000);
	(void)mongoc_uri_set_appname(uri, "jobsight");
	*ret = uri;
	return 0;
}

// What was acknowledged is on disk on most members, unless the URL wants it otherwise.
static void set_durable(struct mongo_store *s, const mongoc_uri_t *uri)
{
	mongoc_write_concern_t *concern;

	if (mongoc_uri_has_option(uri, MONGOC_URI_W) ||
		mongoc_uri_has_option(uri, MONGOC_URI_JOURNAL))
		return;
	concern = mongoc_write_concern_new();
	mongoc_write_concern_set_wmajority(concern, 60000);
	mongoc_write_concern_set_journal(concern, true);
	mongoc_client_set_write_concern(s->client, concern);
	mongoc_write_concern_destroy(concern);
}

static int connect_to(struct mongo_store *s, const mongoc_uri_t *uri, struct error *err)
{
	AUTO_BSON *ping = BCON_NEW("ping", BCON_INT32(1));
	bson_error_t fault;

	s->client = mongoc_client_new_from_uri_with_error(uri, &fault);
	if (!s->client)
		return mongo_fail(s, "open", &fault, err);
	(void)mongoc_client_set_error_api(s->client, MONGOC_ERROR_API_VERSION_2);
	set_durable(s, uri);
	s->database = mongoc_client_get_database(s->client, mongoc_uri_get_database(uri));
	if (!mongoc_database_command_simple(s->database, ping, NULL, NULL, &fault))
		return mongo_fail(s, "open", &fault, err);
	return 0;
}

int mongo_open(const char *url, const char *password, bool read_only, void **ret, struct error *err)
{
	// One library, one start for the whole process.
	static pthread_once_t once = PTHREAD_ONCE_INIT; // NOLINT(*-avoid-non-const-global-*)
	mongoc_uri_t *uri = NULL;
	struct mongo_store *s;
	int rc;

	(void)pthread_once(&once, start_library);
	TRY(parse_url(url, password, &uri, err));
	s = memory_alloc(1, sizeof(*s));
	s->read_only = read_only;
	s->opened_ms = clock_now_ns() / 1000000;
	s->shown = shown_url(uri);
	rc = check_files(uri, err);
	if (rc == 0 && lacks_password(uri))
		rc = error_set(
			err, EACCES, "store: the MongoDB URL has a user, but no password is set");
	if (rc == 0)
		rc = connect_to(s, uri, err);
	mongoc_uri_destroy(uri);
	if (rc < 0) {
		mongo_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void mongo_close(void *state)
{
	struct mongo_store *s = state;

	mongoc_database_destroy(s->database);
	mongoc_client_destroy(s->client);
	arena_release(&s->ready_memory);
	free(s->shown);
	free(s);
}

mongoc_collection_t *mongo_collection(
	const struct mongo_store *s, const char *prefix, const char *resource)
{
	CLEANUP(strbuf_release) struct strbuf name = {0};

	strbuf_printf(&name, "%s%s", prefix, resource);
	return mongoc_database_get_collection(s->database, name.text);
}

int mongo_resources(
	void *state, struct arena *a, const char ***ret, size_t *ret_n, struct error *err)
{
	const struct mongo_store *s = state;
	bson_error_t fault;
	char **names = mongoc_database_get_collection_names_with_opts(s->database, NULL, &fault);
	size_t total = 0;
	size_t n = 0;

	if (!names)
		return mongo_fail(s, "list the collections of", &fault, err);
	while (names[total])
		total++;
	*ret = arena_array(a, total + 1, sizeof(**ret));
	for (size_t i = 0; i < total; i++)
		if (str_starts(names[i], SUMMARY_PREFIX))
			(*ret)[n++] = arena_strdup(a, names[i] + strlen(SUMMARY_PREFIX));
	*ret_n = n;
	bson_strfreev(names);
	return 0;
}

static int create_index(
	struct mongo_store *s, const char *collection, const char *field, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	CLEANUP(strbuf_release) struct strbuf name = {0};
	AUTO_BSON *command = NULL;
	bson_error_t fault;

	strbuf_printf(&path, "jobsight.store.%s", field);
	strbuf_printf(&name, "jobsight_%s", field);
	command = BCON_NEW("createIndexes", BCON_UTF8(collection), "indexes", "[", "{", "key", "{",
		path.text, BCON_INT32(1), "}", "name", BCON_UTF8(name.text), "}", "]");
	if (!mongoc_database_write_command_with_opts(s->database, command, NULL, NULL, &fault))
		return mongo_fail(s, "make an index in", &fault, err);
	return 0;
}

// The key's index is not a unique one: when a job's end time changes, its document under the new
// _id must be there before the one under the former _id goes.
int mongo_prepare(struct mongo_store *s, const char *resource, struct error *err)
{
	static const struct {
		const char *prefix, *field;
	} indexes[] = {
		{SUMMARY_PREFIX, "key"},
		{SUMMARY_PREFIX, "order"},
		{SUMMARY_PREFIX, "id"},
		{SUMMARY_PREFIX, "end"},
		{SERIES_PREFIX, "end"},
	};
	const char **more;

	for (size_t i = 0; i < s->n_ready; i++)
		if (str_eq(s->ready[i], resource))
			return 0;
	for (size_t i = 0; i < ARRAY_LEN(indexes); i++) {
		CLEANUP(strbuf_release) struct strbuf name = {0};

		strbuf_printf(&name, "%s%s", indexes[i].prefix, resource);
		TRY(create_index(s, name.text, indexes[i].field, err));
	}
	more = arena_array(&s->ready_memory, s->n_ready + 1, sizeof(*more));
	if (s->n_ready)
		memcpy(more, s->ready, s->n_ready * sizeof(*more));
	more[s->n_ready++] = arena_strdup(&s->ready_memory, resource);
	s->ready = more;
	return 0;
}
