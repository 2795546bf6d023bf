package dev.palimpsest;

import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A request for a ledger, put together by one thread: each method changes and returns it, {@link
 * #measure} does the work. A probe is a file of JSON lines: {@code prompt} and {@code completion}
 * (graded by the greedy answer), with {@code choices} (by likelihood), or {@code text} (bits a
 * byte).
 */
public final class Probing {
  private final Arm before;
  private final Arm after;
  private final List<Consumer<List<Probe>>> probes = new ArrayList<>();
  private int maxTokens = LedgerJob.MAX_TOKENS;
  private int texts = LedgerJob.TEXTS;

  Probing(Arm before, Arm after) {
    this.before = before;
    this.after = after;
  }

  /**
   * Adds a probe that the change was not meant to move.
   *
   * @param file JSON lines; the probe is named after its stem
   * @return this request
   */
  public Probing retention(Path file) {
    probes.add(all -> all.add(new ProbeReader().read(file, ProbeKind.RETENTION)));
    return this;
  }

  /**
   * Adds a probe that the change was meant to raise.
   *
   * @param file JSON lines of held-out items; the probe is named after its stem
   * @return this request
   */
  public Probing gain(Path file) {
    probes.add(all -> all.add(new ProbeReader().read(file, ProbeKind.GAIN)));
    return this;
  }

  /**
   * Adds the five retention probes that come with the program: arithmetic, knowledge, grammar, word
   * senses and common sense, 597 items with choices.
   *
   * @return this request
   */
  public Probing builtIn() {
    Path folder = before.loaded().settings().cache().resolve("probes");
    probes.add(all -> all.addAll(BuiltInProbes.in(folder)));
    return this;
  }

  /**
   * Limits the answers.
   *
   * @param count of an answer's tokens at most; 64 if nothing is said
   * @return this request
   */
  public Probing maxTokens(int count) {
    maxTokens = count;
    return this;
  }

  /**
   * Chooses how many texts the first side writes by itself, to measure the divergence along.
   *
   * @param count 0 for none; 64 if nothing is said
   * @return this request
   */
  public Probing texts(int count) {
    texts = count;
    return this;
  }

  /**
   * Puts every probe to both sides. What the cache knows from earlier is not asked again.
   *
   * @return the paired record
   * @throws dev.palimpsest.run.BadInput if a probe cannot be read or graded, or two have one name
   * @throws dev.palimpsest.run.EnvironmentFailure if the cache cannot be written
   */
  public Ledger measure() {
    return new Ledger(before.ledger(after, this::job));
  }

  private LedgerJob job() {
    List<Probe> read = new ArrayList<>();
    probes.forEach(probe -> probe.accept(read));
    return new LedgerJob(read, maxTokens, texts, LedgerJob.TEXT_TOKENS, 0);
  }
}
