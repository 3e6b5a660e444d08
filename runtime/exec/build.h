/* SPDX-License-Identifier: MIT */
/* Makes the moving parts of a run from its graph, and takes them down again. */
#ifndef EXEC_BUILD_H
#define EXEC_BUILD_H

#include "exec/stage.h"

/* Fills run->stages; false: no memory, and build_free() cleans up. */
bool build_stages(struct run *run);

/* Frees them; whatever still waits in queues and slots must have been dropped. */
void build_free(struct run *run);

#endif /* EXEC_BUILD_H */
