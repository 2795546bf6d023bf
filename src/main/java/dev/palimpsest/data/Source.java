package dev.palimpsest.data;

import java.util.List;

/** Training items by index; the same index and epoch give the same examples always. */
public interface Source {
  /** How many items an epoch has. */
  int size();

  /** The examples of one item: one for a row of data, several for a piece of joined text. */
  List<Example> at(int index, int epoch);

  /** Examples that are there already, one an item. */
  static Source of(List<Example> examples) {
    return new Source() {
      @Override
      public int size() {
        return examples.size();
      }

      @Override
      public List<Example> at(int index, int epoch) {
        return List.of(examples.get(index));
      }
    };
  }

  /** The rows of a data set, encoded when they are asked for. */
  static Source of(Dataset data, Encoder encoder) {
    return new Source() {
      @Override
      public int size() {
        return data.size();
      }

      @Override
      public List<Example> at(int index, int epoch) {
        return List.of(encoder.example(data.sample(index)));
      }
    };
  }
}
