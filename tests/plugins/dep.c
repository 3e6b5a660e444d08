/* SPDX-License-Identifier: MIT */
/* A library that test plugins are linked with; CASE_gone: it is deleted after linking. */
#if defined(CASE_gone)
int only_in_dep(void);
int only_in_dep(void)
{
    return 1;
}
#else
#include "plain.c"
#endif
