/* SPDX-License-Identifier: MIT */
/*
 * The account: every item that was read is delivered, filtered, merged, skipped, dead-lettered or,
 * after an early stop, unfinished.  Checked at the end of every run, against itself, per
 * stage, per edge and per root.
 */
#ifndef EXEC_ACCOUNT_H
#define EXEC_ACCOUNT_H

#include "base/text.h"
#include "exec/stage.h"

/*
 * Fills run->account and checks it.  True: it adds up; else what does not is appended to `bug`.
 * [control, after every batch has been freed]
 */
bool account_check(struct run *run, struct text *bug);

#endif /* EXEC_ACCOUNT_H */
