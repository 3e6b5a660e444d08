/* SPDX-License-Identifier: MIT */
/* Places in the source where simulated threads may take turns. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

struct sim_site {
    const char *file;
    const char *what;
    int line;
};

/* Lets another thread go on, if its turn has come.  [any simulated thread] */
void sim_point(const struct sim_site *site);

#define SIM_POINT(what)                                                     \
    do {                                                                    \
        static const struct sim_site sim_here = {__FILE__, what, __LINE__}; \
                                                                            \
        sim_point(&sim_here);                                               \
    } while (0)

#endif /* SIM_SITE_H */
