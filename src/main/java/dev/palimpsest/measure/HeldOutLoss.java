package dev.palimpsest.measure;

import dev.palimpsest.data.Example;
import dev.palimpsest.run.BadInput;
import java.util.List;

/** The loss of held-out examples, in nats a label, a half at a time. */
public final class HeldOutLoss {
  private final List<LearnedSample> samples;

  private HeldOutLoss(List<LearnedSample> samples) {
    this.samples = samples;
  }

  /** Of these examples. */
  public static HeldOutLoss of(List<Example> examples) {
    return new HeldOutLoss(LearnedSample.of(examples));
  }

  /**
   * The loss of both sides on a half; more is worse.
   *
   * @throws BadInput if the half is empty
   */
  public Outcome measure(Half half, Measurement measurement, TunedModel before, TunedModel after) {
    List<LearnedSample> own = samples.stream().filter(each -> half.holds(each.id())).toList();
    if (own.isEmpty()) {
      throw new BadInput(
          samples.size() + " held-out rows all fall into one half: hold out more, or give --gain");
    }
    SampleScores scores = new SampleScores(measurement.store(), measurement.progress());
    List<SampleScores.Score> first = scores.of(own, before, "held-out loss, before");
    List<SampleScores.Score> second = scores.of(own, after, "held-out loss, after");
    double[] labels = first.stream().mapToDouble(SampleScores.Score::labels).toArray();
    return Outcome.Bits.of(
        first.stream().mapToDouble(SampleScores.Score::nats).toArray(),
        labels,
        second.stream().mapToDouble(SampleScores.Score::nats).toArray(),
        labels);
  }
}
