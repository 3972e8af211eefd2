/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "outcome.h"

static void every_tag_is_unique_and_finds_its_row(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < AJR_OUTCOMES; i++) {
        const ajr_outcome_row_t *row = ajr_outcome_row((ajr_outcome_t)i);

        assert_non_null(row->tag);
        assert_int_equal(ajr_outcome_find(row->tag), i);
    }
}

static void tags_and_sentences_are_safe_to_print_anywhere(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < AJR_OUTCOMES; i++) {
        const ajr_outcome_row_t *row = ajr_outcome_row((ajr_outcome_t)i);
        const char *c;

        assert_true(row->tag[0] != '\0' && row->text[0] != '\0');
        for (c = row->tag; *c != '\0'; c++) {
            assert_true((*c >= 'a' && *c <= 'z') || *c == '_');
        }
        for (c = row->text; *c != '\0'; c++) {
            assert_true(*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\');
        }
    }
}

static void only_what_succeeded_is_good(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < AJR_OUTCOMES; i++) {
        assert_int_equal(ajr_outcome_good((ajr_outcome_t)i), i <= AJR_REPLAYED);
    }
    assert_true(ajr_outcome_good(AJR_OK));
    assert_true(ajr_outcome_good(AJR_REPLAYED));
    assert_false(ajr_outcome_good(AJR_TOKEN_MISSING));
}

static void clients_cannot_fill_the_log(void **state)
{
    int i;

    (void)state;
    for (i = AJR_TOKEN_MISSING; i <= AJR_BLOCKED; i++) {
        assert_int_equal(ajr_outcome_row((ajr_outcome_t)i)->level,
                         AJR_LEVEL_INFO);
    }
    assert_int_equal(ajr_outcome_row(AJR_REUSED)->level, AJR_LEVEL_WARNING);
}

static void own_trouble_is_never_the_clients_fault(void **state)
{
    int i;

    (void)state;
    for (i = AJR_DATABASE_DOWN; i <= AJR_LOGIN_BUSY; i++) {
        assert_int_equal(ajr_outcome_row((ajr_outcome_t)i)->status, 503);
    }
    assert_int_equal(ajr_outcome_row(AJR_MISCONFIGURED)->status, 500);
    assert_int_equal(ajr_outcome_row(AJR_INTERNAL)->status, 500);
}

static void an_unknown_value_or_tag_is_an_internal_error(void **state)
{
    (void)state;
    assert_ptr_equal(ajr_outcome_row(AJR_OUTCOMES),
                     ajr_outcome_row(AJR_INTERNAL));
    assert_ptr_equal(ajr_outcome_row((ajr_outcome_t)-1),
                     ajr_outcome_row(AJR_INTERNAL));
    assert_int_equal(ajr_outcome_find(NULL), AJR_INTERNAL);
    assert_int_equal(ajr_outcome_find(""), AJR_INTERNAL);
    assert_int_equal(ajr_outcome_find("rotate"), AJR_INTERNAL);
    assert_int_equal(ajr_outcome_find("ROTATED"), AJR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tag_is_unique_and_finds_its_row),
        cmocka_unit_test(tags_and_sentences_are_safe_to_print_anywhere),
        cmocka_unit_test(only_what_succeeded_is_good),
        cmocka_unit_test(clients_cannot_fill_the_log),
        cmocka_unit_test(own_trouble_is_never_the_clients_fault),
        cmocka_unit_test(an_unknown_value_or_tag_is_an_internal_error),
    };

    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
