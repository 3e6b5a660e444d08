/* SPDX-License-Identifier: MIT */
/*
 * Rules of the file: who owns it, what ELF says of it, and whose its symbol is.  Files that no
 * linker would write are made here, by damaging a copy of one that loads.
 */
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "loading.h"

#define PLAIN      TEST_PLUGIN_DIR "/plain.so"
#define SO_NOTE    "give the .so file that the plugin is built to: cc -shared -fPIC"
#define LINK_NOTE  "link it with cc -shared -fPIC"
#define BUILD_NOTE "build it on, or for, the machine that runs pphost"
#define A_PLUGIN   "a plugin defines: const struct pph_plugin pphost_plugin_v1 = {...}"

static const char *dir;

static void setup(void)
{
    dir = loading_make_dir();
}

static void teardown(void)
{
    loading_remove_dir(dir);
}

static const struct built {
    const char *use, *code, *text, *note;
} built[] = {
    {"./version.so", "E205",
     "./version.so was built for plugin ABI 3, this host speaks 1",
     "rebuild it with <pphost/plugin.h> of this host, or use a newer pphost"},
    {"./execstack.so", "E210",
     "./execstack.so wants an executable stack, which opens a door to attacks",
     "link it with -z noexecstack; assembly needs .note.GNU-stack"},
    {"./textrel.so", "E211",
     "./textrel.so would have to rewrite its own code to be loaded (TEXTREL)",
     "compile every part of it with -fPIC"},
    {"./unique.so", "E212",
     "./unique.so has the process-wide unique symbol wrong_unique, which a newer version of "
     "the plugin would share",
     "compile it with -fno-gnu-unique, or export only pphost_plugin_v1"},
    {"./undefined.so", "E213",
     "./undefined.so cannot be loaded: undefined symbol: nobody_has_this",
     "link it with the library that has it; -Wl,-z,defs finds this when building"},
    {"./missing.so", "E213",
     "./missing.so cannot be loaded: libtestplugin_gone.so: cannot open shared object "
     "file: No such file or directory",
     "install the library it was linked with (ldd lists them)"},
    {"./stranger.so", "E214",
     "./stranger.so is not a plugin: it does not itself export pphost_plugin_v1",
     A_PLUGIN},
    {"./borrowed.so", "E214",
     "./borrowed.so is not a plugin: it does not itself export pphost_plugin_v1",
     A_PLUGIN},
    {"./function.so", "E219",
     "./function.so: its pphost_plugin_v1 is a function, not a struct pph_plugin",
     A_PLUGIN},
};

START_TEST(each_file_that_cannot_be_taken_is_one_sentence)
{
    loading_expect_refusal(TEST_PLUGIN_DIR, built[_i].use, built[_i].code, built[_i].text,
                           built[_i].note);
}
END_TEST

/* Damages a copy of a good plugin in `len` bytes at `offset`. */
static void damage(const char *name, size_t offset, const void *bytes, size_t len)
{
    loading_copy(PLAIN, dir, name, SIZE_MAX);
    loading_patch(dir, name, (long)offset, bytes, len);
}

START_TEST(a_file_of_another_word_size_is_named)
{
    unsigned char class = ELFCLASS32;

    damage("a.so", EI_CLASS, &class, 1);

    loading_expect_refusal(dir, "./a.so", "E208",
                           "./a.so was built for 32-bit machines, this host is 64-bit",
                           BUILD_NOTE);
}
END_TEST

START_TEST(a_file_of_another_byte_order_is_named)
{
    unsigned char data = ELFDATA2MSB;

    damage("a.so", EI_DATA, &data, 1);

    loading_expect_refusal(dir, "./a.so", "E208",
                           "./a.so was built for machines of the other byte order",
                           BUILD_NOTE);
}
END_TEST

START_TEST(a_file_for_another_machine_is_named)
{
    ElfW(Half) machine = EM_S390;

    damage("a.so", offsetof(ElfW(Ehdr), e_machine), &machine, sizeof(machine));

    ck_assert_ptr_null(loading_load(dir, "./a.so"));
    ck_assert_ptr_nonnull(strstr(loading_said(),
                                 "error[E208]: ./a.so was built for s390, "
                                 "this host runs on "));
}
END_TEST

START_TEST(an_object_file_is_not_a_plugin)
{
    ElfW(Half) type = ET_REL;

    damage("a.so", offsetof(ElfW(Ehdr), e_type), &type, sizeof(type));

    loading_expect_refusal(dir, "./a.so", "E209",
                           "./a.so is an object file, not a shared object", LINK_NOTE);
}
END_TEST

START_TEST(a_program_is_not_a_plugin)
{
    char exe[PATH_MAX] = {0};

    ck_assert_int_gt(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
    ck_assert_ptr_null(loading_load(NULL, exe));
    ck_assert_ptr_nonnull(strstr(loading_said(), "error[E209]: "));
    ck_assert_ptr_nonnull(strstr(loading_said(), "is a program, not a shared object"));
}
END_TEST

START_TEST(a_file_cut_short_anywhere_is_refused_and_never_mapped)
{
    struct stat st;

    ck_assert_int_eq(stat(PLAIN, &st), 0);
    for (off_t len = 1; len < st.st_size; len += 97) {
        loading_copy(PLAIN, dir, "a.so", (size_t)len);
        ck_assert_ptr_null(loading_load(dir, "./a.so"));
        ck_assert_ptr_nonnull(strstr(loading_said(), "error[E207]: ./a.so is "));
    }
}
END_TEST

START_TEST(what_is_no_elf_file_is_called_by_its_name)
{
    loading_write(dir, "empty.so", "", 0);
    loading_write(dir, "script.so", "#!/bin/sh\n", 10);
    loading_write(dir, "text.so", "hello\n", 6);
    loading_write(dir, "archive.so", "!<arch>\nrest", 12);

    loading_expect_refusal(dir, "./empty.so", "E207", "./empty.so is empty", SO_NOTE);
    loading_expect_refusal(dir, "./script.so", "E207",
                           "./script.so is a script, not a shared object", SO_NOTE);
    loading_expect_refusal(dir, "./text.so", "E207", "./text.so is not a shared object",
                           SO_NOTE);
    loading_expect_refusal(dir, "./archive.so", "E207",
                           "./archive.so is a static library, not a shared object",
                           SO_NOTE);
}
END_TEST

START_TEST(a_borrowed_symbol_is_found_out_without_a_section_table)
{
    ElfW(Ehdr) zeroes = {0};

    loading_copy(TEST_PLUGIN_DIR "/borrowed.so", dir, "a.so", SIZE_MAX);
    loading_patch(dir, "a.so", offsetof(ElfW(Ehdr), e_shnum), &zeroes,
                  sizeof(zeroes.e_shnum));

    loading_expect_refusal(
        dir, "./a.so", "E215",
        "./a.so has its pphost_plugin_v1 only from a library that it is linked with",
        A_PLUGIN);
}
END_TEST

START_TEST(a_plugin_without_a_section_table_loads)
{
    ElfW(Ehdr) zeroes = {0};

    damage("a.so", offsetof(ElfW(Ehdr), e_shnum), &zeroes, sizeof(zeroes.e_shnum));

    ck_assert_ptr_nonnull(loading_load(dir, "./a.so"));
}
END_TEST

START_TEST(a_missing_file_is_said_with_the_nearest_name)
{
    loading_copy(PLAIN, dir, "thumb.so", SIZE_MAX);

    loading_expect_refusal(dir, "./gone.so", "E202", "there is no file ./gone.so",
                           "build it first, or correct the path");
    ck_assert_ptr_null(loading_load(dir, "./thum.so"));
    ck_assert_ptr_nonnull(strstr(loading_said(), "there is no file ./thum.so"));
}
END_TEST

START_TEST(a_file_that_may_not_be_read_is_said)
{
    char path[1024];

    if (geteuid() == 0)
        return; /* root reads everything */
    loading_copy(PLAIN, dir, "a.so", SIZE_MAX);
    (void)snprintf(path, sizeof(path), "%s/a.so", dir);
    ck_assert_int_eq(chmod(path, 0), 0);

    loading_expect_refusal(dir, "./a.so", "E202",
                           "./a.so cannot be opened: Permission denied",
                           "make the file and its directories readable");
}
END_TEST

START_TEST(a_directory_and_a_pipe_are_no_plugin_files)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/pipe.so", dir);
    ck_assert_int_eq(mkfifo(path, 0600), 0);

    loading_expect_refusal(dir, "./.", "E203", "./. is a directory, not a plugin file",
                           "name the plugin's .so file");
    loading_expect_refusal(dir, "./pipe.so", "E203", "./pipe.so is not a regular file",
                           "name the plugin's .so file");
}
END_TEST

START_TEST(a_file_that_everyone_may_change_is_refused)
{
    char path[1024];

    loading_copy(PLAIN, dir, "a.so", SIZE_MAX);
    (void)snprintf(path, sizeof(path), "%s/a.so", dir);
    ck_assert_int_eq(chmod(path, 0666), 0);

    loading_expect_refusal(dir, "./a.so", "E204",
                           "./a.so may be changed by every user of this machine",
                           "chmod o-w it, once you know what it holds");
}
END_TEST

START_TEST(a_file_of_another_user_is_refused)
{
    char path[1024];

    if (geteuid() != 0)
        return; /* only root can give a file away */
    loading_copy(PLAIN, dir, "a.so", SIZE_MAX);
    (void)snprintf(path, sizeof(path), "%s/a.so", dir);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);

    loading_expect_refusal(dir, "./a.so", "E206",
                           "./a.so belongs to user 65534, neither to you nor to root",
                           "copy it, or have it installed by root, if you trust it");
}
END_TEST

START_TEST(a_loaded_file_that_was_overwritten_is_refused)
{
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    char path[1024];

    loading_copy(PLAIN, dir, "a.so", SIZE_MAX);
    ck_assert_ptr_nonnull(loading_load(dir, "./a.so"));
    (void)snprintf(path, sizeof(path), "%s/a.so", dir);
    ck_assert_int_eq(utimensat(-1, path, times, 0), 0);

    loading_expect_refusal(
        dir, "./a.so", "E217", "./a.so was overwritten while this process has it loaded",
        "put new versions in place with mv or install, never with cp over it");
}
END_TEST

START_TEST(a_file_replaced_by_rename_is_loaded_anew)
{
    char from[1024];
    char to[1024];

    loading_copy(PLAIN, dir, "a.so", SIZE_MAX);
    const struct plugin *old = loading_load(dir, "./a.so");
    loading_copy(TEST_PLUGIN_DIR "/older.so", dir, "b.so", SIZE_MAX);
    (void)snprintf(from, sizeof(from), "%s/b.so", dir);
    (void)snprintf(to, sizeof(to), "%s/a.so", dir);
    ck_assert_int_eq(rename(from, to), 0);
    const struct plugin *new = loading_load(dir, "./a.so");

    ck_assert_ptr_nonnull(old);
    ck_assert_ptr_nonnull(new);
    ck_assert_str_eq(old->desc.name, "plain");
    ck_assert_str_eq(new->desc.name, "older");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abi/files");
    TCase *tc = tcase_create("files");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, each_file_that_cannot_be_taken_is_one_sentence, 0,
                        (int)(sizeof(built) / sizeof(built[0])));
    tcase_add_test(tc, a_file_of_another_word_size_is_named);
    tcase_add_test(tc, a_file_of_another_byte_order_is_named);
    tcase_add_test(tc, a_file_for_another_machine_is_named);
    tcase_add_test(tc, an_object_file_is_not_a_plugin);
    tcase_add_test(tc, a_program_is_not_a_plugin);
    tcase_add_test(tc, a_file_cut_short_anywhere_is_refused_and_never_mapped);
    tcase_add_test(tc, what_is_no_elf_file_is_called_by_its_name);
    tcase_add_test(tc, a_borrowed_symbol_is_found_out_without_a_section_table);
    tcase_add_test(tc, a_plugin_without_a_section_table_loads);
    tcase_add_test(tc, a_missing_file_is_said_with_the_nearest_name);
    tcase_add_test(tc, a_file_that_may_not_be_read_is_said);
    tcase_add_test(tc, a_directory_and_a_pipe_are_no_plugin_files);
    tcase_add_test(tc, a_file_that_everyone_may_change_is_refused);
    tcase_add_test(tc, a_file_of_another_user_is_refused);
    tcase_add_test(tc, a_loaded_file_that_was_overwritten_is_refused);
    tcase_add_test(tc, a_file_replaced_by_rename_is_loaded_anew);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
