/*
 * The channels between workers: one for each seat, opened before the first fork, so that every
 * worker can reach every other one, also those that come later.
 */
#ifndef PROC_CHANNELS_H
#define PROC_CHANNELS_H

struct peer_channel {
	int inbox[2]; /* SOCK_SEQPACKET: [0] the worker reads, [1] its siblings write */
	int poke_fd;  /* eventfd: somebody with a free slot asks for work */
};

/* Both ends of the inbox, and the poke: open in every process. */
#define CHANNEL_DESCRIPTORS 3

/* NULL when descriptors or memory are short. */
struct peer_channel *peer_channels_open(unsigned seats);
void peer_channels_close(struct peer_channel *p, unsigned seats);

/*
 * Master, when a seat stays empty: throws away the letters nobody will read.  What is in them is
 * taken back by its sender, or was lost with it.
 */
void peer_channel_empty(const struct peer_channel *p);

#endif
