/*
 * libarchive, loaded when first needed. Files that include this call the functions by their own names, once
 * ctd_libarchive_load has succeeded: whoever has an archive needn't ask.
 */
#ifndef CTD_CLIENT_LIBARCHIVE_H
#define CTD_CLIENT_LIBARCHIVE_H

#include "base/library.h"
#include <archive.h>
#include <archive_entry.h>

#define CTD_LIBARCHIVE_FUNCTIONS(F)                                                                                    \
  F(archive_entry_filetype)                                                                                            \
  F(archive_entry_free)                                                                                                \
  F(archive_entry_hardlink)                                                                                            \
  F(archive_entry_new)                                                                                                 \
  F(archive_entry_pathname)                                                                                            \
  F(archive_entry_pathname_utf8)                                                                                       \
  F(archive_entry_set_filetype)                                                                                        \
  F(archive_entry_set_mtime)                                                                                           \
  F(archive_entry_set_pathname)                                                                                        \
  F(archive_entry_set_perm)                                                                                            \
  F(archive_entry_set_size)                                                                                            \
  F(archive_entry_size)                                                                                                \
  F(archive_entry_symlink)                                                                                             \
  F(archive_entry_symlink_utf8)                                                                                        \
  F(archive_error_string)                                                                                              \
  F(archive_read_data)                                                                                                 \
  F(archive_read_free)                                                                                                 \
  F(archive_read_new)                                                                                                  \
  F(archive_read_next_header)                                                                                          \
  F(archive_read_open)                                                                                                 \
  F(archive_read_support_filter_gzip)                                                                                  \
  F(archive_read_support_filter_zstd)                                                                                  \
  F(archive_read_support_format_tar)                                                                                   \
  F(archive_set_error)                                                                                                 \
  F(archive_write_close)                                                                                               \
  F(archive_write_data)                                                                                                \
  F(archive_write_free)                                                                                                \
  F(archive_write_header)                                                                                              \
  F(archive_write_new)                                                                                                 \
  F(archive_write_open)                                                                                                \
  F(archive_write_set_bytes_in_last_block)                                                                             \
  F(archive_write_set_bytes_per_block)                                                                                 \
  F(archive_write_set_format_pax_restricted)

extern struct ctd_libarchive { CTD_LIBARCHIVE_FUNCTIONS(CTD_LIBRARY_POINTER) } ctd_libarchive;

/* As ctd_library_load. */
int ctd_libarchive_load(struct ctd_error *err);

#define archive_entry_filetype ctd_libarchive.archive_entry_filetype
#define archive_entry_free ctd_libarchive.archive_entry_free
#define archive_entry_hardlink ctd_libarchive.archive_entry_hardlink
#define archive_entry_new ctd_libarchive.archive_entry_new
#define archive_entry_pathname ctd_libarchive.archive_entry_pathname
#define archive_entry_pathname_utf8 ctd_libarchive.archive_entry_pathname_utf8
#define archive_entry_set_filetype ctd_libarchive.archive_entry_set_filetype
#define archive_entry_set_mtime ctd_libarchive.archive_entry_set_mtime
#define archive_entry_set_pathname ctd_libarchive.archive_entry_set_pathname
#define archive_entry_set_perm ctd_libarchive.archive_entry_set_perm
#define archive_entry_set_size ctd_libarchive.archive_entry_set_size
#define archive_entry_size ctd_libarchive.archive_entry_size
#define archive_entry_symlink ctd_libarchive.archive_entry_symlink
#define archive_entry_symlink_utf8 ctd_libarchive.archive_entry_symlink_utf8
#define archive_error_string ctd_libarchive.archive_error_string
#define archive_read_data ctd_libarchive.archive_read_data
#define archive_read_free ctd_libarchive.archive_read_free
#define archive_read_new ctd_libarchive.archive_read_new
#define archive_read_next_header ctd_libarchive.archive_read_next_header
#define archive_read_open ctd_libarchive.archive_read_open
#define archive_read_support_filter_gzip ctd_libarchive.archive_read_support_filter_gzip
#define archive_read_support_filter_zstd ctd_libarchive.archive_read_support_filter_zstd
#define archive_read_support_format_tar ctd_libarchive.archive_read_support_format_tar
#define archive_set_error ctd_libarchive.archive_set_error
#define archive_write_close ctd_libarchive.archive_write_close
#define archive_write_data ctd_libarchive.archive_write_data
#define archive_write_free ctd_libarchive.archive_write_free
#define archive_write_header ctd_libarchive.archive_write_header
#define archive_write_new ctd_libarchive.archive_write_new
#define archive_write_open ctd_libarchive.archive_write_open
#define archive_write_set_bytes_in_last_block ctd_libarchive.archive_write_set_bytes_in_last_block
#define archive_write_set_bytes_per_block ctd_libarchive.archive_write_set_bytes_per_block
#define archive_write_set_format_pax_restricted ctd_libarchive.archive_write_set_format_pax_restricted

#endif
