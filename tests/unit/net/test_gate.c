/* Which worker takes the next connection, as they look to one another. */
#include "net/gate.h"

#include "base/clock.h"
#include "unit.h"

#define NOW_NS (100 * NS_PER_S)
#define PLACES 4
#define WORKERS 3

static struct shm m;
static struct loop_limits limits = { .connections = PLACES };
static struct loop loop[WORKERS];
static struct list idle_conn[WORKERS];

/* So many workers that are ready, each with `threads` free slots and no connection. */
static void begin(void)
{
	static const struct route_row route = { .name = "/" };
	const struct board_plan plan = { .workers = WORKERS,
					 .workers_max = WORKERS,
					 .threads = 1,
					 .threads_max = 1,
					 .routes = 1,
					 .routes_max = 1,
					 .route = &route };

	ck_assert_int_eq(board_open_new(&m, &plan, NOW_NS), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker_row *row = board_worker(m.at, i);

		board_worker_begins(m.at, i, 1, NOW_NS);
		atomic_store(&row->state, WORKER_READY);
		atomic_store(&row->heartbeat_ns, NOW_NS);
		loop[i] = (struct loop){ .limits = &limits,
					 .board = m.at,
					 .row = row,
					 .is_gated = true,
					 .now_ns = NOW_NS };
		list_init(&loop[i].conns[CONN_IDLE]);
		list_init(&loop[i].conns[CONN_FRESH]);
		list_init(&idle_conn[i]);
	}
}

static void hold(unsigned worker, unsigned conns, unsigned idle)
{
	struct loop *l = &loop[worker];

	l->conn_count = conns;
	atomic_store(&l->row->conns[CONN_IDLE], (int32_t)idle);
	atomic_store(&l->row->conns[CONN_BUSY], (int32_t)(conns - idle));
	list_remove(&idle_conn[worker]);
	if (idle)
		list_append(&l->conns[CONN_IDLE], &idle_conn[worker]);
}

static void take_slot(unsigned worker)
{
	uint32_t generation;

	ck_assert(worker_reserve_slot(loop[worker].row, &generation));
}

static bool accepts(unsigned worker)
{
	return !gate_is_full(&loop[worker]) && gate_is_open(&loop[worker]);
}

/* "+-+": the first and the third would accept. */
static void expect(const char *who)
{
	for (unsigned i = 0; i < WORKERS; i++)
		ck_assert_msg(accepts(i) == (who[i] == '+'), "worker %u, of %s", i, who);
}

START_TEST(whoever_has_a_slot_takes_it)
{
	begin();
	expect("+++");
	take_slot(1);
	expect("+-+");
	take_slot(0);
	expect("--+");
	take_slot(2);
	expect("+++");
	shm_close(&m);
}
END_TEST

START_TEST(a_slot_without_a_place_keeps_nobody_out)
{
	begin();
	take_slot(0);
	take_slot(1);
	expect("--+");
	hold(2, PLACES, 0);
	expect("++-");
	shm_close(&m);
}
END_TEST

START_TEST(an_idle_connection_makes_room_where_no_sibling_has_a_place)
{
	begin();
	hold(0, PLACES, 1);
	expect("-++");
	hold(1, PLACES, 0);
	hold(2, PLACES, PLACES);
	expect("+-+");
	hold(0, PLACES + 1, 2); /* it could not be made in time */
	expect("--+");
	shm_close(&m);
}
END_TEST

START_TEST(a_worker_that_hangs_keeps_nobody_out)
{
	begin();
	take_slot(0);
	take_slot(1);
	expect("--+");
	atomic_store(&loop[2].row->heartbeat_ns, NOW_NS - 3 * NS_PER_S);
	expect("+++");
	atomic_store(&loop[2].row->heartbeat_ns, NOW_NS);
	atomic_store(&loop[2].row->state, WORKER_DRAINING);
	ck_assert(accepts(0) && accepts(1));
	shm_close(&m);
}
END_TEST

START_TEST(with_a_listener_of_its_own_it_looks_at_nobody)
{
	begin();
	loop[0].is_gated = false;
	take_slot(0);
	expect("+++");
	hold(0, PLACES, 1);
	expect("+++");
	hold(0, PLACES, 0);
	expect("-++");
	shm_close(&m);
}
END_TEST

UNIT_SUITE_OF(gate, whoever_has_a_slot_takes_it, a_slot_without_a_place_keeps_nobody_out,
	      an_idle_connection_makes_room_where_no_sibling_has_a_place,
	      a_worker_that_hangs_keeps_nobody_out, with_a_listener_of_its_own_it_looks_at_nobody)
