/**
 * Palimpsest for Java programs: load a model, tune it, score and generate with it, and keep the
 * ledger of what was gained and what was overwritten. This package is all that is promised to stay;
 * the packages below it are not.
 *
 * <p>{@link dev.palimpsest.Data}, {@link dev.palimpsest.Decoding} and {@link
 * dev.palimpsest.Settings} are values: their methods return another one. {@link
 * dev.palimpsest.Tuning} and {@link dev.palimpsest.Probing} are requests that one thread puts
 * together: their methods change and return them, and nothing happens before the last one ({@code
 * to}, {@code measure}). {@link dev.palimpsest.Model} and {@link dev.palimpsest.Tuned} may be
 * shared by any threads, virtual ones too.
 *
 * <p>What fails, fails with one of these, all unchecked, each with a message of one line that says
 * what, where and what to do; settings have the names there that the command line gives them:
 *
 * <ul>
 *   <li>{@link dev.palimpsest.run.BadInput}: a file, a name or a setting is wrong; nothing was
 *       written;
 *   <li>{@link java.lang.IllegalArgumentException}: a setting lies outside its range;
 *   <li>{@link dev.palimpsest.run.EnvironmentFailure}: disk, network, a lock that is held;
 *   <li>{@link dev.palimpsest.tune.Diverged}: training left the finite numbers;
 *   <li>{@link java.lang.IllegalStateException}: the model is closed, or is called by a listener of
 *       its own;
 *   <li>{@link java.lang.OutOfMemoryError}: memory ran out, Java's own or the matrices'.
 * </ul>
 */
@NullMarked
package dev.palimpsest;

import org.jspecify.annotations.NullMarked;
