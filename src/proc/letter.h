/*
 * A letter: one connection with its waiting request, sent from worker to worker.
 *
 * One record on the receiver's inbox (a SOCK_SEQPACKET pair that outlives the worker): a fixed
 * head, the bytes of the request and of what follows it, and the socket by SCM_RIGHTS.  Bytes
 * too many for a record go in an anonymous file, as a further descriptor; so does a body that is
 * stored in a file already.
 */
#ifndef PROC_LETTER_H
#define PROC_LETTER_H

#include "base/shm.h"
#include "net/conn.h"

#define LETTER_BYTES_MAX 32768 /* of request bytes within the record */

struct letter {
	uint32_t from, offer; /* the row in the table of offers */
	uint64_t word;
	uint32_t generation; /* of the receiver, in which its slot was reserved */
	bool is_in_file;
	uint64_t bytes;
	struct conn_passport passport;
};

/* A letter as received; letter_discard() closes and frees what is still in it. */
struct letter_in {
	struct letter letter;
	struct conn_arrival arrival; /* the bytes: valid until the next letter_receive() */
	struct shm file;             /* where they are, if there */
};

/* 0, or a negative errno value: -EAGAIN when the inbox is full. */
int letter_send(int inbox, struct letter *letter, const struct conn *c);

/* 0; -EAGAIN when there is none.  Look whether it is whole: descriptors may have run out. */
int letter_receive(int inbox, struct letter_in *in);

bool letter_is_whole(const struct letter_in *in);

/* The connection has been taken in: it is not closed with the letter. */
void letter_taken(struct letter_in *in);

void letter_discard(struct letter_in *in);

#endif
