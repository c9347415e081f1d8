/* Options that are lists of networks.  Runs in: master. */
#include "conf/type_networks.h"

#include <errno.h>

/* An empty list is a value: nobody. */
int networks_read(const struct option_row *row, struct ltd_slice text, void *member)
{
	struct networks *list = member;
	struct ltd_slice piece;

	if (text.len == 0)
		return 0;
	while (slice_cut(&text, ',', &piece)) {
		if (list->count >= row->high ||
		    !network_parse(slice_trim(piece), &list->at[list->count]))
			return -EINVAL;
		list->count++;
	}
	return 0;
}

void networks_print(const struct option_row *row, const void *member, struct buf *to)
{
	const struct networks *list = member;
	char text[NETWORK_TEXT_BYTES];

	(void)row;
	for (unsigned i = 0; i < list->count; i++)
		buf_printf(to, "%s%s", i ? ", " : "", network_print(&list->at[i], text));
}

void networks_expected(const struct option_row *row, struct buf *to)
{
	types[TYPE_ADDRESSES].print_bounds(row, to);
	buf_puts(to, " separated by commas: " NETWORK_EXPECTED);
}

void networks_release(void *member)
{
	((struct networks *)member)->count = 0;
}
