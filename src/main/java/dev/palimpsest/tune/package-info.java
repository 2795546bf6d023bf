/** One training loop; objectives and regularisers are small functions plugged into it. Level 3. */
@NullMarked
package dev.palimpsest.tune;

import org.jspecify.annotations.NullMarked;
