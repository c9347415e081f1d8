/* The loop's turn, its clock and its deadlines.  Runs in: leader. */
#include "net/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn.h"

#define SPARE_CONNS 1024
#define SPARE_EXCHANGES 256
#define SPARE_INPUTS 64

/* A worker has few descriptors open when it makes its loop. */
#define HIGHEST_POLL_FD 4095

/* A kernel stamp older than this is another clock's, not a wait. */
#define OLDEST_ARRIVAL_NS (3600 * NS_PER_S)

/* Deadlines are kept to this grain: a connection may live that much longer. */
#define GRAIN_S 0.1

static void after_poll(struct ev_loop *ev, ev_check *w, int events)
{
	struct loop *l = w->data;

	(void)ev, (void)events;
	l->now_ns = clock_mono_ns();
	l->real_minus_mono_ns = (int64_t)(clock_real_ns() - l->now_ns);
	atomic_store_explicit(&l->row->heartbeat_ns, l->now_ns, memory_order_relaxed);
	l->ops->turn(l);
}

/*
 * Lists are ordered by age, but a body may take longer than a head, and a client that takes
 * something may still be too slow: look at each of those.
 */
static void expire(struct loop *l, enum conn_state state)
{
	struct list *head = &l->conns[state];

	for (struct list *n = head->next, *next; n != head; n = next) {
		struct conn *c = list_entry(n, struct conn, node);

		next = n->next;
		if (conn_is_overdue(c))
			conn_expire(c);
		else if (state != CONN_READING && state != CONN_FLUSHING)
			break;
	}
}

static void check_deadlines(struct ev_loop *ev, ev_timer *w, int events)
{
	static const enum conn_state timed[] = { CONN_FRESH, CONN_IDLE, CONN_READING, CONN_FLUSHING,
						 CONN_LINGERING };
	struct loop *l = w->data;

	(void)events;
	for (unsigned i = 0; i < sizeof timed / sizeof *timed; i++)
		expire(l, timed[i]);
	if (l->conn_count == 0)
		ev_timer_stop(ev, w);
}

void loop_watch_deadlines(struct loop *l)
{
	if (!ev_is_active(&l->deadlines))
		ev_timer_again(l->ev, &l->deadlines);
}

/* Only an epoll descriptor can tell that it does not know another one. */
static bool is_epoll(int fd, int stranger)
{
	return epoll_ctl(fd, EPOLL_CTL_DEL, stranger, NULL) < 0 && errno == ENOENT;
}

/* libev does not say which descriptor it polls: it is the one epoll that is new. */
static struct ev_loop *new_loop(int *poll_fd)
{
	bool was_epoll[HIGHEST_POLL_FD + 1];
	int stranger = eventfd(0, EFD_CLOEXEC);

	for (int fd = 0; fd <= HIGHEST_POLL_FD; fd++)
		was_epoll[fd] = is_epoll(fd, stranger);
	struct ev_loop *ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	*poll_fd = -1;
	for (int fd = 0; ev && fd <= HIGHEST_POLL_FD; fd++)
		if (!was_epoll[fd] && is_epoll(fd, stranger))
			*poll_fd = fd;
	if (stranger >= 0)
		close(stranger);
	return ev;
}

void loop_forget(struct loop *l, int fd)
{
	epoll_ctl(l->poll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int loop_open(struct loop *l)
{
	l->ev = new_loop(&l->poll_fd);
	if (!l->ev)
		return -ENOMEM;
	l->now_ns = clock_mono_ns();
	for (int i = 0; i < CONN_STATE_COUNT; i++)
		list_init(&l->conns[i]);
	list_init(&l->shelf);
	pool_init(&l->conn_pool, sizeof(struct conn), SPARE_CONNS);
	pool_init(&l->exchange_pool, EXCHANGE_BYTES, SPARE_EXCHANGES);
	pool_init(&l->input_pool, CONN_INPUT_BYTES, SPARE_INPUTS);

	ev_check_init(&l->check, after_poll);
	l->check.data = l;
	ev_set_priority(&l->check, EV_MAXPRI);
	ev_check_start(l->ev, &l->check);

	ev_init(&l->deadlines, check_deadlines);
	l->deadlines.repeat = GRAIN_S;
	l->deadlines.data = l;
	return 0;
}

void loop_close(struct loop *l)
{
	for (int i = 0; i < CONN_STATE_COUNT; i++)
		while (!list_is_empty(&l->conns[i]))
			conn_close(list_entry(list_first(&l->conns[i]), struct conn, node),
				   CLOSE_DRAIN);
	conn_clear_shelf(l);
	ev_timer_stop(l->ev, &l->deadlines);
	ev_check_stop(l->ev, &l->check);
	ev_loop_destroy(l->ev);
	pool_fini(&l->conn_pool);
	pool_fini(&l->exchange_pool);
	pool_fini(&l->input_pool);
}

void loop_turn(struct loop *l)
{
	ev_run(l->ev, EVRUN_ONCE);
}

uint64_t loop_from_real(const struct loop *l, uint64_t real_ns)
{
	uint64_t mono = (uint64_t)((int64_t)real_ns - l->real_minus_mono_ns);

	if (real_ns == 0 || mono + OLDEST_ARRIVAL_NS < l->now_ns)
		return 0;
	return mono;
}

const char *hand_date(struct hand *h)
{
	uint64_t second = (uint64_t)time(NULL); /* a read of shared memory, not a system call */

	if (second != h->date_second) {
		response_date(h->date, second * NS_PER_S);
		h->date_second = second;
	}
	return h->date;
}
