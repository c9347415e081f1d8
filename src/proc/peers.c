/*
 * Giving connections to siblings and taking theirs.
 * Runs in: leader; peers_claim also in a slot.
 */
#include "proc/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/sock.h"
#include "proc/letter.h"
#include "proc/service.h"
#include "proc/worker.h"

/* An offer not taken for so long is taken back: its receiver hangs, or is not scheduled. */
#define PATIENCE_NS (20 * NS_PER_MS)
#define RETRY_S 0.002

/* How long a slot is left to an older request elsewhere before it is taken all the same. */
#define YIELD_NS (2 * NS_PER_MS)

/* Requests that arrived so close together are of one age: not worth a move. */
#define TIE_NS (500 * NS_PER_US)

/* Room in an inbox; the kernel may grant less. */
#define INBOX_BYTES (1 << 20)

/* --- channels ------------------------------------------------------------------ */

static int open_channel(struct peer_channel *c)
{
	const int bytes = INBOX_BYTES;

	c->poke_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->poke_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, c->inbox) < 0)
		return -errno;
	setsockopt(c->inbox[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return 0;
}

struct peer_channel *peer_channels_open(unsigned workers)
{
	struct peer_channel *p = calloc(workers, sizeof *p);

	if (!p)
		return NULL;
	for (unsigned i = 0; i < workers; i++)
		p[i] = (struct peer_channel){ .inbox = { -1, -1 }, .poke_fd = -1 };
	for (unsigned i = 0; i < workers; i++)
		if (open_channel(&p[i]) < 0) {
			peer_channels_close(p, workers);
			return NULL;
		}
	return p;
}

void peer_channels_close(struct peer_channel *p, unsigned workers)
{
	for (unsigned i = 0; p && i < workers; i++) {
		if (p[i].inbox[0] >= 0)
			sock_close(p[i].inbox[0]);
		if (p[i].inbox[1] >= 0)
			sock_close(p[i].inbox[1]);
		if (p[i].poke_fd >= 0)
			close(p[i].poke_fd);
	}
	free(p);
}

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

static void shun(struct peers *p, unsigned peer)
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
	int found = -1;

	*oldest_ns = UINT64_MAX;
	for (unsigned i = 0; i < b->workers_max; i++) {
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
		shun(p, (unsigned)peer);
	p->yielding_ns = 0;
	return true;
}

/* A sibling with a free slot, which is then reserved; its number, or -1. */
static int reserve_elsewhere(struct peers *p, uint32_t *generation)
{
	struct board *b = p->worker->loop.board;

	for (unsigned i = 0; i < b->workers_max; i++) {
		unsigned peer = (p->next + i) % b->workers_max;
		struct worker_row *row = board_worker(b, peer);

		if (peer == p->worker->index || atomic_load(&row->state) != WORKER_READY ||
		    is_shunned(p, peer, row) || !worker_reserve_slot(row, generation))
			continue;
		p->next = peer + 1;
		return (int)peer;
	}
	return -1;
}

/* --- sending ------------------------------------------------------------------- */

/* Rows of a predecessor that was killed are still in use until their receivers have looked. */
static int free_row(const struct peers *p)
{
	for (int i = 0; i < OFFERS_EACH; i++)
		if (!p->moving[i].conn && offer_state(&my_offers(p)->offer[i]) == OFFER_NONE)
			return i;
	return -1;
}

static bool offer(struct peers *p, struct exchange *x, unsigned peer, uint32_t generation)
{
	const struct heritage *h = p->worker->heritage;
	int i = free_row(p);

	if (i < 0)
		return false;
	struct offer *o = &my_offers(p)->offer[i];
	struct letter letter = {
		.from = p->worker->index,
		.offer = (uint32_t)i,
		.word = offer_open(o, peer, &x->stamps),
		.generation = generation,
	};
	if (letter_send(h->channels[peer].inbox[1], &letter, x->conn) < 0) {
		offer_take_back(o, letter.word);
		return false;
	}
	p->moving[i] = (struct moving){
		.conn = x->conn,
		.word = letter.word,
		.since_ns = p->worker->loop.now_ns,
		.to = peer,
		.generation = generation,
	};
	p->moving_count++;
	conn_set_state(x->conn, CONN_MOVING);
	ev_timer_again(p->worker->loop.ev, &p->retry);
	return true;
}

/* False when no sibling can take any. */
static bool give_one(struct peers *p)
{
	struct slots *s = &p->worker->slots;
	uint32_t generation;
	int peer = reserve_elsewhere(p, &generation);

	if (peer < 0)
		return false;
	struct exchange *x = slots_give_oldest(s);
	if (x && !x->conn->answered && offer(p, x, (unsigned)peer, generation))
		return true;
	worker_release_slot(board_worker(p->worker->loop.board, (unsigned)peer), generation);
	if (x) {
		slots_take_back(s, x);
		count(p->worker->loop.hand, COUNTER_MOVES_REFUSED);
	}
	return false;
}

static void end_move(struct peers *p, unsigned i)
{
	p->moving[i].conn = NULL;
	p->moving_count--;
}

static void let_go(struct peers *p, unsigned i)
{
	struct loop *l = &p->worker->loop;
	struct conn *c = p->moving[i].conn;

	/* In this order: killed in between, we count as losing it too, and never less than nothing. */
	offer_end(&my_offers(p)->offer[i]);
	if (l->hand->tally)
		tally_transfer(l->hand->tally, &c->x->stamps, -1);
	count(l->hand, COUNTER_MOVES_OUT);
	end_move(p, i);
	conn_let_go(c);
}

static void take_back(struct peers *p, unsigned i)
{
	struct conn *c = p->moving[i].conn;

	worker_release_slot(board_worker(p->worker->loop.board, p->moving[i].to),
			    p->moving[i].generation);
	count(p->worker->loop.hand, COUNTER_MOVES_REFUSED);
	end_move(p, i);
	conn_set_state(c, CONN_BUSY);
	slots_take_back(&p->worker->slots, c->x);
}

/* Nobody took it: the sibling is left alone until its loop turns again. */
static void give_up(struct peers *p, unsigned i)
{
	shun(p, p->moving[i].to);
	take_back(p, i);
}

static void settle(struct peers *p, unsigned i)
{
	struct offer *o = &my_offers(p)->offer[i];

	switch (offer_state(o)) {
	case OFFER_TAKEN:
		let_go(p, i);
		return;
	case OFFER_REFUSED:
		offer_end(o);
		give_up(p, i);
		return;
	default:
		if (p->worker->loop.now_ns - p->moving[i].since_ns >= PATIENCE_NS &&
		    offer_take_back(o, p->moving[i].word))
			give_up(p, i);
	}
}

static void settle_all(struct peers *p)
{
	for (unsigned i = 0; i < OFFERS_EACH && p->moving_count; i++)
		if (p->moving[i].conn)
			settle(p, i);
}

static void look_after_deaths(struct peers *p);

void peers_balance(struct loop *l)
{
	struct worker *w = l->owner;
	struct peers *p = &w->peers;

	if (!p->worker)
		return;
	look_after_deaths(p);
	settle_all(p);
	/* Looking now answers any poke, also one whose sender died before it reached us. */
	if (atomic_load(&my_offers(p)->is_poked))
		atomic_store(&my_offers(p)->is_poked, 0);
	while (atomic_load(&l->row->queued) && (l->is_draining || !worker_free_slots(l->row)))
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

/* --- receiving ----------------------------------------------------------------- */

static void take_in(struct peers *p, struct letter_in *in)
{
	struct loop *l = &p->worker->loop;
	const struct letter *letter = &in->letter;
	bool has_slot = letter->generation == p->worker->slots.generation;

	struct conn *c = conn_adopt(l, in->fd, &letter->passport, in->bytes, letter->bytes);
	if (!c) {
		if (has_slot)
			worker_release_slot(l->row, letter->generation);
		return; /* counted as move_lost; the socket is closed with the letter */
	}
	in->fd = -1;
	count(l->hand, COUNTER_MOVES_IN);
	if (l->hand->tally)
		tally_transfer(l->hand->tally, &c->x->stamps, 1);
	service_accept_moved(l, c->x, has_slot);
}

/* To the inbox's end. */
static void read_letters(struct peers *p)
{
	struct letter_in in;

	while (letter_receive(p->inbox.fd, &in) == 0) {
		struct offer *o =
			&p->worker->heritage->offers[in.letter.from].offer[in.letter.offer];

		if (in.fd < 0 || !in.bytes)
			offer_refuse(
				o, in.letter.word); /* out of descriptors: the sender still has it */
		else if (offer_take(o, in.letter.word))
			take_in(p, &in);
		letter_discard(&in);
	}
}

static void on_letter(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev, (void)events;
	read_letters(io->data);
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
	read_letters(p);
	offers_forget_orphans(p->worker->heritage->offers, l->board->workers_max, p->worker->index);
	slots_recount(&p->worker->slots);
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
	if (w->index == WORKER_STATISTICS || h->board->workers_max < 2 || w->loop.poll_fd < 0)
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
