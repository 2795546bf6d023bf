package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import java.util.List;

/**
 * A task's items with some of another set among them: replay. An epoch holds every item of the task
 * once and a fixed number of replayed ones, other ones in every epoch until all have had their
 * turn.
 */
public final class Mixing implements Source {
  private final Source task;
  private final Source replay;
  private final int replayed;
  private final Order draws;

  private Mixing(Source task, Source replay, int replayed, long seed) {
    this.task = task;
    this.replay = replay;
    this.replayed = replayed;
    // an epoch of the mix takes its replayed items in shuffled order, from all of these epochs
    int epochs = Math.ceilDiv(replayed, replay.size()) + 1;
    this.draws = new Order(Hashes.mix(~seed), replay.size(), epochs);
  }

  /**
   * A mix in which {@code percent} of the items are replayed.
   *
   * @param percent from 0 to below 100
   */
  public static Mixing byItems(Source task, Source replay, double percent, long seed) {
    return new Mixing(task, replay, replayed(task.size(), percent), seed);
  }

  /** A mix in which about {@code percent} of the tokens are replayed; encodes both sets once. */
  public static Mixing byTokens(Source task, Source replay, double percent, long seed) {
    double meanReplay = (double) tokens(replay) / replay.size();
    return new Mixing(task, replay, count((double) tokens(task), meanReplay, percent), seed);
  }

  /** How many items are replayed beside so many, where that is {@code percent} of all. */
  public static int replayed(int items, double percent) {
    return count(items, 1, percent);
  }

  /** A dose that is asked for is never none. */
  private static int count(double amount, double each, double percent) {
    if (!(percent >= 0 && percent < 100)) {
      throw new BadInput("a replay dose of " + percent + " %: give 0 or more and less than 100");
    }
    int whole = Math.toIntExact(Math.round(amount * percent / (100 - percent) / each));
    return percent > 0 ? Math.max(1, whole) : 0;
  }

  private static long tokens(Source source) {
    long tokens = 0;
    for (int i = 0; i < source.size(); i++) {
      for (Example example : source.at(i, 0)) {
        tokens += example.length();
      }
    }
    return tokens;
  }

  /** How many of an epoch's items are replayed. */
  public int replayed() {
    return replayed;
  }

  @Override
  public int size() {
    return Math.addExact(task.size(), replayed);
  }

  @Override
  public List<Example> at(int index, int epoch) {
    if (index < task.size()) {
      return task.at(index, epoch);
    }
    long draw = (long) epoch * replayed + (index - task.size());
    return replay.at(draws.batch(draw, 1)[0], draws.epoch(draw, 1)).stream()
        .map(Example::replayed)
        .toList();
  }
}
