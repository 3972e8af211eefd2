/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks_file.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "file.h"
#include "sha256.h"

/* Sets in memory at once: the one in force and those that requests still hold.
 * When all are taken the next change waits until a request has ended. */
#define SLOTS 256

/* `current`: the slot in the upper 8 bits, below them how often it was taken
 * since it came into force. That count can be read only together with the
 * slot, so no set can be freed between being found and being counted. */
#define SLOT_SHIFT 56
#define TAKEN_MASK ((UINT64_C(1) << SLOT_SHIFT) - 1)

/* While a set is in force `balance` is minus the number of times it was given
 * back. When it is replaced the number of times it was taken is added: it is
 * then how many hold it still, and who brings it to zero frees it. */
typedef struct slot_t {
    ajr_jwks_file_t *file;
    _Atomic int64_t balance;
    apr_pool_t *_Atomic pool; /* of keys; NULL: the slot is free */
    const ajr_keyset_t *keys;
    apr_uint64_t number; /* of the set, counted from 1 */
} slot_t;

/* By what a file is known to be another one. */
typedef struct stamp_t {
    apr_time_t mtime, ctime;
    apr_off_t size;
    apr_ino_t inode;
    apr_dev_t device;
} stamp_t;

struct ajr_jwks_file_t {
    const char *path; /* absolute */
    _Atomic uint64_t current;
    _Atomic int64_t second; /* of the last look */
    atomic_flag looking;    /* guards what follows */
    stamp_t stamp;          /* of the last look */
    bool settled;           /* so old that the stamp would show a change */
    unsigned char digest[AJR_SHA256_SIZE]; /* of what was read last */
    apr_uint64_t sets;                     /* read so far */
    _Atomic uint64_t *told;                /* shared: the error told last */
    slot_t slots[SLOTS];
};

const char *ajr_jwks_file_path(const ajr_jwks_file_t *file)
{
    return file->path;
}

/* ---- holding a set ---- */

static void slot_free(slot_t *slot)
{
    apr_pool_t *pool = slot->pool;

    slot->keys = NULL;
    apr_pool_destroy(pool);
    slot->pool = NULL; /* last: from here on the slot may be filled anew */
}

static apr_status_t give_back(void *held)
{
    slot_t *slot = held;

    if (atomic_fetch_sub(&slot->balance, 1) == 1) {
        slot_free(slot);
    }
    return APR_SUCCESS;
}

const ajr_keyset_t *ajr_jwks_file_hold(apr_uint64_t *number,
                                       ajr_jwks_file_t *file, apr_pool_t *pool)
{
    uint64_t current = atomic_fetch_add(&file->current, 1);
    slot_t *slot = &file->slots[current >> SLOT_SHIFT];

    apr_pool_cleanup_register(pool, slot, give_back, apr_pool_cleanup_null);
    *number = slot->number;
    return slot->keys;
}

/* Brings a filled slot into force. The first one replaces nothing. */
static void put_in_force(ajr_jwks_file_t *file, const slot_t *slot)
{
    uint64_t next = (uint64_t)(slot - file->slots) << SLOT_SHIFT;
    uint64_t past = atomic_exchange(&file->current, next);
    slot_t *old = &file->slots[past >> SLOT_SHIFT];
    int64_t taken = (int64_t)(past & TAKEN_MASK);

    if (old != slot && atomic_fetch_add(&old->balance, taken) == -taken) {
        slot_free(old);
    }
}

static slot_t *slot_empty(ajr_jwks_file_t *file)
{
    int i;

    for (i = 0; i < SLOTS; i++) {
        if (file->slots[i].pool == NULL) {
            file->slots[i].balance = 0;
            return &file->slots[i];
        }
    }
    return NULL;
}

/* ---- reading the file ---- */

/* Text -> keys in force, or the next look tries again. Their pool has an
 * allocator of its own: no thread waits for another in it, and all of its
 * memory goes back. */
static const char *replace(ajr_jwks_file_t *file, const char **warning,
                           ajr_bytes_t text, apr_pool_t *pool)
{
    slot_t *slot = slot_empty(file);
    apr_pool_t *own = NULL;
    ajr_keyset_t *keys = NULL;
    const char *why;

    if (slot == NULL) {
        file->settled = false;
        memset(file->digest, 0, AJR_SHA256_SIZE);
        return "changed again while requests hold all its earlier sets; it is "
               "read when one has ended";
    }
    if (apr_pool_create_unmanaged_ex(&own, NULL, NULL) != APR_SUCCESS) {
        return "cannot be read: no memory";
    }
    why = apr_pstrdup(pool, ajr_jwks_read(&keys, warning, text, own));
    *warning = apr_pstrdup(pool, *warning);
    if (why != NULL) {
        apr_pool_destroy(own);
        return why;
    }
    slot->keys = keys;
    slot->number = ++file->sets;
    slot->pool = own;
    put_in_force(file, slot);
    return NULL;
}

/* Reads the file, and replaces the set when its content is another one. */
static const char *read_again(ajr_jwks_file_t *file, ajr_jwks_news_t *news,
                              apr_pool_t *pool)
{
    unsigned char digest[AJR_SHA256_SIZE];
    ajr_file_t found;
    ajr_bytes_t text;
    const char *why = ajr_file_read(&found, file->path, NULL, pool);

    if (why != NULL) {
        memset(file->digest, 0, AJR_SHA256_SIZE);
        return why;
    }
    text.data = found.data;
    text.len = found.len;
    if (ajr_sha256(digest, "", text) &&
        memcmp(digest, file->digest, AJR_SHA256_SIZE) == 0) {
        return NULL;
    }
    memcpy(file->digest, digest, AJR_SHA256_SIZE);
    why = replace(file, &news->warning, text, pool);
    news->replaced = why == NULL;
    if (why == NULL && found.forgeable) {
        news->warning = "can be written by every user of this host, who could "
                        "sign tokens then; chmod o-w";
    }
    return why;
}

/* All zero for a file that is not there. */
static stamp_t stamp_of(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    stamp_t stamp;

    memset(&stamp, 0, sizeof(stamp));
    if (apr_stat(&info, path,
                 APR_FINFO_MTIME | APR_FINFO_CTIME | APR_FINFO_SIZE |
                     APR_FINFO_IDENT,
                 pool) == APR_SUCCESS) {
        stamp.mtime = info.mtime;
        stamp.ctime = info.ctime;
        stamp.size = info.size;
        stamp.inode = info.inode;
        stamp.device = info.device;
    }
    return stamp;
}

/* A file that was written just now can be written once more without a change
 * of its times, whose steps are some milliseconds (some seconds on old file
 * systems). It is read again until it has rested. */
#define REST apr_time_from_sec(2)

static bool unchanged(ajr_jwks_file_t *file, apr_time_t now, apr_pool_t *pool)
{
    stamp_t stamp = stamp_of(file->path, pool);
    apr_time_t age = now - stamp.mtime;
    bool same =
        file->settled && memcmp(&stamp, &file->stamp, sizeof(stamp)) == 0;

    file->stamp = stamp;
    file->settled = age > REST || age < -REST;
    return same;
}

/* FNV-1a. Zero is for "nothing told". */
static uint64_t mark_of(const stamp_t *stamp, const char *why)
{
    uint64_t mark = UINT64_C(14695981039346656037);
    const unsigned char *c;

    for (c = (const unsigned char *)stamp;
         c < (const unsigned char *)(stamp + 1); c++) {
        mark = (mark ^ *c) * UINT64_C(1099511628211);
    }
    for (c = (const unsigned char *)why; *c != '\0'; c++) {
        mark = (mark ^ *c) * UINT64_C(1099511628211);
    }
    return mark | 1;
}

static const char *subject(const ajr_jwks_file_t *file, const char *why,
                           apr_pool_t *pool)
{
    return why == NULL ? NULL : apr_pstrcat(pool, file->path, " ", why, NULL);
}

static void look(ajr_jwks_news_t *news, ajr_jwks_file_t *file, apr_time_t now,
                 apr_pool_t *pool)
{
    const char *why;
    uint64_t mark;

    if (unchanged(file, now, pool)) {
        return;
    }
    why = read_again(file, news, pool);
    if (why != NULL) {
        mark = mark_of(&file->stamp, why);
        news->error = atomic_exchange(file->told, mark) == mark ? NULL : why;
    } else if (news->replaced) {
        atomic_store(file->told, 0);
    }
}

void ajr_jwks_file_look(ajr_jwks_news_t *news, ajr_jwks_file_t *file,
                        apr_time_t now, apr_pool_t *pool)
{
    static const ajr_jwks_news_t nothing = {false, NULL, NULL};
    int64_t second = apr_time_sec(now);
    apr_pool_t *scratch;

    *news = nothing;
    if (atomic_load(&file->second) == second ||
        atomic_exchange(&file->second, second) == second ||
        atomic_flag_test_and_set(&file->looking)) {
        return;
    }
    apr_pool_create(&scratch, pool);
    look(news, file, now, scratch);
    news->error = subject(file, news->error, pool);
    news->warning = subject(file, news->warning, pool);
    apr_pool_destroy(scratch);
    atomic_flag_clear(&file->looking);
}

/* ---- its life ---- */

static apr_status_t close_file(void *data)
{
    ajr_jwks_file_t *file = data;
    int i;

    for (i = 0; i < SLOTS; i++) {
        if (file->slots[i].pool != NULL) {
            slot_free(&file->slots[i]);
        }
    }
    return APR_SUCCESS;
}

/* A word that all processes see which are forked from this one. */
static _Atomic uint64_t *shared_word(apr_pool_t *pool)
{
    apr_shm_t *shm = NULL;
    _Atomic uint64_t *word;

    if (apr_shm_create(&shm, sizeof(*word), NULL, pool) != APR_SUCCESS) {
        return NULL;
    }
    word = apr_shm_baseaddr_get(shm);
    atomic_init(word, 0);
    return word;
}

static ajr_jwks_file_t *make(const char *path, const char *root,
                             apr_pool_t *pool)
{
    ajr_jwks_file_t *file = apr_pcalloc(pool, sizeof(*file));
    char *full = NULL;

    file->told = shared_word(pool);
    if (file->told == NULL ||
        apr_filepath_merge(&full, root, path, 0, pool) != APR_SUCCESS) {
        return NULL;
    }
    file->path = full;
    atomic_flag_clear(&file->looking);
    apr_pool_cleanup_register(pool, file, close_file, apr_pool_cleanup_null);
    return file;
}

const char *ajr_jwks_file_open(ajr_jwks_file_t **out, ajr_jwks_news_t *news,
                               const char *path, const char *root,
                               apr_pool_t *pool)
{
    static const ajr_jwks_news_t nothing = {false, NULL, NULL};
    ajr_jwks_file_t *file = make(path, root, pool);
    const char *why;

    *out = NULL;
    *news = nothing;
    if (file == NULL) {
        return apr_pstrcat(pool, path, " is no usable path", NULL);
    }
    why = read_again(file, news, pool);
    if (why != NULL) {
        return subject(file, why, pool);
    }
    news->warning = subject(file, news->warning, pool);
    *out = file;
    return NULL;
}
