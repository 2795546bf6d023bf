/** Arms, plans, studies and the demonstration's tasks. Level 6. */
@NullMarked
package dev.palimpsest.compare;

import org.jspecify.annotations.NullMarked;
