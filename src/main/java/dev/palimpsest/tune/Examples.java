package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import java.util.List;

/** What is trained on: the same examples for the same step, whoever asks and whenever. */
public interface Examples {
  /** How many there are. */
  int size();

  /**
   * The examples of one step; past the end of the data a new epoch begins.
   *
   * @param step from 0
   * @param count examples a step
   */
  List<Example> batch(long step, int count);
}
