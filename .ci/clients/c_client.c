/* Client program around the C library of Apache ZooKeeper, for
 * cmd/internal/zkclients, which says what the arguments and the output mean.
 *
 *     cc -DTHREADED -o c_client c_client.c -lzookeeper_mt -lcrypto
 *     c_client check|load SERVERS ZNODE
 */
#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

enum { WAIT_MS = 20000, PATH_MAX_LEN = 512 };

static const char *below;
static const char *feature = "connect";

static void demand(int condition, const char *format, ...) {
	if (condition)
		return;
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s: ", feature);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void returns(int have, int want) {
	demand(have == want, "have %s, want %s", zerror(have), zerror(want));
}

/* path joins below and a name, into one of a few buffers in turn. */
static const char *path(const char *name) {
	static char buffers[8][PATH_MAX_LEN];
	static unsigned next;
	char *b = buffers[next++ % 8];
	snprintf(b, PATH_MAX_LEN, "%s/%s", below, name);
	return b;
}

/* --- connections and events --- */

static void ignore(zhandle_t *zh, int type, int state, const char *p, void *context) {}

static zhandle_t *open_session(const char *servers) {
	zhandle_t *zh = zookeeper_init(servers, ignore, 10000, NULL, NULL, 0);
	demand(zh != NULL, "zookeeper_init");
	for (int i = 0; zoo_state(zh) != ZOO_CONNECTED_STATE; i++) {
		demand(i < WAIT_MS, "not connected");
		usleep(1000);
	}
	return zh;
}

/* event is what one watch waits for. */
struct event {
	pthread_mutex_t mu;
	int type; /* 0: has not come */
};

#define EVENT {PTHREAD_MUTEX_INITIALIZER, 0}

static void came(zhandle_t *zh, int type, int state, const char *p, void *context) {
	struct event *e = context;
	if (type == ZOO_SESSION_EVENT)
		return;
	pthread_mutex_lock(&e->mu);
	e->type = type;
	pthread_mutex_unlock(&e->mu);
}

static void await(struct event *e, int type) {
	for (int i = 0; i < WAIT_MS; i++) {
		pthread_mutex_lock(&e->mu);
		int have = e->type;
		pthread_mutex_unlock(&e->mu);
		if (have != 0) {
			demand(have == type, "event %d, want %d", have, type);
			return;
		}
		usleep(1000);
	}
	demand(0, "no event %d", type);
}

/* done is the completion of a call that has only an asynchronous form. */
struct done {
	pthread_mutex_t mu;
	pthread_cond_t cond;
	int over, rc;
};

#define DONE {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0}

static void finish(int rc, struct done *d) {
	pthread_mutex_lock(&d->mu);
	d->rc = rc;
	d->over = 1;
	pthread_cond_signal(&d->cond);
	pthread_mutex_unlock(&d->mu);
}

static void void_done(int rc, const void *data) { finish(rc, (struct done *)data); }
static void string_done(int rc, const char *value, const void *data) { finish(rc, (struct done *)data); }

static int result(struct done *d) {
	pthread_mutex_lock(&d->mu);
	while (!d->over)
		pthread_cond_wait(&d->cond, &d->mu);
	pthread_mutex_unlock(&d->mu);
	return d->rc;
}

static void sync_session(zhandle_t *zh) {
	struct done d = DONE;
	returns(zoo_async(zh, below, string_done, &d), ZOK);
	returns(result(&d), ZOK);
}

/* --- the features, with two sessions --- */

static zhandle_t *a, *b;
static const char *all_servers;

static int create(zhandle_t *zh, const char *p, const char *value, int flags, char *made) {
	static char unused[PATH_MAX_LEN];
	return zoo_create(zh, p, value, (int)strlen(value), &ZOO_OPEN_ACL_UNSAFE, flags, made ? made : unused, PATH_MAX_LEN);
}

static void check_create(void) {
	returns(create(a, path("a"), "hello", 0, NULL), ZOK);
	returns(create(a, path("a"), "hello", 0, NULL), ZNODEEXISTS);
	char made[PATH_MAX_LEN];
	struct Stat stat;
	returns(zoo_create2(a, path("a2"), "two", 3, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof made, &stat), ZOK);
	demand(stat.version == 0 && stat.dataLength == 3, "create2: version %d, length %d", stat.version, stat.dataLength);
}

static void read_back(zhandle_t *zh, const char *p, const char *want, int version) {
	char data[64];
	int size = sizeof data;
	struct Stat stat;
	returns(zoo_get(zh, p, 0, data, &size, &stat), ZOK);
	demand(size == (int)strlen(want) && memcmp(data, want, size) == 0, "read %.*s, want %s", size, data, want);
	demand(stat.version == version, "version %d, want %d", stat.version, version);
}

static void check_read(void) {
	sync_session(b);
	read_back(b, path("a"), "hello", 0);
	struct String_vector names;
	returns(zoo_get_children(b, below, 0, &names), ZOK);
	demand(names.count == 2, "%d children", names.count);
	deallocate_String_vector(&names);
}

static void check_update(void) {
	returns(zoo_set(a, path("a"), "again", 5, 0), ZOK);
	read_back(a, path("a"), "again", 1);
	returns(zoo_set(a, path("a"), "x", 1, 0), ZBADVERSION);
}

static void check_watch(void) {
	static struct event data = EVENT, children = EVENT, created = EVENT;
	char buffer[64];
	int size = sizeof buffer;
	struct Stat stat;
	struct String_vector names;
	returns(zoo_wget(b, path("a"), came, &data, buffer, &size, &stat), ZOK);
	returns(zoo_wget_children(b, below, came, &children, &names), ZOK);
	deallocate_String_vector(&names);
	returns(zoo_wexists(b, path("later"), came, &created, &stat), ZNONODE);
	returns(zoo_set(a, path("a"), "seen", 4, -1), ZOK);
	returns(create(a, path("later"), "", 0, NULL), ZOK);
	await(&data, ZOO_CHANGED_EVENT);
	await(&children, ZOO_CHILD_EVENT);
	await(&created, ZOO_CREATED_EVENT);
}

static void check_ephemeral(void) {
	static struct event gone = EVENT;
	zhandle_t *c = open_session(all_servers);
	struct Stat stat;
	returns(create(c, path("e"), "", ZOO_EPHEMERAL, NULL), ZOK);
	sync_session(b);
	returns(zoo_wexists(b, path("e"), came, &gone, &stat), ZOK);
	demand(stat.ephemeralOwner == zoo_client_id(c)->client_id, "owner %llx", (long long)stat.ephemeralOwner);
	returns(create(a, path("e/child"), "", 0, NULL), ZNOCHILDRENFOREPHEMERALS);
	returns(zookeeper_close(c), ZOK);
	await(&gone, ZOO_DELETED_EVENT);
}

static void check_sequence(void) {
	char first[PATH_MAX_LEN], second[PATH_MAX_LEN];
	returns(create(a, path("s-"), "", ZOO_SEQUENCE, first), ZOK);
	returns(create(b, path("s-"), "", ZOO_SEQUENCE, second), ZOK);
	demand(strcmp(first, second) < 0 && strlen(first) == strlen(path("s-")) + 10, "%s, then %s", first, second);
}

/* digest_id is user:base64(SHA1(user:password)), as the scheme digest wants it. */
static void digest_id(char *out, const char *credentials) {
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned size;
	demand(EVP_Digest(credentials, strlen(credentials), sum, &size, EVP_sha1(), NULL) == 1, "SHA-1");
	size_t user = strcspn(credentials, ":") + 1;
	memcpy(out, credentials, user);
	EVP_EncodeBlock((unsigned char *)out + user, sum, (int)size);
}

static void check_acl(void) {
	char id[PATH_MAX_LEN], made[PATH_MAX_LEN], data[8];
	int size = sizeof data;
	struct Stat stat;
	struct done d = DONE;
	returns(zoo_add_auth(a, "digest", "user:secret", 11, void_done, &d), ZOK);
	returns(result(&d), ZOK);
	digest_id(id, "user:secret");
	struct ACL mine = {ZOO_PERM_ALL, {"digest", id}};
	struct ACL_vector acl = {1, &mine};
	returns(zoo_create(a, path("acl"), "x", 1, &acl, 0, made, sizeof made), ZOK);
	sync_session(b);
	returns(zoo_get(b, path("acl"), 0, data, &size, &stat), ZNOAUTH);
	struct ACL anyone = {ZOO_PERM_READ | ZOO_PERM_ADMIN, {"world", "anyone"}};
	struct ACL_vector looser = {1, &anyone}, have;
	returns(zoo_set_acl(a, path("acl"), 0, &looser), ZOK);
	returns(zoo_get_acl(a, path("acl"), &have, &stat), ZOK);
	demand(have.count == 1 && have.data[0].perms == anyone.perms && strcmp(have.data[0].id.id, "anyone") == 0, "acl");
	demand(stat.aversion == 1, "aversion %d", stat.aversion);
	deallocate_ACL_vector(&have);
	returns(zoo_set(b, path("acl"), "y", 1, -1), ZNOAUTH);
}

static void check_multi(void) {
	char made[PATH_MAX_LEN];
	struct Stat stat;
	zoo_op_t ops[5];
	zoo_op_result_t results[5];
	zoo_create_op_init(&ops[0], path("m"), "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof made);
	zoo_set_op_init(&ops[1], path("m"), "y", 1, 0, &stat);
	zoo_check_op_init(&ops[2], path("m"), 1);
	zoo_create_op_init(&ops[3], path("n"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof made);
	zoo_delete_op_init(&ops[4], path("n"), 0);
	returns(zoo_multi(a, 5, ops, results), ZOK);
	demand(stat.version == 1, "version %d", stat.version);
	zoo_create_op_init(&ops[0], path("o"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof made);
	zoo_check_op_init(&ops[1], path("m"), 7);
	returns(zoo_multi(a, 2, ops, results), ZBADVERSION);
	returns(results[1].err, ZBADVERSION);
	returns(zoo_exists(a, path("o"), 0, &stat), ZNONODE);
}

static void check_delete(void) {
	struct Stat stat;
	returns(zoo_delete(a, path("a"), 7), ZBADVERSION);
	returns(zoo_delete(a, path("a"), -1), ZOK);
	returns(zoo_exists(a, path("a"), 0, &stat), ZNONODE);
}

static int check(void) {
	static const struct {
		const char *name;
		void (*run)(void);
	} features[] = {
		{"create", check_create}, {"read", check_read}, {"update", check_update}, {"watch", check_watch},
		{"ephemeral", check_ephemeral}, {"sequence", check_sequence}, {"acl", check_acl}, {"multi", check_multi},
		{"delete", check_delete},
	};
	a = open_session(all_servers);
	b = open_session(all_servers);
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
		feature = features[i].name;
		features[i].run();
		printf("ok %s\n", feature);
	}
	feature = "close";
	returns(zookeeper_close(a), ZOK);
	returns(zookeeper_close(b), ZOK);
	return 0;
}

/* --- load --- */

static volatile int over;

static void *await_end(void *unused) {
	char c;
	while (read(0, &c, 1) > 0) {
	}
	over = 1;
	return NULL;
}

static int load(void) {
	pthread_t thread;
	demand(pthread_create(&thread, NULL, await_end, NULL) == 0, "pthread_create");
	zhandle_t *zh = open_session(all_servers);
	for (int n = 0; !over; n++) {
		char name[32];
		snprintf(name, sizeof name, "%d", n);
		int rc = create(zh, path(name), "x", 0, NULL);
		if (rc == ZOK) {
			printf("ack %d\n", n);
			fflush(stdout);
			continue;
		}
		if (zoo_state(zh) == ZOO_EXPIRED_SESSION_STATE) {
			zookeeper_close(zh);
			zh = open_session(all_servers);
		}
		usleep(5000);
	}
	zookeeper_close(zh);
	return 0;
}

int main(int argc, char **argv) {
	if (argc != 4 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "load") != 0)) {
		fprintf(stderr, "usage: %s check|load SERVERS ZNODE\n", argv[0]);
		return 1;
	}
	zoo_set_debug_level(0);
	all_servers = argv[2];
	below = argv[3];
	return strcmp(argv[1], "check") == 0 ? check() : load();
}
