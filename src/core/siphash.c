/* SPDX-License-Identifier: Apache-2.0 */
#include "siphash.h"

#include <string.h>

typedef struct state_t {
    apr_uint64_t v0, v1, v2, v3;
} state_t;

static apr_uint64_t rotate(apr_uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void round_once(state_t *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void take(state_t *s, apr_uint64_t word)
{
    s->v3 ^= word;
    round_once(s);
    round_once(s);
    s->v0 ^= word;
}

/* Little-endian, however this machine counts. */
static apr_uint64_t word_of(const unsigned char *bytes, apr_size_t count)
{
    apr_uint64_t word = 0;

    while (count-- > 0) {
        word = word << 8 | bytes[count];
    }
    return word;
}

/* The same for eight bytes, in a form that compilers make one load of. */
static apr_uint64_t word_whole(const unsigned char *b)
{
    return (apr_uint64_t)b[0] | (apr_uint64_t)b[1] << 8 |
           (apr_uint64_t)b[2] << 16 | (apr_uint64_t)b[3] << 24 |
           (apr_uint64_t)b[4] << 32 | (apr_uint64_t)b[5] << 40 |
           (apr_uint64_t)b[6] << 48 | (apr_uint64_t)b[7] << 56;
}

/* The bytes after the kind come as words that overlap it by one. */
static void take_all(state_t *s, unsigned char kind, ajr_bytes_t bytes)
{
    apr_uint64_t carried = kind;
    apr_size_t i;

    for (i = 0; i + 8 <= bytes.len; i += 8) {
        apr_uint64_t word = word_whole(bytes.data + i);

        take(s, carried | word << 8);
        carried = word >> 56;
    }
    if (bytes.len - i == 7) {
        take(s, carried | word_of(bytes.data + i, 7) << 8);
        i = bytes.len;
        carried = 0;
    } else if (bytes.len > i) {
        carried |= word_of(bytes.data + i, bytes.len - i) << 8;
    }
    take(s, carried | (apr_uint64_t)(bytes.len + 1) << 56);
}

apr_uint64_t ajr_siphash(const unsigned char key[AJR_SIPHASH_KEY_SIZE],
                         unsigned char kind, ajr_bytes_t bytes)
{
    apr_uint64_t k0 = word_whole(key);
    apr_uint64_t k1 = word_whole(key + 8);
    state_t s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
                 k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
    int i;

    take_all(&s, kind, bytes);
    s.v2 ^= 0xff;
    for (i = 0; i < 4; i++) {
        round_once(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
