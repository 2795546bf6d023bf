package dev.palimpsest.measure;

import dev.palimpsest.data.Example;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Scores a run's training samples in each of its states. */
public final class SampleScores {
  private static final int CHUNK = 64;

  private final Recall<Score> recall;

  SampleScores(ObservationStore store, Progress progress) {
    this.recall = Recall.of(store, progress, Score.class);
  }

  /**
   * A sample in one state.
   *
   * @param nats over its labels
   * @param top labels that are the likeliest token
   */
  record Score(double nats, int labels, int top) {
    private static Score of(LearnedSample sample, List<Scorer.Scores> parts) {
      double nats = 0;
      int labels = 0;
      int top = 0;
      for (Scorer.Scores part : parts) {
        nats -= part.logprob();
        labels += part.top().length;
        for (boolean each : part.top()) {
          top += each ? 1 : 0;
        }
      }
      if (!Double.isFinite(nats)) {
        throw new BadInput(
            "sample " + sample.id() + ": its loss is " + nats + "; the weights are damaged");
      }
      return new Score(nats, labels, top);
    }
  }

  /**
   * Scores every sample in every state; what the store knows is not scored again.
   *
   * @param store of earlier measurements
   */
  public static SampleTrajectories measure(RunStates states, Path store, Progress progress) {
    List<LearnedSample> samples = LearnedSample.of(states.learned());
    try (ObservationStore known = ObservationStore.open(store)) {
      SampleScores scores = new SampleScores(known, progress);
      List<List<Score>> byState = new ArrayList<>();
      for (RunState state : states.all()) {
        byState.add(
            states.in(state, model -> scores.of(samples, model, "samples, " + state.name())));
      }
      return new SampleTrajectories(
          states.model(),
          states.data(),
          states.all(),
          states.unread(),
          IntStream.range(0, samples.size())
              .mapToObj(i -> trajectory(samples.get(i).id(), i, byState))
              .toList());
    }
  }

  /**
   * Scores samples.
   *
   * @param task as the progress tells it
   */
  List<Score> of(List<LearnedSample> samples, TunedModel model, String task) {
    SubjectKey key = model.key();
    return recall.observe(
        new Recall.Task(task, "samples", CHUNK),
        samples.stream().map(s -> new Recall.Keyed<>(s.key(key), s)).toList(),
        () -> chunk -> scored(chunk, new Scorer(model.decoder(), Progress.none())));
  }

  private static List<Score> scored(List<LearnedSample> chunk, Scorer scorer) {
    List<Example> examples = chunk.stream().flatMap(s -> s.parts().stream()).toList();
    List<Scorer.Scores> found = scorer.score(examples);
    List<Score> scores = new ArrayList<>(chunk.size());
    int at = 0;
    for (LearnedSample sample : chunk) {
      scores.add(Score.of(sample, found.subList(at, at + sample.parts().size())));
      at += sample.parts().size();
    }
    return scores;
  }

  private static Trajectory trajectory(String id, int index, List<List<Score>> byState) {
    List<Score> own = byState.stream().map(scores -> scores.get(index)).toList();
    int labels = own.getFirst().labels();
    return new Trajectory(
        id,
        labels,
        own.stream().map(each -> new Trajectory.At(each.nats() / labels, each.top())).toList());
  }
}
