/* What `littled advise` prints. */
#ifndef CMD_ADVISE_REPORT_H
#define CMD_ADVISE_REPORT_H

#include "metrics/advice.h"

void advise_text(struct buf *out, const struct evidence *e, const struct advice_question *q,
		 const struct advice *a);
void advise_json(struct buf *out, const struct evidence *e, const struct advice_question *q,
		 const struct advice *a);

#endif
