/* SPDX-License-Identifier: MIT */
/* Reading a plugin file's ELF tables: see elf.h.  Every offset in the file is hostile. */
#include "plugin/elf.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    PHDRS_MAX = 1024,
    SECTIONS_MAX = 1 << 16,
    TABLE_BYTES_MAX = 64 << 20, /* of one table: a .dynsym of 2.7 million symbols */
};

#define SYMBOL_PREFIX "pphost_plugin_v"

struct image {
    int fd;
    uint64_t size;
    const char *shown;
    struct refusal *refusal;
    ElfW(Ehdr) header;
    ElfW(Phdr) * phdrs;
    int *
        failed; /* errno number of a call that failed, else 0: then it is not the file's fault */
};

static const struct machine {
    unsigned id;
    const char *name;
} machines[] = {
    {EM_X86_64, "x86-64"},    {EM_AARCH64, "ARM (64-bit)"},
    {EM_386, "x86 (32-bit)"}, {EM_ARM, "ARM (32-bit)"},
    {EM_RISCV, "RISC-V"},     {EM_PPC64, "POWER (64-bit)"},
    {EM_S390, "s390"},        {EM_MIPS, "MIPS"},
};

/* EM_NONE: not known to this file, so that any machine passes and dlopen() decides. */
#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#elif defined(__i386__)
enum { OWN_MACHINE = EM_386 };
#elif defined(__arm__)
enum { OWN_MACHINE = EM_ARM };
#elif defined(__riscv)
enum { OWN_MACHINE = EM_RISCV };
#elif defined(__powerpc64__)
enum { OWN_MACHINE = EM_PPC64 };
#elif defined(__s390__)
enum { OWN_MACHINE = EM_S390 };
#else
enum { OWN_MACHINE = EM_NONE };
#endif

enum { OWN_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };
enum { OWN_DATA = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB };

static const char *machine_name(unsigned id)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].id == id)
            return machines[i].name;
    return "another kind of machine";
}

/* Reads exactly `len` bytes at `offset`; false: the file does not reach that far, or a failure. */
static bool read_at(const struct image *image, void *buffer, size_t len, uint64_t offset)
{
    char *to = buffer;

    if (offset > image->size || len > image->size - offset)
        return false;
    while (len > 0) {
        ssize_t got = pread(image->fd, to, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            *image->failed = errno;
        if (got <= 0)
            return false;
        to += got;
        offset += (uint64_t)got;
        len -= (size_t)got;
    }
    return true;
}

/* A table of the file in memory, `extra` zeroed bytes behind it; the caller frees it. */
static void *read_table(const struct image *image, uint64_t offset, uint64_t len,
                        size_t extra)
{
    if (len > TABLE_BYTES_MAX)
        return NULL;

    char *table = calloc(1, (size_t)len + extra + 1);
    if (!table) {
        memory_failed();
        *image->failed = ENOMEM;
        return NULL;
    }
    if (!read_at(image, table, (size_t)len, offset)) {
        free(table);
        return NULL;
    }
    return table;
}

static bool refuse_unread(const struct image *image)
{
    char buffer[128];

    return refuse(image->refusal, "E202", "look at the disk", "%s cannot be read: %s",
                  image->shown, strerror_r(*image->failed, buffer, sizeof(buffer)));
}

/* Something of it was not there to be read. */
static bool refuse_cut(const struct image *image)
{
    if (*image->failed != 0)
        return refuse_unread(image);
    return refuse(image->refusal, "E207", "build or copy it again",
                  "%s is damaged or cut short: its tables point past its end",
                  image->shown);
}

static bool refuse_foreign(const struct image *image, const unsigned char *start,
                           size_t len)
{
    const char *fix = "give the .so file that the plugin is built to: cc -shared -fPIC";
    const char *what = "is not a shared object";

    if (image->size == 0)
        what = "is empty";
    else if (len >= 8 && memcmp(start, "!<arch>\n", 8) == 0)
        what = "is a static library, not a shared object";
    else if (len >= 2 && memcmp(start, "#!", 2) == 0)
        what = "is a script, not a shared object";
    return refuse(image->refusal, "E207", fix, "%s %s", image->shown, what);
}

static bool check_machine(const struct image *image)
{
    const unsigned char *ident = image->header.e_ident;
    const char *fix = "build it on, or for, the machine that runs pphost";

    if (ident[EI_CLASS] != OWN_CLASS)
        return refuse(image->refusal, "E208", fix,
                      "%s was built for %d-bit machines, this host is %d-bit",
                      image->shown, ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
                      OWN_CLASS == ELFCLASS64 ? 64 : 32);
    if (ident[EI_DATA] != OWN_DATA)
        return refuse(image->refusal, "E208", fix,
                      "%s was built for machines of the other byte order", image->shown);
    if (OWN_MACHINE != EM_NONE && image->header.e_machine != OWN_MACHINE)
        return refuse(image->refusal, "E208", fix,
                      "%s was built for %s, this host runs on %s", image->shown,
                      machine_name(image->header.e_machine), machine_name(OWN_MACHINE));
    return true;
}

static bool refuse_program(const struct image *image, const char *what)
{
    return refuse(image->refusal, "E209", "link it with cc -shared -fPIC",
                  "%s is %s, not a shared object", image->shown, what);
}

static bool check_header(struct image *image)
{
    unsigned char start[sizeof(image->header)] = {0};
    size_t len = image->size < sizeof(start) ? (size_t)image->size : sizeof(start);

    if (!read_at(image, start, len, 0))
        return refuse_cut(image);
    if (len < EI_NIDENT || memcmp(start, ELFMAG, SELFMAG) != 0)
        return refuse_foreign(image, start, len);
    memcpy(&image->header, start, sizeof(image->header));
    if (!check_machine(image))
        return false;
    if (len < sizeof(start))
        return refuse_cut(image);

    switch (image->header.e_type) {
    case ET_DYN:
        return true;
    case ET_REL:
        return refuse_program(image, "an object file");
    case ET_EXEC:
        return refuse_program(image, "a program");
    default:
        return refuse_program(image, "a core dump or something else");
    }
}

/* Looks through the dynamic section; what it says of the file as a whole. */
static bool check_dynamic(const struct image *image, const ElfW(Phdr) * phdr)
{
    const char *fix = "compile every part of it with -fPIC";
    ElfW(Dyn) *table = read_table(image, phdr->p_offset, phdr->p_filesz, 0);
    size_t n = (size_t)(phdr->p_filesz / sizeof(*table));
    bool text_relocations = false;
    bool program = false;

    if (!table)
        return refuse_cut(image);
    for (size_t i = 0; i < n && table[i].d_tag != DT_NULL; i++) {
        if (table[i].d_tag == DT_TEXTREL ||
            (table[i].d_tag == DT_FLAGS && (table[i].d_un.d_val & DF_TEXTREL)))
            text_relocations = true;
        if (table[i].d_tag == DT_FLAGS_1 && (table[i].d_un.d_val & DF_1_PIE))
            program = true;
    }
    free(table);
    if (program)
        return refuse_program(image, "a program");
    if (text_relocations)
        return refuse(image->refusal, "E211", fix,
                      "%s would have to rewrite its own code to be loaded (TEXTREL)",
                      image->shown);
    return true;
}

/* A missing PT_GNU_STACK counts as a wish for an executable stack: so does glibc. */
static bool check_segments(const struct image *image)
{
    const ElfW(Phdr) *dynamic = NULL;
    bool plain_stack = false;

    for (size_t i = 0; i < image->header.e_phnum; i++) {
        const ElfW(Phdr) *phdr = &image->phdrs[i];
        if (phdr->p_type == PT_LOAD && (phdr->p_offset > image->size ||
                                        phdr->p_filesz > image->size - phdr->p_offset))
            return refuse_cut(image);
        if (phdr->p_type == PT_DYNAMIC)
            dynamic = phdr;
        if (phdr->p_type == PT_GNU_STACK)
            plain_stack = !(phdr->p_flags & PF_X);
    }
    if (!dynamic)
        return refuse_program(image, "something without a dynamic section");
    if (!check_dynamic(image, dynamic))
        return false;
    if (!plain_stack)
        return refuse(image->refusal, "E210",
                      "link it with -z noexecstack; assembly needs .note.GNU-stack",
                      "%s wants an executable stack, which opens a door to attacks",
                      image->shown);
    return true;
}

/* The N of "pphost_plugin_vN"; 0: another symbol. */
static unsigned plugin_version(const char *name)
{
    if (strncmp(name, SYMBOL_PREFIX, strlen(SYMBOL_PREFIX)) != 0)
        return 0;

    const char *digits = name + strlen(SYMBOL_PREFIX);
    char *end = NULL;
    errno = 0;
    unsigned long version = strtoul(digits, &end, 10);
    if (*digits < '1' || *digits > '9' || *end || errno || version > UINT_MAX)
        return 0;
    return (unsigned)version;
}

static bool judge_version(const struct image *image, bool has_v1, unsigned newest)
{
    if (has_v1)
        return true;
    if (newest)
        return refuse(
            image->refusal, "E205",
            "rebuild it with <pphost/plugin.h> of this host, or use a newer pphost",
            "%s was built for plugin ABI %u, this host speaks 1", image->shown, newest);
    return refuse(image->refusal, "E214",
                  "a plugin defines: const struct pph_plugin pphost_plugin_v1 = {...}",
                  "%s is not a plugin: it does not itself export pphost_plugin_v1",
                  image->shown);
}

static bool check_symbols(const struct image *image, const ElfW(Shdr) * symtab,
                          const ElfW(Shdr) * strtab)
{
    ElfW(Sym) *symbols = read_table(image, symtab->sh_offset, symtab->sh_size, 0);
    char *names = read_table(image, strtab->sh_offset, strtab->sh_size, 1);
    size_t n = (size_t)(symtab->sh_size / sizeof(*symbols));
    bool has_v1 = false;
    bool ok = false;
    unsigned newest = 0;

    if (!symbols || !names) {
        (void)refuse_cut(image);
        goto done;
    }
    for (size_t i = 1; i < n; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF || symbols[i].st_name >= strtab->sh_size)
            continue;
        const char *name = names + symbols[i].st_name;
        unsigned version = plugin_version(name);
        /* ELF32_ST_BIND and ELF64_ST_BIND are the same. */
        if (ELF64_ST_BIND(symbols[i].st_info) == STB_GNU_UNIQUE) {
            (void)refuse(
                image->refusal, "E212",
                "compile it with -fno-gnu-unique, or export only pphost_plugin_v1",
                "%s has the process-wide unique symbol %.64s, which a newer "
                "version of the plugin would share",
                image->shown, name);
            goto done;
        }
        has_v1 = has_v1 || version == 1;
        newest = version > newest ? version : newest;
    }
    ok = judge_version(image, has_v1, newest);
done:
    free(symbols);
    free(names);
    return ok;
}

/* Finds .dynsym and its strings; true also when there is no section table to find them in. */
static bool check_sections(const struct image *image)
{
    size_t n = image->header.e_shnum;
    bool ok = true;

    if (n == 0 || n > SECTIONS_MAX || image->header.e_shentsize != sizeof(ElfW(Shdr)))
        return true;

    ElfW(Shdr) *sections =
        read_table(image, image->header.e_shoff, n * sizeof(*sections), 0);
    if (!sections)
        return refuse_cut(image);
    for (size_t i = 0; i < n; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        ok = sections[i].sh_link < n
                 ? check_symbols(image, &sections[i], &sections[sections[i].sh_link])
                 : refuse_cut(image);
        break;
    }
    free(sections);
    return ok;
}

bool elf_check(int fd, uint64_t size, const char *shown, struct refusal *refusal)
{
    int failed = 0;
    struct image image = {
        .fd = fd, .size = size, .shown = shown, .refusal = refusal, .failed = &failed};
    bool ok = false;

    PPH_ASSERT(fd >= 0);
    if (!check_header(&image))
        return false;
    if (image.header.e_phentsize != sizeof(*image.phdrs) ||
        image.header.e_phnum > PHDRS_MAX)
        return refuse_cut(&image);
    image.phdrs = read_table(&image, image.header.e_phoff,
                             image.header.e_phnum * sizeof(*image.phdrs), 0);
    if (!image.phdrs)
        return refuse_cut(&image);
    ok = check_segments(&image) && check_sections(&image);
    free(image.phdrs);
    return ok;
}
