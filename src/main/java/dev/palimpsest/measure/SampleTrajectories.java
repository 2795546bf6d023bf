package dev.palimpsest.measure;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Every training sample of a run over its states.
 *
 * @param model the base, as the run's record names it
 * @param data the file that the samples are of
 * @param states the base first, the end last
 * @param unread steps of checkpoints that are no states: past the product, or without an adapter
 * @param samples in the order of the run's data; each has one entry a state
 */
public record SampleTrajectories(
    String model, String data, List<RunState> states, List<Long> unread, List<Trajectory> samples) {
  /** Copies the lists and checks that they fit together. */
  public SampleTrajectories {
    states = List.copyOf(states);
    unread = List.copyOf(unread);
    samples = List.copyOf(samples);
    for (Trajectory sample : samples) {
      if (sample.states().size() != states.size()) {
        throw new IllegalArgumentException(
            "sample %s has %d states, the run %d"
                .formatted(sample.id(), sample.states().size(), states.size()));
      }
    }
  }

  /** How many samples there are of each kind; all kinds are there. */
  public Map<Trajectory.Kind, Integer> kinds() {
    Map<Trajectory.Kind, Integer> counts = new EnumMap<>(Trajectory.Kind.class);
    for (Trajectory.Kind kind : Trajectory.Kind.values()) {
      counts.put(kind, 0);
    }
    samples.forEach(sample -> counts.merge(sample.kind(), 1, Integer::sum));
    return counts;
  }

  /** Labels of all samples. */
  public long labels() {
    return samples.stream().mapToLong(Trajectory::labels).sum();
  }

  /** Mean nats a label over all samples in a state. */
  public double loss(int state) {
    double nats =
        samples.stream().mapToDouble(s -> s.states().get(state).loss() * s.labels()).sum();
    return nats / labels();
  }

  /** Samples that are right in a state. */
  public int right(int state) {
    return (int) samples.stream().filter(sample -> sample.right(state)).count();
  }

  /** Share of all labels that are the likeliest token in a state. */
  public double topShare(int state) {
    return samples.stream().mapToLong(s -> s.states().get(state).top()).sum() / (double) labels();
  }

  /** Samples that training left worse, the highest rise first. */
  public List<Trajectory> rose() {
    return samples.stream()
        .filter(Trajectory::rose)
        .sorted(Comparator.comparingDouble(Trajectory::rise).reversed())
        .toList();
  }

  /** The samples with the highest mean loss over the states after the base, that first. */
  public List<Trajectory> hardest(int most) {
    return samples.stream()
        .sorted(Comparator.comparingDouble(Trajectory::meanLoss).reversed())
        .limit(most)
        .toList();
  }
}
