# SPDX-License-Identifier: GPL-2.0-only
#
# Sample.pm - the figures of a measurement that was made several times

package Sample;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use List::Util ();

our @EXPORT_OK = qw(least median);

# Of numbers, one at least.  Of an even number of them the median is the greater
# one of the two in the middle.
sub least (@values)  { return List::Util::min(@values) }
sub median (@values) { return (sort { $a <=> $b } @values)[@values / 2] }

1;
