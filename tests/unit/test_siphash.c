/* SPDX-License-Identifier: Apache-2.0
 *
 * The vectors of the reference implementation: key 00 to 0f, messages 00,
 * 00 01, .. The first byte of a message is our `kind`.
 */
#include "siphash.h"
#include "unit.h"

static const unsigned char count[32] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static void the_reference_vectors(void **state)
{
    static const struct {
        apr_size_t length; /* kind included */
        apr_uint64_t hash;
    } rows[] = {
        {1, 0x74f839c593dc67fdu},  {2, 0x0d6c8009d9a94f5au},
        {7, 0xab0200f58b01d137u},  {8, 0x93f5f5799a932462u},
        {9, 0x9e0082df0ba9e4b0u},  {15, 0xa129ca6149be45e5u},
        {16, 0x3f2acc7f57c29bdbu}, {17, 0x699ae9f52cbe4794u},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        ajr_bytes_t rest = {count + 1, rows[i].length - 1};

        assert_int_equal(ajr_siphash(count, 0, rest), rows[i].hash);
    }
}

static void kind_and_key_change_it(void **state)
{
    ajr_bytes_t bytes = {count, 16};

    (void)state;
    assert_true(ajr_siphash(count, 1, bytes) != ajr_siphash(count, 2, bytes));
    assert_true(ajr_siphash(count, 1, bytes) !=
                ajr_siphash(count + 1, 1, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_reference_vectors),
        UNIT_TEST(kind_and_key_change_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
