"""Client program around kazoo, for cmd/internal/zkclients, which says what the
arguments and the output mean.

    kazoo_client.py check|load SERVERS ZNODE
"""

import logging
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import (
    BadVersionError,
    KazooException,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
)
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl, make_digest_acl

WAIT = 20  # seconds that an event, a lock or a turn may take


def connect(servers):
    client = KazooClient(hosts=servers, timeout=10)
    client.start(timeout=WAIT)
    return client


def demand(condition, text):
    if not condition:
        raise AssertionError(text)


def raises(error, call, *args, **kwargs):
    try:
        result = call(*args, **kwargs)
    except error:
        return
    raise AssertionError("have %r, want %s" % (result, error.__name__))


class Check:
    """All features with two sessions, a and b."""

    features = (
        "create read update watch ephemeral sequence acl multi lock election queue delete"
    ).split()

    def __init__(self, servers, below):
        self.servers = servers
        self.below = below
        self.a = connect(servers)
        self.b = connect(servers)

    def path(self, name):
        return self.below + "/" + name

    def run(self):
        for feature in self.features:
            getattr(self, feature)()
            print("ok", feature, flush=True)
        for client in self.a, self.b:
            client.stop()
            client.close()

    def create(self):
        demand(self.a.create(self.path("a"), b"hello") == self.path("a"), "path")
        raises(NodeExistsError, self.a.create, self.path("a"))
        path, stat = self.a.create(self.path("a2"), b"two", include_data=True)
        demand(stat.version == 0 and stat.data_length == 3, "create2: %r" % (stat,))

    def read(self):
        self.b.sync(self.path("a"))
        data, stat = self.b.get(self.path("a"))
        demand(data == b"hello" and stat.version == 0, "read %r %r" % (data, stat))
        demand("a" in self.b.get_children(self.below), "children")

    def update(self):
        demand(self.a.set(self.path("a"), b"again", version=0).version == 1, "version")
        raises(BadVersionError, self.a.set, self.path("a"), b"x", version=0)

    def watch(self):
        data, children, created = threading.Event(), threading.Event(), threading.Event()
        self.b.get(self.path("a"), watch=lambda e: e.type == "CHANGED" and data.set())
        self.b.get_children(self.below, watch=lambda e: e.type == "CHILD" and children.set())
        self.b.exists(self.path("later"), watch=lambda e: e.type == "CREATED" and created.set())
        self.a.set(self.path("a"), b"seen")
        self.a.create(self.path("later"))
        for name, event in (("data", data), ("children", children), ("created", created)):
            demand(event.wait(WAIT), "no event of the watch: " + name)

    def ephemeral(self):
        c = connect(self.servers)
        c.create(self.path("e"), ephemeral=True)
        self.b.sync(self.path("e"))
        gone = threading.Event()
        stat = self.b.exists(self.path("e"), watch=lambda e: e.type == "DELETED" and gone.set())
        demand(stat and stat.ephemeralOwner == c.client_id[0], "owner: %r" % (stat,))
        raises(NoChildrenForEphemeralsError, self.a.create, self.path("e/child"))
        c.stop()
        c.close()
        demand(gone.wait(WAIT), "the ephemeral outlived its session")

    def sequence(self):
        first = self.a.create(self.path("s-"), sequence=True)
        second = self.b.create(self.path("s-"), sequence=True)
        demand(first < second and len(first) == len(self.path("s-")) + 10, first + " " + second)

    def acl(self):
        self.a.add_auth("digest", "user:secret")
        self.a.create(self.path("acl"), b"x", acl=[make_digest_acl("user", "secret", all=True)])
        self.b.sync(self.path("acl"))
        raises(NoAuthError, self.b.get, self.path("acl"))
        self.a.set_acls(self.path("acl"), [make_acl("world", "anyone", read=True, admin=True)])
        acls, stat = self.a.get_acls(self.path("acl"))
        demand(stat.acl_version == 1 and acls[0].id.id == "anyone" and acls[0].perms == 17, "%r %r" % (acls, stat))
        raises(NoAuthError, self.b.set, self.path("acl"), b"y")

    def multi(self):
        t = self.a.transaction()
        t.create(self.path("m"), b"x")
        t.set_data(self.path("m"), b"y", version=0)
        t.check(self.path("m"), 1)
        t.create(self.path("n"))
        t.delete(self.path("n"), 0)
        results = t.commit()
        demand(results[0] == self.path("m") and results[1].version == 1, "%r" % (results,))
        demand(not any(isinstance(r, Exception) for r in results), "%r" % (results,))
        t = self.a.transaction()
        t.create(self.path("o"))
        t.check(self.path("m"), 7)
        results = t.commit()
        demand(isinstance(results[1], BadVersionError), "%r" % (results,))
        demand(self.a.exists(self.path("o")) is None, "a part of a transaction that failed was carried out")

    def lock(self):
        """Two sessions take turns; never do both hold it."""
        held, worst, failed = [0], [0], []

        def work(client, name):
            try:
                for _ in range(5):
                    lock = client.Lock(self.path("lock"), name)
                    demand(lock.acquire(timeout=WAIT), "no lock in time")
                    held[0] += 1
                    worst[0] = max(worst[0], held[0])
                    time.sleep(0.002)
                    held[0] -= 1
                    lock.release()
            except Exception as e:  # told below, by the thread that ends the program
                failed.append(e)

        self.together([(work, self.a, "a"), (work, self.b, "b")])
        demand(not failed, "%r" % (failed,))
        demand(worst[0] == 1, "%d held the lock at once" % worst[0])

    def election(self):
        """Each contender leads once, one after the other."""
        led, now, worst = [], [0], [0]

        def lead(name):
            now[0] += 1
            worst[0] = max(worst[0], now[0])
            time.sleep(0.01)
            led.append(name)
            now[0] -= 1

        def work(client, name):
            client.Election(self.path("election"), name).run(lead, name)

        self.together([(work, self.a, "a"), (work, self.b, "b")])
        demand(sorted(led) == ["a", "b"] and worst[0] == 1, "led: %r, at once: %d" % (led, worst[0]))

    def queue(self):
        q, other = self.a.Queue(self.path("queue")), self.b.Queue(self.path("queue"))
        for i in range(10):
            q.put(b"%d" % i)
        self.b.sync(self.path("queue"))
        demand(len(other) == 10, "length %d" % len(other))
        demand([other.get() for _ in range(10)] == [b"%d" % i for i in range(10)], "order")
        demand(other.get() is None, "the queue is not empty")
        q.put(b"later", priority=50)
        q.put(b"first", priority=1)
        demand(self.a.Queue(self.path("queue")).get() == b"first", "priority")
        locking = self.a.LockingQueue(self.path("locking"))
        locking.put(b"x")
        demand(locking.get(timeout=WAIT) == b"x" and locking.consume(), "locking queue")

    def delete(self):
        raises(BadVersionError, self.a.delete, self.path("a"), version=7)
        self.a.delete(self.path("a"))
        raises(NoNodeError, self.a.get, self.path("a"))

    def together(self, calls):
        threads = [threading.Thread(target=c[0], args=c[1:], daemon=True) for c in calls]
        for t in threads:
            t.start()
        for t in threads:
            t.join(2 * WAIT)
            demand(not t.is_alive(), "a contender waits for ever")


def load(servers, below):
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    client = connect(servers)
    n = 0
    while not over.is_set():
        try:
            client.create_async(below + "/%d" % n, b"x").get(timeout=10)
        except (KazooException, KazooTimeoutError):
            time.sleep(0.005)
        else:
            print("ack", n, flush=True)
        n += 1
    client.stop()
    client.close()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("check", "load"):
        sys.exit(__doc__)
    logging.basicConfig(level=logging.CRITICAL)
    if sys.argv[1] == "check":
        Check(sys.argv[2], sys.argv[3]).run()
    else:
        load(sys.argv[2], sys.argv[3])
