/** What a change is, in the matrices. Level 3. */
@NullMarked
package dev.palimpsest.inspect;

import org.jspecify.annotations.NullMarked;
