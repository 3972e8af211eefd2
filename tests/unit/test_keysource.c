/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "keysource.h"

#define SECRET "correct-horse-battery-staple-42!"

static char folder[] = "/tmp/ajr-keysource-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* Writes a file of that name into the folder. */
static void put(const char *name, ajr_bytes_t bytes, int mode, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, folder, "/", name, NULL);
    apr_file_t *file;

    assert_int_equal(
        apr_file_open(&file, path,
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                      APR_FPROT_OS_DEFAULT, pool),
        APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, bytes.data, bytes.len, NULL),
                     APR_SUCCESS);
    apr_file_close(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void drop(const char *name, apr_pool_t *pool)
{
    assert_int_equal(unlink(apr_pstrcat(pool, folder, "/", name, NULL)), 0);
}

/* Reads, and sees to it that no sentence repeats the secret. */
static const char *read_source(ajr_secret_t *secret, const char *source,
                               apr_pool_t *pool)
{
    const char *why = ajr_keysource_read(secret, source, folder, pool);

    if (why != NULL) {
        assert_null(secret->bytes.data);
        assert_int_equal(secret->bytes.len, 0);
        assert_null(secret->warning);
        assert_null(strstr(why, "correct-horse"));
    } else {
        assert_true(secret->bytes.len > 0);
    }
    return why;
}

static void assert_bytes(ajr_bytes_t got, ajr_bytes_t expected)
{
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
}

/* The sentence must name the source and say so. */
static void assert_says(const char *why, const char *source, const char *what)
{
    assert_non_null(why);
    assert_int_equal(strncmp(why, source, strlen(source)), 0);
    assert_non_null(strstr(why, what));
}

/* ---- file: ---- */

static void a_file_is_read_byte_by_byte(void **state)
{
    ajr_bytes_t bytes = BYTES("\0\xff key \r\n\n");
    ajr_secret_t secret;

    put("key", bytes, 0600, *state);
    assert_null(read_source(&secret, "file:key", *state));
    assert_bytes(secret.bytes, bytes);
    assert_null(secret.warning);
    assert_null(read_source(
        &secret, apr_pstrcat(*state, "file:", folder, "/key", NULL), *state));
    assert_bytes(secret.bytes, bytes);
    drop("key", *state);
}

static void a_file_that_everybody_can_read_is_warned_of(void **state)
{
    ajr_secret_t secret;

    put("key", BYTES(SECRET), 0644, *state);
    assert_null(read_source(&secret, "file:key", *state));
    assert_says(secret.warning, "file:key", "chmod");
    assert_null(strstr(secret.warning, "correct-horse"));
    put("key", BYTES(SECRET), 0640, *state);
    assert_null(read_source(&secret, "file:key", *state));
    assert_null(secret.warning);
    put("key", BYTES("JWT_SECRET=" SECRET), 0604, *state);
    assert_null(read_source(&secret, "dotenv:key#JWT_SECRET", *state));
    assert_says(secret.warning, "dotenv:key#JWT_SECRET", "chmod");
    drop("key", *state);
}

static void a_file_that_is_missing_empty_or_no_file_is_refused(void **state)
{
    ajr_secret_t secret;
    const char *pipe = apr_pstrcat(*state, folder, "/pipe", NULL);

    assert_says(read_source(&secret, "file:absent", *state), "file:absent",
                "No such file");
    assert_says(read_source(&secret, "file:.", *state), "file:.",
                "not a regular file");
    assert_says(read_source(&secret, "file:", *state),
                "file:", "names nothing; write file:PATH");
    assert_says(read_source(&secret, "file:/dev/zero", *state),
                "file:/dev/zero", "not a regular file");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_says(read_source(&secret, "file:pipe", *state), "file:pipe",
                "not a regular file");
    drop("pipe", *state);
    put("key", BYTES(""), 0600, *state);
    assert_says(read_source(&secret, "file:key", *state), "file:key",
                "is empty");
    drop("key", *state);
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    ajr_secret_t secret;

    if (geteuid() == 0) {
        assert_int_equal(seteuid(65534), 0);
        assert_says(read_source(&secret, "file:/etc/shadow", *state),
                    "file:/etc/shadow", "Permission denied");
        assert_int_equal(seteuid(0), 0);
    } else {
        put("key", BYTES(SECRET), 0000, *state);
        assert_says(read_source(&secret, "file:key", *state), "file:key",
                    "Permission denied");
        drop("key", *state);
    }
}

static void a_file_beyond_64_kib_is_refused(void **state)
{
    ajr_bytes_t bytes = {apr_pcalloc(*state, 65537), 65536};
    ajr_secret_t secret;

    put("key", bytes, 0600, *state);
    assert_null(read_source(&secret, "file:key", *state));
    assert_int_equal(secret.bytes.len, 65536);
    bytes.len++;
    put("key", bytes, 0600, *state);
    assert_says(read_source(&secret, "file:key", *state), "file:key",
                "larger than 64 KiB");
    drop("key", *state);
}

/* ---- env: and what is no source ---- */

static void an_environment_variable_is_taken_as_it_is(void **state)
{
    ajr_secret_t secret;

    setenv("AJR_UNIT", "base64:" SECRET " \n", 1);
    assert_null(read_source(&secret, "env:AJR_UNIT", *state));
    assert_bytes(secret.bytes, BYTES("base64:" SECRET " \n"));
    setenv("AJR_UNIT", "", 1);
    assert_says(read_source(&secret, "env:AJR_UNIT", *state), "env:AJR_UNIT",
                "is empty");
    unsetenv("AJR_UNIT");
    assert_says(read_source(&secret, "env:AJR_UNIT", *state), "env:AJR_UNIT",
                "is not set");
    assert_says(read_source(&secret, "env:", *state), "env:", "names nothing");
}

/* `JwtKey HS256 <the secret>` is a mistake that must not reach the log. */
static void a_secret_in_place_of_its_source_is_not_repeated(void **state)
{
    static const char *const sources[] = {
        SECRET,      "",         "File:" SECRET, "http:" SECRET, "file" SECRET,
        " file:key", "FILE:key", "envAJR_UNIT",  ":" SECRET};
    ajr_secret_t secret;
    size_t i;

    for (i = 0; i < COUNT(sources); i++) {
        const char *why = read_source(&secret, sources[i], *state);

        assert_non_null(strstr(why, "file:PATH"));
        assert_null(strstr(why, "AJR_UNIT"));
    }
}

/* ---- dotenv: ---- */

static const char *dotenv_sentence; /* of the last dotenv() */

/* The value of JWT_SECRET in a .env file of that text, NULL when refused. */
static const char *dotenv_bytes(ajr_bytes_t text, apr_pool_t *pool)
{
    ajr_secret_t secret;

    put(".env", text, 0600, pool);
    dotenv_sentence = read_source(&secret, "dotenv:.env#JWT_SECRET", pool);
    drop(".env", pool);
    if (dotenv_sentence != NULL) {
        assert_says(dotenv_sentence, "dotenv:.env#JWT_SECRET ", "");
        return NULL;
    }
    return apr_pstrmemdup(pool, (const char *)secret.bytes.data,
                          secret.bytes.len);
}

static const char *dotenv(const char *text, apr_pool_t *pool)
{
    return dotenv_bytes(ajr_bytes_of(text), pool);
}

static void dotenv_reads_what_laravel_reads(void **state)
{
    static const char *const rows[][2] = {
        {"JWT_SECRET=abc", "abc"},
        {"JWT_SECRET=abc\n", "abc"},
        {"JWT_SECRET=abc\r\nX=1\r\n", "abc"},
        {"X=1\rJWT_SECRET=abc\rY=2", "abc"},
        {"\xef\xbb\xbfJWT_SECRET=abc\n", "abc"},
        {"\n\n  \t\n# JWT_SECRET=no\nJWT_SECRET=abc\n", "abc"},
        {"   # comment = \"\n  JWT_SECRET = abc  \n", "abc"},
        {"export JWT_SECRET=abc", "abc"},
        {"export\t JWT_SECRET=abc", "abc"},
        {"'JWT_SECRET'=abc", "abc"},
        {"\"JWT_SECRET\"=abc", "abc"},
        {"JWT_SECRET=abc # the secret", "abc"},
        {"JWT_SECRET=abc\t#the secret", "abc"},
        {"JWT_SECRET=base64:YWJj+/==", "base64:YWJj+/=="},
        {"JWT_SECRET=a'b\"c\\n$d=e$", "a'b\"c\\n$d=e$"},
        {"JWT_SECRET='a b#c \\n ${X} \"'", "a b#c \\n ${X} \""},
        {"JWT_SECRET='abc' # x", "abc"},
        {"JWT_SECRET='abc'#x", "abc"},
        {"JWT_SECRET=\"a b#c 'd'\"", "a b#c 'd'"},
        {"JWT_SECRET=\"a\\\"b\\\\c\\$d\\n\\r\\t\\f\\v\"",
         "a\"b\\c$d\n\r\t\f\v"},
        {"JWT_SECRET=\"\\${X}\"", "${X}"},
        {"JWT_SECRET=\"$X $\"", "$X $"},
        {"JWT_SECRET=\"one\ntwo\r\nthree\rfour\"\nX=1",
         "one\ntwo\nthree\nfour"},
        {"JWT_SECRET=\"abc\" # \"x\"", "abc"},
        {"APP_NAME=\"${X}\"\nJWT_SECRET=abc\nMAIL=\"${APP_NAME}\"", "abc"},
        {"A=\"x\nJWT_SECRET=no\n\"\nJWT_SECRET=abc", "abc"},
        {"A=\"x\\\"\nJWT_SECRET=no\\\\\"\nJWT_SECRET=abc", "abc"},
        {"A='\nJWT_SECRET=abc\nB='", "abc"},
        {"A\nB=\nJWT_SECRET=abc\nA=1\nA=2", "abc"},
        {"JWT_SECRET2=no\nXJWT_SECRET=no\nJWT_SECRE=no\njwt_secret=no\n"
         "JWT_SECRET=abc",
         "abc"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *got = dotenv(rows[i][0], *state);

        assert_null(dotenv_sentence);
        assert_string_equal(got, rows[i][1]);
    }
}

/* What Laravel would resolve, cut or never see is an error, not a guess. */
static void dotenv_refuses_rather_than_guesses(void **state)
{
    static const char *const rows[][2] = {
        {"", "is not assigned"},
        {"X=1\n#JWT_SECRET=abc", "is not assigned"},
        {"exportJWT_SECRET=abc", "is not assigned"},
        {"A=\"JWT_SECRET=correct-horse\"", "is not assigned"},
        {"JWT_SECRET", "empty value"},
        {"JWT_SECRET=", "empty value"},
        {"JWT_SECRET=\nX=1", "empty value"},
        {"JWT_SECRET=   \nX=1", "empty value"},
        {"JWT_SECRET= # comment", "empty value"},
        {"JWT_SECRET=''", "empty value"},
        {"JWT_SECRET=\"\"", "empty value"},
        {"JWT_SECRET=${APP_KEY}", "contains ${..}"},
        {"JWT_SECRET=correct-horse${APP_KEY}", "contains ${..}"},
        {"JWT_SECRET=\"correct-horse${APP_KEY}\"", "contains ${..}"},
        {"JWT_SECRET=correct-horse#battery", "has a #"},
        {"JWT_SECRET=correct-horse battery", "has a blank"},
        {"JWT_SECRET='correct-horse' battery", "behind the closing quote"},
        {"JWT_SECRET='correct-horse'battery", "behind the closing quote"},
        {"JWT_SECRET=\"correct-horse\"battery", "behind the closing quote"},
        {"JWT_SECRET='correct-horse\n'", "not closed on its line"},
        {"JWT_SECRET='correct-horse", "not closed on its line"},
        {"JWT_SECRET=\"correct-horse", "never closed"},
        {"JWT_SECRET=\"correct-horse\\", "escape"},
        {"JWT_SECRET=\"correct-horse\\\"", "never closed"},
        {"JWT_SECRET=\"correct-horse\\x41\"", "escape"},
        {"JWT_SECRET=\"correct-horse\\\n\"", "escape"},
        {"A=\"\nJWT_SECRET=correct-horse", "never closed"},
        {"JWT_SECRET=correct-horse\nX=1\nJWT_SECRET=correct-horse",
         "is assigned twice (lines 1 and 3)"},
        {"A=\"\n\n\"\nJWT_SECRET=a\nexport JWT_SECRET=b",
         "is assigned twice (lines 4 and 5)"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_null(dotenv(rows[i][0], *state));
        assert_non_null(strstr(dotenv_sentence, rows[i][1]));
    }
}

static void dotenv_with_nuls_is_refused_or_read_as_bytes(void **state)
{
    assert_null(dotenv_bytes(BYTES("JWT_SECRET=\"a\0b\""), *state));
    assert_null(
        dotenv_bytes(BYTES("J\0W\0T\0_\0S\0E\0C\0R\0E\0T\0=\0a\0"), *state));
}

static void dotenv_needs_a_path_and_a_name(void **state)
{
    ajr_secret_t secret;

    assert_says(read_source(&secret, "dotenv:.env", *state), "dotenv:.env",
                "dotenv:PATH#NAME");
    assert_says(read_source(&secret, "dotenv:.env#", *state), "dotenv:.env#",
                "dotenv:PATH#NAME");
    assert_says(read_source(&secret, "dotenv:#JWT_SECRET", *state),
                "dotenv:#JWT_SECRET", "dotenv:PATH#NAME");
    assert_says(read_source(&secret, "dotenv:", *state),
                "dotenv:", "dotenv:PATH#NAME");
    assert_says(read_source(&secret, "dotenv:absent#A", *state),
                "dotenv:absent#A", "No such file");
    put("a#b", BYTES("A=1"), 0600, *state);
    assert_null(read_source(&secret, "dotenv:a#b#A", *state));
    drop("a#b", *state);
}

/* ---- wiping ---- */

typedef struct watch_t {
    ajr_bytes_t bytes[4];
    int wiped;
} watch_t;

static apr_status_t look(void *data)
{
    static const unsigned char zeros[8];
    watch_t *watch = data;
    size_t i;

    for (i = 0; i < COUNT(watch->bytes); i++) {
        watch->wiped +=
            memcmp(watch->bytes[i].data, zeros, watch->bytes[i].len) == 0;
    }
    return APR_SUCCESS;
}

/* The cleanup registered first runs last, and before the memory is gone. */
static void a_secret_is_wiped_with_its_pool(void **state)
{
    ajr_secret_t read, decoded;
    watch_t watch = {.wiped = 0};
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, *state);
    apr_pool_cleanup_register(pool, &watch, look, apr_pool_cleanup_null);
    put("key", BYTES("6162636d"), 0600, *state);
    assert_null(read_source(&read, "file:key", pool));
    drop("key", *state);
    watch.bytes[3] = read.bytes;
    for (i = AJR_ENCODING_RAW; i <= AJR_ENCODING_HEX; i++) {
        assert_null(
            ajr_keysource_decode(&decoded, &read, (ajr_encoding_t)i, pool));
        watch.bytes[i] = decoded.bytes;
        assert_true(decoded.bytes.len >= 4 && decoded.bytes.len <= 8);
        assert_int_not_equal(decoded.bytes.data[0], 0);
    }
    apr_pool_destroy(pool);
    assert_int_equal(watch.wiped, 4);
}

/* ---- encodings ---- */

static const char *decode(ajr_secret_t *out, ajr_bytes_t text,
                          ajr_encoding_t encoding, apr_pool_t *pool)
{
    ajr_secret_t in = {text, "of the step before", false};
    const char *why = ajr_keysource_decode(out, &in, encoding, pool);

    if (why != NULL) {
        assert_null(out->bytes.data);
        assert_int_equal(out->bytes.len, 0);
        assert_null(strstr(why, "correct-horse"));
    }
    return why;
}

static void raw_loses_one_newline_and_says_so(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"abc", "abc"},       {"abc\n", "abc"},   {"abc\r\n", "abc"},
                {"abc\n\n", "abc\n"}, {"abc\r", "abc\r"}, {" abc ", " abc "},
                {"\nabc", "\nabc"}};
    ajr_secret_t out;
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        bool cut = strlen(rows[i].in) != strlen(rows[i].out);

        assert_null(
            decode(&out, ajr_bytes_of(rows[i].in), AJR_ENCODING_RAW, *state));
        assert_bytes(out.bytes, ajr_bytes_of(rows[i].out));
        assert_int_equal(out.warning != NULL, cut);
    }
    assert_non_null(decode(&out, BYTES("\n"), AJR_ENCODING_RAW, *state));
    assert_non_null(decode(&out, BYTES("\r\n"), AJR_ENCODING_RAW, *state));
    assert_non_null(decode(&out, BYTES(""), AJR_ENCODING_RAW, *state));
}

static void base64_takes_either_alphabet_padded_or_not(void **state)
{
    static const char *const good[] = {
        "+/+/YQ==", "+/+/YQ", "-_-_YQ==", "-_-_YQ", "+/+/YQ==\n", "-_-_YQ\r\n"};
    ajr_secret_t out;
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        assert_null(
            decode(&out, ajr_bytes_of(good[i]), AJR_ENCODING_BASE64, *state));
        assert_bytes(out.bytes, BYTES("\xfb\xff\xbf\x61"));
        assert_null(out.warning);
    }
    assert_null(decode(&out, BYTES("YWI="), AJR_ENCODING_BASE64, *state));
    assert_bytes(out.bytes, BYTES("ab"));
}

static void base64_that_does_not_fit_is_refused(void **state)
{
    static const char *const bad[] = {
        "",       "\n",    "=",           "====",           "Y",
        "YQ=",    "YQ===", "YWI==",       "YWJj=",          "YR==",
        "YQ==YQ", "+/-_",  "YQ= =",       "Y Q==",          "YWJj\nYWJj",
        " YWJj",  "YWJj ", "base64:YWJj", "correct-horse!", "YQ\n\n",
    };
    ajr_secret_t out;
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_non_null(
            decode(&out, ajr_bytes_of(bad[i]), AJR_ENCODING_BASE64, *state));
    }
}

static void hex_takes_either_case_and_nothing_else(void **state)
{
    static const char *const bad[] = {"",      "\n",  "0",    "00f",
                                      "0x00",  "00 ", "0g",   "g0",
                                      "00:ff", "0 0", "\n00", "00\n\n"};
    ajr_bytes_t half = {(const unsigned char *)"00ff", 3};
    ajr_secret_t out;
    size_t i;

    assert_null(decode(&out, BYTES("00fFaB7f"), AJR_ENCODING_HEX, *state));
    assert_bytes(out.bytes, BYTES("\x00\xff\xab\x7f"));
    assert_null(decode(&out, BYTES("00ff\r\n"), AJR_ENCODING_HEX, *state));
    assert_bytes(out.bytes, BYTES("\x00\xff"));
    for (i = 0; i < COUNT(bad); i++) {
        assert_non_null(
            decode(&out, ajr_bytes_of(bad[i]), AJR_ENCODING_HEX, *state));
    }
    assert_non_null(decode(&out, half, AJR_ENCODING_HEX, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_file_is_read_byte_by_byte),
        UNIT_TEST(a_file_that_everybody_can_read_is_warned_of),
        UNIT_TEST(a_file_that_is_missing_empty_or_no_file_is_refused),
        UNIT_TEST(a_file_that_cannot_be_read_is_refused),
        UNIT_TEST(a_file_beyond_64_kib_is_refused),
        UNIT_TEST(an_environment_variable_is_taken_as_it_is),
        UNIT_TEST(a_secret_in_place_of_its_source_is_not_repeated),
        UNIT_TEST(dotenv_reads_what_laravel_reads),
        UNIT_TEST(dotenv_refuses_rather_than_guesses),
        UNIT_TEST(dotenv_with_nuls_is_refused_or_read_as_bytes),
        UNIT_TEST(dotenv_needs_a_path_and_a_name),
        UNIT_TEST(a_secret_is_wiped_with_its_pool),
        UNIT_TEST(raw_loses_one_newline_and_says_so),
        UNIT_TEST(base64_takes_either_alphabet_padded_or_not),
        UNIT_TEST(base64_that_does_not_fit_is_refused),
        UNIT_TEST(hex_takes_either_case_and_nothing_else),
    };

    return cmocka_run_group_tests_name("keysource", tests, make_folder,
                                       remove_folder);
}
