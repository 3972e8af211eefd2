/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include "wiped.h"

static const char *status_text(const char *what, apr_status_t status,
                               apr_pool_t *pool)
{
    char buffer[120];

    return apr_psprintf(pool, "%s (%s)", what,
                        apr_strerror(status, buffer, sizeof(buffer)));
}

static const char *read_open(ajr_file_t *out, apr_file_t *file,
                             apr_pool_t *pool)
{
    apr_status_t status;

    out->data = ajr_wiped_alloc(AJR_FILE_MAX + 1, pool);
    status = apr_file_read_full(file, out->data, AJR_FILE_MAX + 1, &out->len);
    apr_file_close(file);
    if (status != APR_SUCCESS && status != APR_EOF) {
        return status_text("cannot be read", status, pool);
    }
    return out->len <= AJR_FILE_MAX ? NULL
                                    : "is larger than 64 KiB; is it the "
                                      "right file?";
}

const char *ajr_file_read(ajr_file_t *out, const char *path, const char *root,
                          apr_pool_t *pool)
{
    static const ajr_file_t nothing = {NULL, 0, false, false};
    char *full = NULL;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t status = apr_filepath_merge(&full, root, path, 0, pool);

    *out = nothing;
    if (status != APR_SUCCESS) {
        return status_text("is no usable path", status, pool);
    }
    status = apr_stat(&info, full, APR_FINFO_TYPE | APR_FINFO_PROT, pool);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE) {
        return status_text("cannot be found; check the path", status, pool);
    }
    /* Before it is opened: opening a pipe would wait for its writer. */
    if (info.filetype != APR_REG) {
        return "is not a regular file; name the file itself";
    }
    out->exposed = (info.protection & APR_FPROT_WREAD) != 0;
    out->forgeable = (info.protection & APR_FPROT_WWRITE) != 0;
    status =
        apr_file_open(&file, full, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);
    if (status != APR_SUCCESS) {
        return status_text("cannot be opened; check its owner and mode", status,
                           pool);
    }
    return read_open(out, file, pool);
}
