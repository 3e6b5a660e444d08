/* SPDX-License-Identifier: MIT */
/*
 * Shared objects that are no plugins of this ABI, or that no careful host maps: built once for every
 * CASE_<name>.  Those that are plugins at all differ from plain.c by one trait.
 */
#if defined(CASE_version)

const int pphost_plugin_v3 = 3; /* a plugin of an ABI that is yet to come */

#elif defined(CASE_stranger)

const int answer = 42;

#elif defined(CASE_function)

int pphost_plugin_v1(void);
int pphost_plugin_v1(void)
{
    return 1;
}

#elif defined(CASE_tiny)

const char pphost_plugin_v1[2] = {1, 2};

#elif defined(CASE_borrowed)

extern const char pphost_plugin_v1[];
const void *const borrowed =
    pphost_plugin_v1; /* defined in a library it is linked with */

#else

#include "plain.c"

#if defined(CASE_unique)
/* What C++ makes of a static variable in an inline function. */
__asm__(".data\n"
        ".type wrong_unique, %gnu_unique_object\n"
        ".size wrong_unique, 4\n"
        "wrong_unique: .long 1\n"
        ".text\n");
#elif defined(CASE_textrel)
__asm__(".text\n.quad pphost_plugin_v1\n");
#elif defined(CASE_undefined)
int nobody_has_this(void);
int (*const wrong_undefined)(void) = nobody_has_this;
#elif defined(CASE_missing)
int only_in_dep(void);
int (*const wrong_missing)(void) = only_in_dep;
#endif

#endif
