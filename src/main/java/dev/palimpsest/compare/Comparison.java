package dev.palimpsest.compare;

import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.tune.Tuner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * What a bake-off came to.
 *
 * @param arms in the plan's order
 */
public record Comparison(Plan plan, List<Arm> arms) {
  private static final double HOUR = 3600;
  private static final int ANSWERS = 1000;

  /** Copies the list. */
  public Comparison {
    arms = List.copyOf(arms);
  }

  /**
   * One run of an arm.
   *
   * @param seed of one that trains
   * @param ledger the reference before, this run after; its divergence is from the base
   * @param speed if a probe asks for answers
   * @param training what it took
   */
  public record Run(
      OptionalLong seed, Ledger ledger, Optional<Speed> speed, Optional<Tuner.Result> training) {}

  /**
   * An arm and its runs, one for each seed.
   *
   * @param runs at least one
   */
  public record Arm(Plan.Arm asked, List<Run> runs) {
    /** Copies the list. */
    public Arm {
      runs = List.copyOf(runs);
    }

    public String name() {
      return asked.name();
    }

    /** How far its weights lie from the base's; empty if they are the base's. */
    public Optional<Drift> drift() {
      List<Divergence> along =
          runs.stream().flatMap(run -> run.ledger().divergence().stream()).toList();
      return along.size() < runs.size() ? Optional.empty() : Optional.of(Drift.of(along));
    }

    /** How it does on each probe that was put to it. */
    public List<Standing> standings() {
      int probes = runs.getFirst().ledger().probes().size();
      return IntStream.range(0, probes).mapToObj(this::standing).toList();
    }

    /** How it does on a probe, if that was put to it. */
    Optional<Standing> standing(String probe) {
      List<ProbeResult> probes = runs.getFirst().ledger().probes();
      return IntStream.range(0, probes.size())
          .filter(i -> probes.get(i).probe().name().equals(probe))
          .mapToObj(this::standing)
          .findFirst();
    }

    private Standing standing(int probe) {
      return Standing.of(runs.stream().map(run -> run.ledger().probes().get(probe)).toList());
    }

    /** How fast its first run is. */
    public Optional<Speed> speed() {
      return runs.getFirst().speed();
    }

    /** Seconds of one training, on average; 0 for none. */
    public double trainingSeconds() {
      return runs.stream()
          .mapToDouble(run -> run.training().map(Tuner.Result::seconds).orElse(0.0))
          .average()
          .orElse(0);
    }

    /** The mean score over the probes of a kind: more is better. */
    OptionalDouble score(ProbeKind kind) {
      return standings().stream()
          .filter(standing -> standing.probe().kind() == kind)
          .mapToDouble(Standing::score)
          .average();
    }
  }

  /**
   * What an arm costs.
   *
   * @param training once
   * @param perThousand answers
   * @param breakEven answers after which training has paid against the reference; empty if never
   */
  public record Cost(double training, double perThousand, OptionalDouble breakEven) {}

  /** What an arm costs, where the plan has a price and a probe asks for answers. */
  public Optional<Cost> cost(Arm arm) {
    boolean elsewhere = arm.asked().change() instanceof Plan.Change.Remote;
    if (plan.price().isEmpty() || arm.speed().isEmpty() || elsewhere) {
      return Optional.empty();
    }
    double second = plan.price().getAsDouble() / HOUR;
    double training = arm.trainingSeconds() * second;
    double each = arm.speed().get().secondsPerAnswer() * second;
    double saved =
        reference().speed().map(speed -> speed.secondsPerAnswer() * second - each).orElse(0.0);
    return Optional.of(
        new Cost(
            training,
            ANSWERS * each,
            training > 0 && saved > 0
                ? OptionalDouble.of(Math.ceil(training / saved))
                : OptionalDouble.empty()));
  }

  /** The arm that others are told against. */
  public Arm reference() {
    return arms.stream()
        .filter(arm -> arm.name().equals(plan.reference()))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Names of the arms that no other beats or equals in gain, retention and time of an answer while
   * it is better in one: by their point estimates, which intervals may not tell apart. An endpoint
   * that not all probes could be put to is left out.
   */
  public List<String> front() {
    int probes = reference().standings().size();
    List<Arm> whole = arms.stream().filter(arm -> arm.standings().size() == probes).toList();
    List<double[]> goods = whole.stream().map(Comparison::goods).toList();
    List<String> front = new ArrayList<>();
    for (int i = 0; i < whole.size(); i++) {
      double[] own = goods.get(i);
      if (goods.stream().noneMatch(one -> dominates(one, own))) {
        front.add(whole.get(i).name());
      }
    }
    return front;
  }

  private static double[] goods(Arm arm) {
    return new double[] {
      arm.score(ProbeKind.GAIN).orElse(0),
      arm.score(ProbeKind.RETENTION).orElse(0),
      -arm.speed().map(Speed::secondsPerAnswer).orElse(0.0)
    };
  }

  static boolean dominates(double[] one, double[] other) {
    boolean better = false;
    for (int i = 0; i < one.length; i++) {
      if (one[i] < other[i]) {
        return false;
      }
      better |= one[i] > other[i];
    }
    return better;
  }
}
