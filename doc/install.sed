# SPDX-License-Identifier: GPL-2.0-only
#
# install.sed - make the links of a document fit the directory that it is installed in
#
# All documents are in one directory there, PREFIX/share/doc/ksplice; those for
# contributors are not installed.
/^- \[HACKING\.md\]/,/^- /{/^- \[CHANGELOG/!d}
/^- \[kernel-patches\]/d
s|\[doc/ksplice-update\.pod\]|[ksplice-update(5)]|g
s|(doc/ksplice-update\.pod)|(../../man/man5/ksplice-update.5)|g
s|\[doc/|[|g
s|](doc/|](|g
s|](\.\./ksplice-patch/|](../../../lib/ksplice/ksplice-patch/|g
