/*
 * Choosing: who gives a request to whom, and whose turn it is.
 * Runs in: leader; peers_claim also in a slot.
 */
#include "proc/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/moves.h"
#include "proc/worker.h"

#define RETRY_S 0.002

/* How long a slot is left to an older request elsewhere before it is taken all the same. */
#define YIELD_NS (2 * NS_PER_MS)

/* Requests that arrived so close together are of one age: not worth a move. */
#define TIE_NS (500 * NS_PER_US)

/* So many are passed over to find one that can move: each costs a system call. */
#define STUCK_MOST 16

/* --- helpers ------------------------------------------------------------------- */

static void count(struct hand *h, enum counter which)
{
	if (h->tally)
		tally_count(h->tally, which, 1);
}

static struct offers *my_offers(const struct peers *p)
{
	return &p->worker->heritage->offers[p->worker->index];
}

/* It did not answer when it was last needed, and has not turned since. */
static bool is_shunned(const struct peers *p, unsigned peer, const struct worker_row *row)
{
	uint64_t heartbeat_ns = atomic_load_explicit(&p->shunned[peer], memory_order_relaxed);

	return heartbeat_ns && heartbeat_ns == atomic_load(&row->heartbeat_ns);
}

void peers_shun(struct peers *p, unsigned peer)
{
	const struct worker_row *row = board_worker(p->worker->loop.board, peer);

	atomic_store_explicit(&p->shunned[peer], atomic_load(&row->heartbeat_ns),
			      memory_order_relaxed);
}

/* Its requests cannot help themselves: no slot is free there, or it takes none any more. */
static bool is_needy(const struct worker_row *row)
{
	return atomic_load(&row->queued) &&
	       (!worker_free_slots(row) || atomic_load(&row->state) != WORKER_READY);
}

/* The needy sibling whose oldest request is the oldest of all, or -1. */
static int longest_waiting(const struct loop *l, uint64_t *oldest_ns)
{
	const struct worker *w = l->owner;
	struct board *b = l->board;
	unsigned rows = board_rows(b);
	int found = -1;

	*oldest_ns = UINT64_MAX;
	for (unsigned i = 0; i < rows; i++) {
		const struct worker_row *row = board_worker(b, i);
		uint64_t ns;

		if (row == l->row || !is_needy(row) || is_shunned(&w->peers, i, row))
			continue;
		ns = atomic_load(&row->oldest_ns);
		if (ns && ns < *oldest_ns) {
			*oldest_ns = ns;
			found = (int)i;
		}
	}
	return found;
}

/* --- whose turn it is ------------------------------------------------------------ */

bool peers_is_our_turn(const struct loop *l)
{
	const struct worker *w = l->owner;
	uint64_t oldest_ns;

	/* With more than one slot free, one is left for whoever else comes. */
	if (!w->peers.worker || worker_free_slots(l->row) > 1)
		return true;
	return longest_waiting(l, &oldest_ns) < 0 ||
	       atomic_load(&l->row->oldest_ns) <= oldest_ns + TIE_NS;
}

bool peers_may_take(struct loop *l)
{
	struct worker *w = l->owner;
	struct peers *p = &w->peers;
	uint64_t oldest_ns, now_ns;

	if (peers_is_our_turn(l)) {
		p->yielding_ns = 0;
		return true;
	}
	now_ns = clock_mono_ns();
	if (!p->yielding_ns)
		p->yielding_ns = now_ns;
	if (now_ns - p->yielding_ns < YIELD_NS) {
		ev_timer_again(l->ev, &p->retry);
		return false;
	}
	int peer = longest_waiting(l, &oldest_ns);
	if (peer >= 0)
		peers_shun(p, (unsigned)peer);
	p->yielding_ns = 0;
	return true;
}

/* A sibling with a free slot, which is then reserved; its number, or -1. */
static int reserve_elsewhere(struct peers *p, uint32_t *generation)
{
	struct board *b = p->worker->loop.board;
	unsigned rows = board_rows(b);

	for (unsigned i = 0; i < rows; i++) {
		unsigned peer = (p->next + i) % rows;
		struct worker_row *row = board_worker(b, peer);

		if (peer == p->worker->index || atomic_load(&row->state) != WORKER_READY ||
		    is_shunned(p, peer, row) || !worker_reserve_slot(row, generation))
			continue;
		p->next = peer + 1;
		return (int)peer;
	}
	return -1;
}

/* --- giving --------------------------------------------------------------------- */

/* Nobody is there to take what was answered before it. */
static void drop(struct loop *l, struct exchange *x)
{
	struct conn *c = x->conn;

	conn_abandon(l->hand, x);
	if (l->hand->tally)
		board_leave(l->board, 1);
	conn_resume(c, SEND_FAILED);
}

/*
 * What was answered before a request goes first, and from here: no slot of ours may ever come to it.
 * Whose client does not take that cannot move, but keeps nobody else here.
 */
static struct exchange *oldest_movable(struct peers *p, struct queue *stuck)
{
	struct exchange *x;

	while (stuck->count < STUCK_MOST && (x = slots_give_oldest(&p->worker->slots))) {
		enum send_result earlier =
			x->conn->answered ? conn_send(p->worker->loop.hand, x->conn) : SEND_DONE;

		if (earlier == SEND_DONE)
			return x;
		if (earlier == SEND_BLOCKED)
			queue_push(stuck, x);
		else
			drop(&p->worker->loop, x);
	}
	return NULL;
}

/* False when no sibling can take any. */
static bool give_one(struct peers *p)
{
	struct slots *s = &p->worker->slots;
	struct queue stuck;
	uint32_t generation;
	int peer = reserve_elsewhere(p, &generation);

	if (peer < 0)
		return false;
	queue_init(&stuck);
	struct exchange *x = oldest_movable(p, &stuck);
	bool is_given = x && moves_offer(p, x->conn, (unsigned)peer, generation);
	if (!is_given)
		worker_release_slot(board_worker(p->worker->loop.board, (unsigned)peer), generation);
	if (x && !is_given) {
		queue_push(&stuck, x);
		count(p->worker->loop.hand, COUNTER_MOVES_REFUSED);
	}
	slots_take_all_back(s, &stuck);
	return is_given;
}

/* The next sibling that stays, or -1. */
static int next_heir(struct peers *p)
{
	struct board *b = p->worker->loop.board;
	unsigned rows = board_rows(b);

	for (unsigned i = 0; i < rows; i++) {
		unsigned peer = (p->next + i) % rows;
		const struct worker_row *row = board_worker(b, peer);

		if (peer == p->worker->index || atomic_load(&row->state) != WORKER_READY ||
		    is_shunned(p, peer, row))
			continue;
		p->next = peer + 1;
		return (int)peer;
	}
	return -1;
}

bool peers_have_heir(struct peers *p)
{
	return p->worker && next_heir(p) >= 0;
}

void peers_hand_on(struct peers *p, enum conn_state state)
{
	struct list *conns = &p->worker->loop.conns[state];

	for (struct list *n = conns->next, *next; n != conns; n = next) {
		struct conn *c = list_entry(n, struct conn, node);

		next = n->next;
		if (!conn_holds_nothing(c))
			continue;
		int heir = next_heir(p);
		if (heir < 0 || !moves_offer(p, c, (unsigned)heir, 0))
			return; /* the next turn goes on */
	}
}

/*
 * A sibling may have died between reserving a slot here and sending its letter.  The offers it
 * made are orphans by now, and what it sent is in the inbox.
 */
static void look_after_deaths(struct peers *p)
{
	struct loop *l = &p->worker->loop;
	uint32_t deaths = atomic_load(&l->board->deaths);

	if (deaths == p->deaths_seen)
		return;
	p->deaths_seen = deaths;
	moves_receive(p);
	offers_forget_orphans(p->worker->heritage->offers, board_rows(l->board), p->worker->index);
	slots_recount(&p->worker->slots);
}

void peers_balance(struct loop *l)
{
	struct worker *w = l->owner;
	struct peers *p = &w->peers;

	if (!p->worker)
		return;
	look_after_deaths(p);
	moves_settle(p);
	/* Looking now answers any poke, also one whose sender died before it reached us. */
	if (atomic_load(&my_offers(p)->is_poked))
		atomic_store(&my_offers(p)->is_poked, 0);
	while (atomic_load(&l->row->queued) && (w->is_leaving || !worker_free_slots(l->row)))
		if (!peers_may_take(l) || !give_one(p))
			break;
	if (!atomic_load(&l->row->queued))
		p->yielding_ns = 0;
	if (!p->moving_count && !p->yielding_ns)
		ev_timer_stop(l->ev, &p->retry);
	peers_claim(l, l->hand);
}

/* --- asking -------------------------------------------------------------------- */

void peers_claim(struct loop *l, struct hand *h)
{
	struct worker *w = l->owner;
	const uint64_t one = 1;
	uint64_t oldest_ns;

	if (!w->peers.worker || atomic_load(&l->row->state) != WORKER_READY ||
	    !worker_free_slots(l->row))
		return;
	int peer = longest_waiting(l, &oldest_ns);
	if (peer < 0 || atomic_exchange(&w->heritage->offers[peer].is_poked, 1))
		return;
	count(h, COUNTER_CLAIMS);
	if (write(w->heritage->channels[peer].poke_fd, &one, sizeof one) < 0)
		log_error("worker %u: cannot reach worker %d: %s", l->worker, peer, strerror(errno));
}

static void on_poke(struct ev_loop *ev, ev_io *io, int events)
{
	struct peers *p = io->data;
	uint64_t pokes;

	(void)ev, (void)events;
	if (read(io->fd, &pokes, sizeof pokes) < 0)
		return;
	/* The leader balances before it polls again. */
	atomic_store(&my_offers(p)->is_poked, 0);
}

static void on_letter(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev, (void)events;
	moves_receive(io->data);
}

void peers_read_last(struct peers *p)
{
	if (p->worker)
		moves_receive(p);
}

/* --- beginning and end ---------------------------------------------------------- */

/* Between turns the timer only ends the poll: the leader then balances. */
static void on_retry(struct ev_loop *ev, ev_timer *t, int events)
{
	(void)ev, (void)t, (void)events;
}

static void watch(struct peers *p, ev_io *io, void (*on)(struct ev_loop *, ev_io *, int), int fd)
{
	ev_io_init(io, on, fd, EV_READ);
	io->data = p;
	ev_io_start(p->worker->loop.ev, io);
}

int peers_open(struct peers *p, struct worker *w)
{
	const struct heritage *h = w->heritage;

	*p = (struct peers){
		.next = w->index + 1,
		.deaths_seen = atomic_load(&w->loop.board->deaths),
	};
	if (w->index == WORKER_STATISTICS || w->loop.poll_fd < 0)
		return 0;
	p->shunned = calloc(h->board->workers_max, sizeof *p->shunned);
	if (!p->shunned)
		return -ENOMEM;
	p->worker = w;
	watch(p, &p->inbox, on_letter, h->channels[w->index].inbox[0]);
	watch(p, &p->poke, on_poke, h->channels[w->index].poke_fd);
	ev_init(&p->retry, on_retry);
	p->retry.repeat = RETRY_S;
	return 0;
}

void peers_close(struct peers *p)
{
	free(p->shunned);
	*p = (struct peers){ .worker = NULL };
}
